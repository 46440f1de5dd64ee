"""What waits for a person, and why it is theirs."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Role, User
from evaluations.kinds import FOR_PEOPLE
from evaluations.models import EvaluationRun, JobStatus
from policy.evidence import SignOffFact, changed
from policy.independence import newest_decisions
from policy.tiering import Tier
from policy.words import ROLES
from registry.models import RegisteredModel
from riskreview.exceptions.queue import exceptions_waiting
from riskreview.findings.queries import findings_for
from riskreview.judgement import Judged
from riskreview.models import Comment, Condition, Decision, Review, SignOff
from riskreview.queue_items import OTHER, OVERDUE, QueueItem, urgency_of
from riskreview.reviews.queries.reviews import judged_reviews, open_reviews, requests_for_changes
from riskreview.reviews.queries.signatures import Reviewed, signatures_for
from riskreview.risks.waiting import risks_waiting
from riskreview.tiering.queries import tier_rows, waiting_models
from riskreview.tiering.waiting import waiting_for

SOON = timedelta(days=30)
AT_ONCE = 8
LARGE = ("result", "log", "provenance")
"""Columns of a run that no list shows."""


def queue_for(user: User, at: datetime) -> list[QueueItem]:
    """Everything that waits for this person: overdue, then what blocks production, then by date and tier."""
    mine = _models_of(user)
    reviewed = judged_reviews(open_reviews(user), at=at) if mine or user.roles else []
    items = [
        *signatures_for(user, reviewed, at),
        *exceptions_waiting(user, at),
        *_answers(mine, reviewed, at),
        *_questions(user, mine, at),
        *_conditions(user, at),
        *_verifications(user),
        *_endings(user, at),
        *_tiers(user, mine, at),
        *_failed_runs(user),
        *_findings(user, at),
        *risks_waiting(user, at),
    ]
    return in_order(items)


def in_order(items: Iterable[QueueItem]) -> list[QueueItem]:
    """Overdue first, then what blocks production, then by date and tier."""
    return sorted(items, key=_order)


def next_signature(user: User, at: datetime, *, after: Review) -> QueueItem | None:
    """The most urgent review that waits for the person's signature, other than this one.

    Reviews are judged a few at a time, in the order of the queue, until one waits for them.
    """
    here = reverse("riskreview:review", args=[after.pk])

    def place(row: Review) -> tuple[int, date]:
        return urgency_of(row.due_on, row.environment, at), row.due_on

    left = sorted(open_reviews(user), key=place)
    waiting: list[QueueItem] = []
    while left and not waiting:
        many = next((n for n in range(AT_ONCE, len(left)) if place(left[n]) != place(left[n - 1])), len(left))
        now, left = left[:many], left[many:]
        found = signatures_for(user, judged_reviews(now, at=at), at)
        waiting = [item for item in found if item.href != here]
    return min(waiting, key=_order, default=None)


def _order(item: QueueItem) -> tuple[int, date, int, str]:
    weight = Tier(item.tier).order if item.tier else 0
    return item.urgency, item.due or date.max, -weight, item.title


def _answers(mine: set[int], reviewed: Reviewed, at: datetime) -> list[QueueItem]:
    """What reviewers said about the person's own versions and nobody has answered yet."""
    found = []
    for review, judged in reviewed:
        if review.version.model_id not in mine:
            continue
        open_requests = requests_for_changes(judged, review)
        for fact in newest_decisions(judged.evidence.signoffs):
            told = (fact.signer_name, ROLES[fact.role])
            if fact.decision == Decision.REJECT:
                why = format_html(
                    "{}, {}, <b>rejected it</b>. That stands until the role withdraws it.", *told
                )
            elif fact in open_requests and not changed(fact.components, judged.components):
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
        href=reverse("riskreview:signoffs", args=[review.version.model.slug, review.version.version])
        if vetoed
        else reverse("riskreview:review", args=[review.pk]) + "#again",
        why=why,
        action="Read why" if vetoed else "Answer",
        tier=judged.verdict.tier or "",
        due=None if vetoed else review.due_on,
        urgency=OTHER if vetoed else urgency_of(review.due_on, review.environment, at),
    )


def _questions(user: User, mine: set[int], at: datetime) -> list[QueueItem]:
    """Questions about the person's own versions that nobody resolved and they have not replied to."""
    if not mine:
        return []
    rows = Comment.objects.filter(
        is_question=True,
        resolved_at=None,
        review__closed_at=None,
        review__version__model__in=_team_of(user),
    ).exclude(author=user)
    rows = rows.exclude(replies__author=user).select_related("author", "review__version__model")
    return [
        QueueItem(
            kind="question",
            shape="todo",
            title=f"Question about {row.review.version}",
            href=reverse("riskreview:review", args=[row.review_id]) + f"#comment-{row.pk}",
            why=format_html(
                "{} asks: {}. <b>You may answer.</b>", row.author.name, row.text.rstrip("?. ") + "?"
            ),
            action="Answer",
            due=row.review.due_on,
            urgency=urgency_of(row.review.due_on, row.review.environment, at),
        )
        for row in rows
    ]


def _verifications(user: User) -> list[QueueItem]:
    """Conditions of the person's own sign-offs that are met, as somebody says, and not verified."""
    rows = Condition.objects.filter(
        met_at__isnull=False, verified_at=None, signoff__signer=user, signoff__withdrawn_at=None
    ).select_related("met_by", "signoff__review__version__model")
    return [
        QueueItem(
            kind="verification",
            shape="half",
            title=f"Condition on {row.signoff.review.version}",
            href=reverse("riskreview:obligations") + f"?view=verify#condition-{row.pk}",
            why=format_html(
                "{} says that it is met: {}. <b>You verify it.</b>", row.met_by, row.text.rstrip(". ")
            ),
            action="Verify",
        )
        for row in rows
    ]


def _endings(user: User, at: datetime) -> list[QueueItem]:
    """The person's approvals that end soon, as one item."""
    if not user.roles:
        return []
    rows = SignOff.objects.filter(
        signer=user, withdrawn_at=None, expires_at__gt=at, expires_at__lte=at + SOON
    ).order_by("expires_at")
    ends = list(rows.values_list("expires_at", flat=True))
    if not ends or ends[0] is None:
        return []
    noun = "approval of yours ends" if len(ends) == 1 else "approvals of yours end"
    return [
        QueueItem(
            kind="ending",
            shape="stale",
            title="Approvals that end",
            href=reverse("riskreview:renewals"),
            why=format_html(
                "<b>{} {}</b> within 30 days. What did not change, you attest again.", len(ends), noun
            ),
            action="Attest again",
            due=ends[0].date(),
        )
    ]


def _conditions(user: User, at: datetime) -> list[QueueItem]:
    """Conditions of standing approvals that the person owes."""
    owed = Q(owner=user) | Q(signoff__review__version__model__in=_team_of(user))
    rows = Condition.objects.filter(owed, met_at=None, signoff__withdrawn_at=None)
    rows = rows.select_related("signoff__review__version__model", "signoff__signer")
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
            why=format_html(
                "{} asked for it: {}. <b>{}</b>",
                row.signoff.signer.name,
                row.text,
                "You owe it." if row.owner_id in (None, user.pk) else "Your team owes it.",
            ),
            action="Say how it was met",
            due=row.due_on,
            urgency=urgency_of(row.due_on, row.signoff.review.environment, at),
        )
        for row in rows
    ]


def _tiers(user: User, mine: set[int], at: datetime) -> list[QueueItem]:
    """Tiers that the person may confirm, and those of their models that are to be answered again."""
    officer = user.holds(Role.RISK_OFFICER)
    if not officer and not mine:
        return []
    waits = waiting_models(at, None if officer else mine)
    return [
        QueueItem(
            kind="tier",
            shape=row.shape,
            title=waiting.title,
            href=reverse("riskreview:tier", args=[row.model.slug]),
            why=waiting.why,
            action=waiting.action,
            tier=row.tier,
            due=row.due if row.state != "proposed" else None,
            urgency=OVERDUE if row.state == "overdue" else OTHER,
        )
        for row in tier_rows(at, user, waits)
        if (waiting := waiting_for(user, row, officer=officer, on_team=row.model.pk in mine)) is not None
    ]


def _failed_runs(user: User) -> list[QueueItem]:
    """The newest run of a kind on each version of the person's models, where it failed."""
    counted = EvaluationRun.objects.exclude(status=JobStatus.CANCELLED)
    newer = counted.filter(version=OuterRef("version"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    failed = EvaluationRun.objects.filter(status=JobStatus.FAILED, version__model__in=_team_of(user))
    rows = failed.exclude(kind__in=FOR_PEOPLE).filter(~Exists(newer))
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
        for run in rows.select_related("version__model").defer(*LARGE).order_by("-pk")
    ]


def _findings(user: User, at: datetime) -> list[QueueItem]:
    """Findings whose next step is the person's."""
    return [
        QueueItem(
            kind="finding",
            shape="no" if row.is_overdue(at.date()) else "half",
            title=str(row),
            href=reverse("riskreview:finding", args=[row.pk]),
            why=format_html(
                "{} severity, {}. <b>{}</b>",
                row.get_severity_display(),
                row.about,
                "You own it." if row.owner_id == user.pk else "You may judge it.",
            ),
            action="Open the finding",
            due=row.due_on,
            urgency=OVERDUE if row.is_overdue(at.date()) else OTHER,
        )
        for row in findings_for(user)
    ]


def _team_of(user: User) -> QuerySet[RegisteredModel]:
    """The models that the person owns or develops, as part of a query: there may be thousands."""
    developed = RegisteredModel.developers.through.objects.filter(user=user)
    team = Q(owner=user) | Q(pk__in=developed.values("registeredmodel"))
    return RegisteredModel.objects.filter(team).order_by()


def _models_of(user: User) -> set[int]:
    return set(_team_of(user).values_list("pk", flat=True))
