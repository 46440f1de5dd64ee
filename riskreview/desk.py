"""The decision panel of a review: in which role this person may sign, or every reason why not."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Role, User
from policy.evidence import SignOffFact, changed
from policy.words import ROLES, a_role, span
from riskreview.judgement import Judged
from riskreview.models import Decision, Review
from riskreview.queries.reviews import missing_roles
from riskreview.signing import APPROVALS, Bar, asked_of, barred, eligible_roles, my_decision, statement

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

    role: str
    roles: tuple[str, ...]
    bar: Bar | None
    missing: tuple[str, ...]
    asked: bool
    choices: tuple[Choice, ...]
    mine: SignOffFact | None
    settled: bool

    @property
    def may_sign(self) -> bool:
        """Whether the form is shown."""
        return self.bar is None

    @property
    def mine_noun(self) -> str:
        """What the person gave before."""
        return NOUNS[Decision(self.mine.decision)] if self.mine else ""

    @property
    def other_roles(self) -> list[tuple[str, str]]:
        """The other roles in which the person may sign, with their words."""
        return [(role, ROLES[role]) for role in self.roles if role != self.role]


def desk_for(review: Review, judged: Judged, user: User, *, wanted: str = "", at: datetime) -> Desk:
    """The desk of this person, in the role wanted, else in one whose signature is missing."""
    roles = eligible_roles(judged, user, at=at)
    missing = missing_roles(judged)
    mine = my_decision(judged, user.username)
    role = next((name for name in (wanted, *missing) if name in roles), roles[0] if roles else "")
    return Desk(
        role=role,
        roles=tuple(roles),
        bar=None if role else barred(judged, user, at=at),
        missing=tuple(Role(name).label.lower() for name in missing),
        asked=asked_of(judged, role) is not None,
        choices=_choices(review, judged, role, at) if role else (),
        mine=mine,
        settled=mine is not None and not _may_move(mine, judged, at),
    )


def _may_move(mine: SignOffFact, judged: Judged, at: datetime) -> bool:
    """Whether the evidence is no longer what the decision was bound to, or its time has run out."""
    expired = mine.expires_at is not None and mine.expires_at <= at
    return expired or bool(changed(mine.components, judged.components))


def _choices(review: Review, judged: Judged, role: str, at: datetime) -> tuple[Choice, ...]:
    asked = asked_of(judged, role)
    validity = f"Valid {span(asked.valid_for)} while" if asked and asked.valid_for else "Valid while"
    helps = {
        Decision.APPROVE: f"{validity} the evidence stands",
        Decision.APPROVE_WITH_CONDITIONS: "A condition that misses its date ends the approval",
        Decision.REQUEST_CHANGES: f"Goes back to {review.version.model.owner.name}; nothing runs until you sign again",
        Decision.REJECT: f"Stands, whatever changes, until {a_role(role)} withdraws it",
    }
    prohibited = judged.verdict.tier == "prohibited"
    return tuple(
        Choice(
            decision.value,
            decision.label,
            help_text,
            statement(judged, role, decision.value, subject=str(review.version), at=at),
        )
        for decision, help_text in helps.items()
        if not (prohibited and decision in APPROVALS)
    )
