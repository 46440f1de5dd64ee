"""Conditions of standing approvals as obligations: who owes what by when, and what waits to be verified."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from accounts.models import User
from registry.access import may_edit
from registry.models import Lifecycle
from registry.sight import seen_by
from riskreview.models import Condition
from riskreview.reviews.conditions import may_meet

VIEWS = [
    ("mine", "Mine"),
    ("overdue", "Overdue"),
    ("open", "Open"),
    ("verify", "To verify"),
    ("done", "Verified"),
    ("all", "All"),
]
OPEN, MET, VERIFIED = "open", "met", "verified"


@dataclass(frozen=True)
class Obligation:
    """A condition with what the reader may do about it."""

    row: Condition
    today: date
    may_meet: bool
    may_verify: bool

    @property
    def state(self) -> str:
        """Open, met as somebody says, or verified."""
        if self.row.verified_at is not None:
            return VERIFIED
        return MET if self.row.met_at is not None else OPEN

    @property
    def overdue(self) -> bool:
        """Whether the approval stopped counting for it."""
        return self.state == OPEN and self.row.due_on < self.today

    @property
    def shape(self) -> str:
        """The shape beside it."""
        return {VERIFIED: "ok", MET: "half", OPEN: "no" if self.overdue else "todo"}[self.state]

    @property
    def word(self) -> str:
        """The state in words."""
        if self.overdue:
            return "Overdue"
        return {VERIFIED: "Verified", MET: "To verify", OPEN: "Open"}[self.state]


def obligations(user: User, view: str, *, at: datetime) -> list[Obligation]:
    """The conditions of a view, the earliest due first."""
    rows = _of_view(_standing(user), user, view, at.date()).order_by("due_on", "pk")
    return [_obligation(row, user, at) for row in rows]


def counts(user: User, *, at: datetime) -> dict[str, int]:
    """How many each view holds."""
    return {view: _of_view(_standing(user), user, view, at.date()).count() for view, _ in VIEWS}


def _standing(reader: User) -> "QuerySet[Condition]":
    seen = seen_by(reader, "signoff__review__version__model")
    rows = Condition.objects.filter(seen, signoff__withdrawn_at=None)
    rows = rows.exclude(signoff__review__version__model__lifecycle=Lifecycle.RETIRED)
    related = ("signoff__signer", "signoff__acting_for", "signoff__review__version__model__owner")
    return rows.select_related("owner", "met_by", "verified_by", *related).prefetch_related(
        "signoff__review__version__model__developers"
    )


def _of_view(rows: "QuerySet[Condition]", user: User, view: str, today: date) -> "QuerySet[Condition]":
    owed = Q(met_at=None)
    own = Q(owner=user) | Q(owner=None, signoff__review__version__model__owner=user)
    wanted = {
        "mine": owed & own,
        "overdue": owed & Q(due_on__lt=today),
        "open": owed,
        "verify": Q(met_at__isnull=False, verified_at=None),
        "done": Q(verified_at__isnull=False),
    }
    return rows.filter(wanted[view]) if view in wanted else rows


def _obligation(row: Condition, user: User, at: datetime) -> Obligation:
    """Whether the reader is independent is judged when they verify; here only their role and part in it."""
    waits = row.met_at is not None and row.verified_at is None
    model = row.signoff.review.version.model
    fits = user.pk == row.signoff.signer_id or row.signoff.role in user.roles
    part = user.pk in (row.met_by_id, row.answers_for_it.pk) or may_edit(user, model)
    return Obligation(
        row=row,
        today=at.date(),
        may_meet=row.met_at is None and may_meet(user, row),
        may_verify=waits and fits and not part,
    )
