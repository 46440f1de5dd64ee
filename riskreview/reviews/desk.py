"""The decision panel of a review: in which role this person may sign, or every reason why not."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Role, User
from policy.evidence import SignOffFact
from policy.words import a_role, span
from riskreview.judgement import Judged
from riskreview.models import Decision, Review, ReviewKind
from riskreview.reviews.eligibility import (
    APPROVALS,
    Bar,
    Capacity,
    asked_of,
    barred,
    capacities,
    live_delegations,
    my_decision,
    statement,
)
from riskreview.reviews.queries.reviews import may_move, missing_roles

NOUNS = {
    Decision.APPROVE: "approval",
    Decision.APPROVE_WITH_CONDITIONS: "approval with conditions",
    Decision.REQUEST_CHANGES: "request for changes",
    Decision.REJECT: "rejection",
}


@dataclass(frozen=True)
class Choice:
    """One of the four decisions, what it leads to, and what the signer says by it."""

    value: str
    label: str
    help: str
    statement: str


@dataclass(frozen=True)
class Desk:
    """What the reader may do here."""

    capacity: Capacity | None
    others: tuple[Capacity, ...]
    bar: Bar | None
    missing: tuple[str, ...]
    asked: bool
    choices: tuple[Choice, ...]
    mine: SignOffFact | None
    settled: bool

    @property
    def role(self) -> str:
        """The role in which the reader signs."""
        return self.capacity.role if self.capacity else ""

    @property
    def may_sign(self) -> bool:
        """Whether the form is shown."""
        return self.capacity is not None

    @property
    def mine_noun(self) -> str:
        """What the person gave before."""
        return NOUNS[Decision(self.mine.decision)] if self.mine else ""


def desk_for(
    review: Review, judged: Judged, user: User, *, wanted: tuple[str, str] = ("", ""), at: datetime
) -> Desk:
    """The desk of this person, in the capacity wanted (role, for whom), else where a signature is missing."""
    free = capacities(judged, user, live_delegations(user, at=at), at=at) if review.is_open else []
    missing = missing_roles(judged, review)
    mine = my_decision(judged, user.username)
    chosen = _chosen(free, wanted, missing)
    return Desk(
        capacity=chosen,
        others=tuple(item for item in free if item != chosen),
        bar=None if chosen else _bar(review, judged, user, at),
        missing=tuple(Role(name).label.lower() for name in missing),
        asked=asked_of(judged, chosen.role) is not None if chosen else False,
        choices=_choices(review, judged, chosen, at) if chosen else (),
        mine=mine,
        settled=mine is not None and not may_move(mine, judged, review, at=at),
    )


def _chosen(free: list[Capacity], wanted: tuple[str, str], missing: tuple[str, ...]) -> Capacity | None:
    for item in free:
        if (item.role, item.acting_for.username if item.acting_for else "") == wanted:
            return item
    return next((item for role in missing for item in free if item.role == role), free[0] if free else None)


def _bar(review: Review, judged: Judged, user: User, at: datetime) -> Bar:
    if review.is_open:
        return barred(judged, user, at=at)
    return Bar((f"This review is closed: {review.closed_reason.rstrip('. ')}.",), ())


def _choices(review: Review, judged: Judged, capacity: Capacity, at: datetime) -> tuple[Choice, ...]:
    role = capacity.role
    prohibited = judged.verdict.tier == "prohibited" and review.kind != ReviewKind.RETIREMENT
    return tuple(
        Choice(
            decision.value,
            decision.label,
            help_text,
            statement(judged, review, capacity, decision.value, at=at),
        )
        for decision, help_text in _helps(review, judged, role).items()
        if not (prohibited and decision in APPROVALS)
    )


def _helps(review: Review, judged: Judged, role: str) -> dict[Decision, str]:
    asked = asked_of(judged, role)
    validity = f"Valid {span(asked.valid_for)} while" if asked and asked.valid_for else "Valid while"
    if review.kind == ReviewKind.INTERIM and review.ends_on:
        validity = f"Ends on {review.ends_on.day} {review.ends_on:%B %Y} at the latest; valid while"
    goes_back = f"Goes back to {review.version.model.owner.name}"
    return {
        Decision.APPROVE: f"{validity} the evidence stands",
        Decision.APPROVE_WITH_CONDITIONS: "A condition that misses its date ends the approval",
        Decision.REQUEST_CHANGES: f"{goes_back}; nothing runs until you sign again",
        Decision.REJECT: f"Stands, whatever changes, until {a_role(role)} withdraws it",
    }
