"""Who sees the wishes: those who ask or decide, and auditors."""

from django.shortcuts import get_object_or_404

from accounts.access import require_role
from accounts.granting.models import RoleWish
from accounts.granting.rules import DECIDERS
from accounts.models import Role, User


def refuse_unless_concerned(user: User) -> None:
    """Raises NotAllowed."""
    require_role(user, *DECIDERS, Role.AUDITOR, to="see who asked for which role")


def wish_for_reader(user: User, pk: int) -> RoleWish:
    """The wish. Raises NotAllowed, Http404."""
    refuse_unless_concerned(user)
    return _wish(pk)


def wish_for_decider(user: User, pk: int) -> RoleWish:
    """The wish, for somebody whose role decides; whether they are a second person, the action says.

    Raises NotAllowed, Http404.
    """
    require_role(user, *DECIDERS, to="decide who holds such a role")
    return _wish(pk)


def _wish(pk: int) -> RoleWish:
    return get_object_or_404(RoleWish.objects.select_related("person", "asked_by", "decided_by"), pk=pk)
