"""Who sees and makes rules: administrators."""

from django.shortcuts import get_object_or_404

from accounts.access import require_role
from accounts.models import Role, User
from governance.pipelines.models import TrustRule


def refuse_unless_administrator(user: User) -> None:
    """Raises NotAllowed."""
    require_role(user, Role.ADMINISTRATOR, to="say which pipelines may ask the gate")


def rule_for_administrator(user: User, name: str) -> TrustRule:
    """The rule of this name. Raises NotAllowed, Http404."""
    refuse_unless_administrator(user)
    return get_object_or_404(TrustRule.objects.select_related("created_by"), name=name)
