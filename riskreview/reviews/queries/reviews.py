"""Reviews with their verdicts, as lists show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Role, User
from policy.evidence import SignOffFact, changed
from policy.independence import newest_decisions
from policy.result import RequirementResult
from policy.words import ROLES, a_role, listed
from registry.models import Lifecycle
from registry.sight import seen_by
from riskreview.evidence import VERSION_RELATIONS
from riskreview.judgement import Judged, judge_many, judge_retirement
from riskreview.models import AFRESH, Decision, Delegation, Review, ReviewKind
from riskreview.reviews.eligibility import APPROVALS, Capacity, live_delegations, reasons_why_not

WAITING, CHANGES, REJECTED, APPROVED = "waiting", "changes", "rejected", "approved"
STATES = [
    (WAITING, "Waiting"),
    (CHANGES, "Changes requested"),
    (REJECTED, "Rejected"),
    (APPROVED, "Approved"),
]
SHAPES = {WAITING: "half", CHANGES: "no", REJECTED: "no", APPROVED: "ok"}


@dataclass(frozen=True)
class ReviewFilters:
    """What the address of the list asks for."""

    view: str = "open"
    q: str = ""
    environment: str = ""
    tier: str = ""
    role: str = ""


@dataclass(frozen=True)
class ReviewRow:
    """A review, how it stands and whom it waits for."""

    review: Review
    judged: Judged
    state: str
    missing: tuple[str, ...]
    mine: tuple[str, ...]

    @property
    def tier(self) -> str:
        """The tier that counts, or nothing."""
        return self.judged.verdict.tier or ""

    @property
    def tier_confirmed(self) -> bool:
        """Whether a risk officer stands behind the tier."""
        tier = self.judged.evidence.tier
        return tier is not None and tier.confirmed_by is not None

    @property
    def mine_words(self) -> str:
        """The roles in which the reader may sign, as words."""
        return listed(ROLES[role] for role in self.mine) if self.mine else ""

    @property
    def word(self) -> str:
        """The state in words."""
        return dict(STATES)[self.state]

    @property
    def unmet(self) -> list[RequirementResult]:
        """What the policy asks and does not have."""
        return [item for item in self.judged.verdict.requirements if item.result in ("unsatisfied", "error")]

    @property
    def shape(self) -> str:
        """The shape beside it; a clock where only stale signatures are in the way."""
        stale = self.state == WAITING and self.unmet and all(item.stale for item in self.unmet)
        return "stale" if stale else SHAPES[self.state]

    @property
    def waits_for(self) -> list[str]:
        """Who else has yet to sign, and what else is in the way."""
        if self.state == REJECTED:
            return [f"Withdrawal by {a_role(role)}" for role in vetoing_roles(self.judged)]
        roles = [Role(role).label for role in self.missing if role not in self.mine]
        return roles + [item.title for item in self.unmet if item.kind != "signoff"]

    @property
    def due_on(self) -> date | None:
        """When it falls due; what is approved no longer does."""
        return None if self.state == APPROVED else self.review.due_on


def open_reviews(reader: User) -> list[Review]:
    """Open reviews that the reader may see, of models that are not retired, the earliest due date first."""
    rows = Review.objects.filter(seen_by(reader, "version__model"), closed_at=None).exclude(
        version__model__lifecycle=Lifecycle.RETIRED
    )
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    return list(rows.select_related("opened_by", *related).order_by("due_on", "pk"))


def judged_reviews(reviews: Iterable[Review], *, at: datetime) -> list[tuple[Review, Judged]]:
    """Each review with the verdict of its environment, in a fixed number of queries."""
    rows = list(reviews)
    if not rows:
        return []
    versions = {review.version_id: review.version for review in rows}
    judged = judge_many(list(versions.values()), {review.environment for review in rows}, at=at)
    return [(review, _of(review, judged[review.version_id, review.environment], at)) for review in rows]


def _of(review: Review, judged: Judged, at: datetime) -> Judged:
    return judge_retirement(review, judged, at=at) if review.kind == ReviewKind.RETIREMENT else judged


def missing_roles(judged: Judged, review: Review) -> tuple[str, ...]:
    """The roles whose signature is asked for and not there.

    A periodic or targeted review asks each role anew, although what was signed before still counts at the gate.
    """
    results = {item.id: item.result for item in judged.verdict.requirements}
    unmet = [item for item in judged.asked if results.get(item.id) in ("unsatisfied", "error")]
    if review.kind in AFRESH:
        unmet = [
            item for item in judged.asked if item in unmet or given_in(judged, review, item.role) < item.count
        ]
    return tuple(item.role for item in unmet)


def given_in(judged: Judged, review: Review, role: str) -> int:
    """How many people of a role approved in this very review."""
    return len(
        {
            fact.signer
            for fact in newest_decisions(judged.evidence.signoffs)
            if (fact.review, fact.role) == (review.pk, role) and fact.decision in APPROVALS
        }
    )


def is_complete(judged: Judged, review: Review) -> bool:
    """Whether the review has all that it asks for."""
    return judged.meets_policy and not missing_roles(judged, review)


def vetoing_roles(judged: Judged) -> list[str]:
    """The roles whose rejection stands."""
    facts = judged.evidence.signoffs
    return list(
        dict.fromkeys(row.role for row in facts if row.decision == Decision.REJECT and not row.withdrawn)
    )


def may_answer(
    judged: Judged, username: str, role: str, *, at: datetime, delegations: Iterable[Delegation] = ()
) -> Capacity | None:
    """In what capacity a signature of this person in this role would move the review on; None: in none."""
    if vetoing_roles(judged):
        return None
    possible = [Capacity(role), *(Capacity(role, row.holder) for row in delegations if row.role == role)]
    for item in possible:
        if not reasons_why_not(judged, username, role, at=at, acting_for=item.acting_for):
            return item
    return None


def state_of(judged: Judged, review: Review) -> str:
    """Where a review stands: what was said last and still stands, else whether anything is missing."""
    if vetoing_roles(judged):
        return REJECTED
    if is_complete(judged, review):
        return APPROVED
    return CHANGES if requests_for_changes(judged, review) else WAITING


def requests_for_changes(judged: Judged, review: Review) -> list[SignOffFact]:
    """Requests that nobody answered yet: a new round answers those that came before it."""
    return [
        fact
        for fact in newest_decisions(judged.evidence.signoffs)
        if fact.decision == Decision.REQUEST_CHANGES and fact.signed_at >= review.last_asked_at
    ]


def may_move(
    mine: SignOffFact, judged: Judged, review: Review, *, at: datetime, survives: Iterable[str] = ()
) -> bool:
    """Whether what the person said no longer answers what is asked now.

    The evidence moved, its time ran out, its request for changes was answered, or another review asks anew.
    """
    if mine.decision == Decision.REJECT:
        return False
    expired = mine.expires_at is not None and mine.expires_at <= at
    answered = mine.decision == Decision.REQUEST_CHANGES and mine.signed_at < review.last_asked_at
    anew = review.kind in AFRESH and mine.review != review.pk
    return expired or answered or anew or bool({*changed(mine.components, judged.components)} - {*survives})


def review_rows(*, user: User, at: datetime) -> list[ReviewRow]:
    """Every review, the earliest due first and approved ones last, in a fixed number of queries."""
    rows = []
    lent = live_delegations(user, at=at)
    for review, judged in judged_reviews(open_reviews(user), at=at):
        missing = missing_roles(judged, review)
        mine = tuple(
            role for role in missing if may_answer(judged, user.username, role, at=at, delegations=lent)
        )
        rows.append(ReviewRow(review, judged, state_of(judged, review), missing, mine))
    return sorted(rows, key=lambda row: (row.state == APPROVED, row.review.due_on, row.review.pk))


def standing_of(review: Review, judged: Judged) -> ReviewRow:
    """How a review stands for somebody who only waits for it."""
    return ReviewRow(review, judged, state_of(judged, review), missing_roles(judged, review), ())


def in_view(row: ReviewRow, view: str) -> bool:
    """Whether a saved view shows the row."""
    shown = {"open": row.state != APPROVED, "mine": bool(row.mine), "approved": row.state == APPROVED}
    return shown.get(view, True)


def matches(row: ReviewRow, filters: ReviewFilters) -> bool:
    """Whether the filters let the row through."""
    review = row.review
    model = review.version.model
    searched = f"{model.name} {model.slug} v{review.version.version} {review.opened_by.name}".lower()
    return (
        in_view(row, filters.view)
        and all(word in searched for word in filters.q.lower().split())
        and filters.environment in ("", review.environment)
        and filters.tier in ("", row.tier)
        and filters.role in ("", *row.missing)
    )
