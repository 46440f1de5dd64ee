"""What waits for a person, and why it is theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Role, User
from evaluations.kinds import FOR_PEOPLE
from evaluations.models import EvaluationRun, JobStatus
from policy.evidence import SignOffFact, changed
from policy.independence import newest_decisions
from policy.result import RequirementResult
from policy.tiering import Tier
from policy.words import ROLES, component, day, listed
from registry.models import Environment, RegisteredModel
from riskreview.judgement import Judged
from riskreview.models import Condition, Decision, Review, TierAssessment
from riskreview.queries.reviews import judged_reviews, may_answer, missing_roles, open_reviews
from riskreview.signing import APPROVALS, signatures_asked

Reviewed = list[tuple[Review, Judged]]
OVERDUE, PRODUCTION, OTHER = 0, 1, 2


@dataclass(frozen=True)
class QueueItem:
    """One thing that waits for a person. Named for partials/queue_row.html; `why` says why it is theirs."""

    kind: str
    shape: str
    title: str
    href: str
    why: SafeString
    action: str
    tier: str = ""
    due: date | None = None
    urgency: int = OTHER

    @property
    def due_on(self) -> date | None:
        """When it falls due."""
        return self.due

    @property
    def url(self) -> str:
        """Where the person acts."""
        return self.href

    @property
    def primary(self) -> bool:
        """Whether its button stands out: overdue work only."""
        return self.urgency == OVERDUE


def queue_for(user: User, at: datetime) -> list[QueueItem]:
    """Everything that waits for this person: overdue, then what blocks production, then by date and tier."""
    mine = _models_of(user)
    reviewed = judged_reviews(open_reviews(), at=at) if mine or user.roles else []
    items = [
        *_signatures(user, reviewed, at),
        *_answers(mine, reviewed, at),
        *_conditions(mine, at),
        *_tiers(user, mine),
        *_failed_runs(mine),
    ]
    return sorted(items, key=_order)


def next_signature(user: User, at: datetime, *, after: Review) -> QueueItem | None:
    """The next review that waits for the person's signature, other than this one."""
    here = reverse("riskreview:review", args=[after.pk])
    waiting = [
        item for item in _signatures(user, judged_reviews(open_reviews(), at=at), at) if item.href != here
    ]
    return min(waiting, key=_order, default=None)


def _order(item: QueueItem) -> tuple[int, date, int, str]:
    weight = Tier(item.tier).order if item.tier else 0
    return item.urgency, item.due or date.max, -weight, item.title


def _urgency(due: date, environment: str, at: datetime) -> int:
    if due < at.date():
        return OVERDUE
    return PRODUCTION if environment == Environment.PRODUCTION else OTHER


def _signatures(user: User, reviewed: Reviewed, at: datetime) -> list[QueueItem]:
    """Signatures that a role of the person owes."""
    found = []
    for review, judged in reviewed:
        missing = missing_roles(judged)
        results = {item.id: item for item in judged.verdict.requirements}
        for requirement in signatures_asked(judged):
            role = requirement.role
            if role not in missing or not may_answer(judged, user.username, role, at=at):
                continue
            mine = _mine(judged, user.username, role)
            if mine is None or _may_move(mine, judged, requirement.survives, at):
                found.append(_signature(review, judged, results[requirement.id], mine, role, at))
                break
    return found


def _mine(judged: Judged, username: str, role: str) -> SignOffFact | None:
    decisions = newest_decisions(judged.evidence.signoffs)
    return next((fact for fact in decisions if (fact.signer, fact.role) == (username, role)), None)


def _may_move(mine: SignOffFact, judged: Judged, survives: Iterable[str], at: datetime) -> bool:
    """Whether what the person said no longer answers what is there now."""
    if mine.decision == Decision.REJECT:
        return False
    expired = mine.expires_at is not None and mine.expires_at <= at
    return expired or bool(set(changed(mine.components, judged.components)) - set(survives))


def _signature(
    review: Review,
    judged: Judged,
    result: RequirementResult,
    mine: SignOffFact | None,
    role: str,
    at: datetime,
) -> QueueItem:
    stale = mine is not None and mine.decision in APPROVALS
    if mine is not None:
        parts = listed(component(name) for name in changed(mine.components, judged.components)) or "time"
        said = "sign-off" if stale else "request for changes"
        why = format_html(
            "Your {} of {} no longer fits: <b>the {} changed</b>.", said, day(mine.signed_at, at), parts
        )
        if parts == "time":
            why = format_html("Your sign-off of {} <b>expired</b>.", day(mine.signed_at, at))
    elif result.stale:
        why = format_html("{} <b>Your role decides again.</b>", result.reason)
    else:
        why = format_html("<b>The {} has not signed.</b> You may.", ROLES[role])
    return QueueItem(
        kind="stale" if stale else "signature",
        shape="stale" if stale or result.stale else "half",
        title=f"{review.version} for {review.environment}",
        href=reverse("riskreview:review", args=[review.pk]),
        why=why,
        action="Review what changed" if mine else "Review",
        tier=judged.verdict.tier or "",
        due=review.due_on,
        urgency=_urgency(review.due_on, review.environment, at),
    )


def _answers(mine: set[int], reviewed: Reviewed, at: datetime) -> list[QueueItem]:
    """What reviewers said about the person's own versions and nobody has answered yet."""
    found = []
    for review, judged in reviewed:
        if review.version.model_id not in mine:
            continue
        for fact in newest_decisions(judged.evidence.signoffs):
            told = (fact.signer_name, ROLES[fact.role])
            if fact.decision == Decision.REJECT:
                why = format_html(
                    "{}, {}, <b>rejected it</b>. That stands until the role withdraws it.", *told
                )
            elif fact.decision == Decision.REQUEST_CHANGES and not changed(
                fact.components, judged.components
            ):
                why = format_html("{}, {}, <b>asked for changes</b>. Your move.", *told)
            else:
                continue
            found.append(_answer(review, judged, fact, why, at))
    return found


def _answer(review: Review, judged: Judged, fact: SignOffFact, why: SafeString, at: datetime) -> QueueItem:
    vetoed = fact.decision == Decision.REJECT
    return QueueItem(
        kind="veto" if vetoed else "changes",
        shape="no",
        title=f"{review.version} for {review.environment}",
        href=reverse("riskreview:signoffs", args=[review.version.model.slug, review.version.version]),
        why=why,
        action="Read why",
        tier=judged.verdict.tier or "",
        due=None if vetoed else review.due_on,
        urgency=OTHER if vetoed else _urgency(review.due_on, review.environment, at),
    )


def _conditions(mine: set[int], at: datetime) -> list[QueueItem]:
    """Conditions of standing approvals that the person owes."""
    if not mine:
        return []
    rows = Condition.objects.filter(
        met_at=None, signoff__withdrawn_at=None, signoff__review__version__model__in=mine
    ).select_related("signoff__review__version__model", "signoff__signer")
    return [
        QueueItem(
            kind="condition",
            shape="todo",
            title=f"Condition on {row.signoff.review.version}",
            href=reverse(
                "riskreview:signoffs",
                args=[row.signoff.review.version.model.slug, row.signoff.review.version.version],
            )
            + f"#condition-{row.pk}",
            why=format_html("{} asked for it: {}. <b>You owe it.</b>", row.signoff.signer.name, row.text),
            action="Say how it was met",
            due=row.due_on,
            urgency=_urgency(row.due_on, row.signoff.review.environment, at),
        )
        for row in rows
    ]


def _tiers(user: User, mine: set[int]) -> list[QueueItem]:
    """Tiers that the person may confirm."""
    if not user.holds(Role.RISK_OFFICER):
        return []
    newest: dict[int, TierAssessment] = {}
    for row in TierAssessment.objects.select_related("model", "assessed_by").order_by("-pk"):
        newest.setdefault(row.model_id, row)
    return [
        QueueItem(
            kind="tier",
            shape="todo",
            title=f"Confirm the tier of {row.model.name}",
            href=reverse("riskreview:tier", args=[row.model.slug]),
            why=format_html(
                "{}’s answers give <b>{}</b>. A risk officer confirms.",
                row.assessed_by.name,
                row.computed_tier,
            ),
            action="Confirm",
            tier=row.computed_tier,
        )
        for row in newest.values()
        if not row.is_confirmed and row.assessed_by_id != user.pk and row.model_id not in mine
    ]


def _failed_runs(mine: set[int]) -> list[QueueItem]:
    """The newest run of a kind on each version, where it failed."""
    if not mine:
        return []
    newest: dict[tuple[int, str], EvaluationRun] = {}
    rows = EvaluationRun.objects.filter(version__model__in=mine).exclude(status=JobStatus.CANCELLED)
    rows = rows.exclude(kind__in=FOR_PEOPLE)
    for run in rows.select_related("version__model").defer("result").order_by("-pk"):
        newest.setdefault((run.version_id, run.kind), run)
    return [
        QueueItem(
            kind="evaluation",
            shape="error",
            title=f"{run.get_kind_display()} of {run.version}",
            href=reverse("evaluations:run", args=[run.pk]),
            why=format_html(
                "Run {} failed: {}. <b>You can run it again.</b>", run.pk, run.failure.rstrip(". ")
            ),
            action="Open the run",
        )
        for run in newest.values()
        if run.status == JobStatus.FAILED
    ]


def _models_of(user: User) -> set[int]:
    owned = RegisteredModel.objects.filter(owner=user).values_list("pk", flat=True)
    developed = RegisteredModel.objects.filter(developers=user).values_list("pk", flat=True)
    return {*owned, *developed}
