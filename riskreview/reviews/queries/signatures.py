"""The signatures that wait for a person, and why each is theirs."""

from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from policy.evidence import SignOffFact, changed
from policy.independence import newest_decisions
from policy.result import RequirementResult
from policy.words import ROLES, component, day, listed
from riskreview.judgement import Judged
from riskreview.models import Decision, Delegation, Review, ReviewAssignment, ReviewKind
from riskreview.queue_items import QueueItem, urgency_of
from riskreview.reviews.eligibility import APPROVALS, Capacity, live_delegations
from riskreview.reviews.queries.reviews import may_answer, may_move, missing_roles

Reviewed = list[tuple[Review, Judged]]
Assigned = dict[str, list[ReviewAssignment]]


def signatures_for(user: User, reviewed: Reviewed, at: datetime) -> list[QueueItem]:
    """Signatures that a role of the person owes, or that of somebody for whom they stand in.

    Where enough others are assigned for the role, it waits for those.
    """
    found = []
    lent = live_delegations(user, at=at)
    assigned = _assigned([review.pk for review, _ in reviewed])
    for review, judged in reviewed:
        given = assigned.get(review.pk, {})
        if item := _signature_of(user, review, judged, given, lent, at):
            found.append(item)
    return found


def _assigned(reviews: list[int]) -> dict[int, Assigned]:
    found: dict[int, Assigned] = {}
    rows = ReviewAssignment.objects.filter(review__in=reviews, ended_at=None).select_related("assigned_by")
    for row in rows:
        found.setdefault(row.review_id, {}).setdefault(row.role, []).append(row)
    return found


def _signature_of(
    user: User, review: Review, judged: Judged, given: Assigned, lent: list[Delegation], at: datetime
) -> QueueItem | None:
    missing = missing_roles(judged, review)
    results = {item.id: item for item in judged.verdict.requirements}
    for requirement in judged.asked:
        role = requirement.role
        if role not in missing:
            continue
        people = given.get(role, [])
        to_me = next((row for row in people if row.person_id == user.pk), None)
        if to_me is None and len(people) >= requirement.count:
            continue
        capacity = may_answer(judged, user.username, role, at=at, delegations=lent)
        if capacity is None:
            continue
        mine = _mine(judged, user.username, role)
        if mine is None or may_move(mine, judged, review, at=at, survives=requirement.survives):
            return _signature(review, judged, results[requirement.id], mine, capacity, to_me, at)
    return None


def _mine(judged: Judged, username: str, role: str) -> SignOffFact | None:
    decisions = newest_decisions(judged.evidence.signoffs)
    return next((fact for fact in decisions if (fact.signer, fact.role) == (username, role)), None)


def _signature(
    review: Review,
    judged: Judged,
    result: RequirementResult,
    mine: SignOffFact | None,
    capacity: Capacity,
    assigned: ReviewAssignment | None,
    at: datetime,
) -> QueueItem:
    stale = mine is not None and mine.decision in APPROVALS
    why = _why(review, judged, result, mine, capacity, assigned, at)
    return QueueItem(
        kind="stale" if stale else "signature",
        shape="stale" if stale or result.stale else "half",
        title=_title(review),
        href=reverse("riskreview:review", args=[review.pk]),
        why=why,
        action="Review what changed" if mine else "Review",
        tier=judged.verdict.tier or "",
        due=review.due_on,
        urgency=urgency_of(review.due_on, review.environment, at),
    )


def _title(review: Review) -> str:
    if review.kind == ReviewKind.RETIREMENT:
        return f"Retirement of {review.version.model.name}"
    kind = "" if review.kind in (ReviewKind.INITIAL, ReviewKind.CHANGE) else f", {review.kind}"
    return f"{review.version} for {review.environment}{kind}"


def _why(
    review: Review,
    judged: Judged,
    result: RequirementResult,
    mine: SignOffFact | None,
    capacity: Capacity,
    assigned: ReviewAssignment | None,
    at: datetime,
) -> SafeString:
    if mine is not None and not _answers_anew(mine, judged, review, at):
        stale = mine.decision in APPROVALS
        moved = changed(mine.components, judged.components)
        if not moved:
            return format_html("Your sign-off of {} <b>expired</b>.", day(mine.signed_at, at))
        parts = listed(component(name) for name in moved)
        said = "sign-off" if stale else "request for changes"
        return format_html(
            "Your {} of {} no longer fits: <b>the {} changed</b>.", said, day(mine.signed_at, at), parts
        )
    if mine is not None and mine.decision == Decision.REQUEST_CHANGES:
        return format_html(
            "Your request for changes was answered: <b>round {} is yours to judge</b>.", review.round
        )
    if assigned is not None and assigned.assigned_by_id != assigned.person_id:
        return format_html(
            "{} assigned it to you. <b>You decide as {}.</b>", assigned.assigned_by.name, capacity.words
        )
    if result.stale:
        return format_html("{} <b>Your role decides again.</b>", result.reason)
    if mine is not None:
        return format_html("You signed on {}; this review <b>asks you anew</b>.", day(mine.signed_at, at))
    if capacity.acting_for is not None:
        return format_html("<b>You stand in as {}</b>, who has not signed.", capacity.words)
    return format_html("<b>The {} has not signed.</b> You may.", ROLES[capacity.role])


def _answers_anew(mine: SignOffFact, judged: Judged, review: Review, at: datetime) -> bool:
    """Whether the person is asked again although neither the evidence moved nor time ran out."""
    expired = mine.expires_at is not None and mine.expires_at <= at
    return not expired and not changed(mine.components, judged.components)
