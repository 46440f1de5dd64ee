"""A person's approvals that run out, and whether what they were given for is still the same."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from policy.evidence import changed
from policy.words import component, listed
from registry.models import Lifecycle
from riskreview.evidence import VERSION_RELATIONS
from riskreview.judgement import Judged, judge_many
from riskreview.models import Decision, Review, ReviewKind, SignOff
from riskreview.reviews.eligibility import APPROVALS, asked_of, live_delegations, reasons_why_not

AHEAD = timedelta(days=60)


@dataclass(frozen=True)
class Renewal:
    """An approval that ends soon or has ended, and why it cannot be renewed in bulk (empty: it can)."""

    signoff: SignOff
    review: Review | None
    judged: Judged
    why_not: str
    expired: bool


def renewals_of(user: User, *, at: datetime) -> list[Renewal]:
    """Own approvals with 60 days or less to go, the first to end first. Names what changed where it did."""
    rows = SignOff.objects.filter(
        signer=user, withdrawn_at=None, decision__in=APPROVALS, expires_at__lte=at + AHEAD
    )
    rows = rows.exclude(review__kind=ReviewKind.RETIREMENT)
    related = [f"review__version__{name}" for name in VERSION_RELATIONS]
    kept = rows.exclude(review__version__model__lifecycle=Lifecycle.RETIRED)
    return renewals(
        list(kept.select_related("acting_for", "signer", *related).order_by("expires_at", "pk")), user, at=at
    )


def renewals(rows: Sequence[SignOff], user: User, *, at: datetime) -> list[Renewal]:
    """Each with the verdict of its version, without those that a newer decision replaced."""
    if not rows:
        return []
    versions = {row.review.version_id: row.review.version for row in rows}
    places = {row.review.environment for row in rows}
    judged = judge_many(list(versions.values()), places, at=at)
    open_now = {
        (review.version_id, review.environment): review
        for review in Review.objects.filter(version__in=versions, closed_at=None).exclude(
            kind=ReviewKind.RETIREMENT
        )
    }
    lent = {(row.role, row.holder_id) for row in live_delegations(user, at=at)}
    found = []
    for row in rows:
        key = (row.review.version_id, row.review.environment)
        if _replaced(row, judged[key]):
            continue
        review = open_now.get(key)
        why_not = _why_not(row, judged[key], review, lent, at)
        expired = row.expires_at is not None and row.expires_at <= at
        found.append(Renewal(row, review, judged[key], why_not, expired))
    return found


def _replaced(row: SignOff, judged: Judged) -> bool:
    """Whether the same person said something newer in this role."""
    voice = (row.acting_for or row.signer).username
    return any(
        fact.id > row.pk and fact.role == row.role and fact.voice == voice and not fact.withdrawn
        for fact in judged.evidence.signoffs
    )


def _why_not(
    row: SignOff,
    judged: Judged,
    review: Review | None,
    lent: Collection[tuple[str, int]],
    at: datetime,
) -> str:
    if moved := changed(row.components, judged.components):
        return f"The {listed(component(name) for name in moved)} changed since. Sign it in its review."
    if row.acting_for_id is not None and (row.role, row.acting_for_id) not in lent:
        return "You no longer stand in for the person for whom you signed."
    reasons = reasons_why_not(judged, row.signer.username, row.role, at=at, acting_for=row.acting_for)
    if reasons:
        return " ".join(reasons)
    if row.decision == Decision.APPROVE_WITH_CONDITIONS:
        return "It carries conditions. Sign it in its review, and say which still hold."
    if review is None:
        return "No review is open. The owner asks for one."
    if review.kind == ReviewKind.INTERIM:
        return "An interim approval ends on its day. The owner asks for a review."
    asked = asked_of(judged, row.role)
    if asked is None or asked.valid_for is None:
        return "The policy no longer asks for it."
    return ""
