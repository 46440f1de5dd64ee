"""Who sees what everybody can do, and who reviews it."""

from django.shortcuts import get_object_or_404

from accounts.access import require_role
from accounts.models import Role, User
from governance.entitlements.models import AccessReview

REVIEWERS = (Role.ADMINISTRATOR, Role.COMPLIANCE_OFFICER)


def refuse_unless_reader(user: User) -> None:
    """Raises NotAllowed."""
    require_role(user, *REVIEWERS, Role.AUDITOR, to="see who can do what")


def refuse_unless_reviewer(user: User) -> None:
    """Raises NotAllowed."""
    require_role(user, *REVIEWERS, to="review who can do what")


def review_for_reader(user: User, pk: int) -> AccessReview:
    """The review. Raises NotAllowed, Http404."""
    refuse_unless_reader(user)
    return _review(pk)


def review_for_reviewer(user: User, pk: int) -> AccessReview:
    """The review, to decide in it. Raises NotAllowed, Http404."""
    refuse_unless_reviewer(user)
    return _review(pk)


def _review(pk: int) -> AccessReview:
    return get_object_or_404(AccessReview.objects.select_related("started_by", "finished_by"), pk=pk)
