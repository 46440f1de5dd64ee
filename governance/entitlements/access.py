"""Who sees what everybody can do, and who reviews it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from django.shortcuts import get_object_or_404

from accounts.access import require_role
from accounts.models import Role, User
from governance.entitlements.kinds import Entitlement
from governance.entitlements.models import AccessReview, ReviewEntry
from registry.sight import UNSEEN, hidden_from

Row = TypeVar("Row", Entitlement, ReviewEntry)
REVIEWERS = (Role.ADMINISTRATOR, Role.COMPLIANCE_OFFICER)


def refuse_unless_reader(user: User) -> None:
    """Raises NotAllowed."""
    require_role(user, *REVIEWERS, Role.AUDITOR, to="see who can do what")


def refuse_unless_reviewer(user: User) -> None:
    """Raises NotAllowed."""
    require_role(user, *REVIEWERS, to="review who can do what")


def veiled(rows: Iterable[Row], reader: User) -> list[Row]:
    """The entries as the reader may know them: ties to models that they may not see are told without the name."""
    hidden = set(hidden_from(reader).values_list("slug", flat=True))
    return [_veil(row) if _slug(row.name) in hidden else row for row in rows] if hidden else list(rows)


def _slug(name: str) -> str:
    return name.removeprefix("model:").partition("/")[0] if name.startswith("model:") else ""


def _veil(row: Row) -> Row:
    what = f"{row.what.split(' ', 1)[0]} {UNSEEN}"
    if isinstance(row, Entitlement):
        return replace(row, name=f"model:/{row.holder}", what=what)
    row.what = what  # shown only: nobody saves a row of a list
    return row


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
