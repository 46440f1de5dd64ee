"""A review of who can do what: started, each entry kept or taken away by somebody else, finished with a digest."""

import hashlib
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.reasons import reason_given
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.canonical import canonical, instant
from audit.rows import wrote
from audit.verbs import Verb
from governance.entitlements.gather import entitlements
from governance.entitlements.models import AccessReview, Outcome, ReviewEntry
from governance.entitlements.taking import take_away

SHORTEST_REASON, LONGEST_REASON = 10, 300


@transaction.atomic
def start_review(*, why: str, starter: User, actor: Actor, at: datetime) -> AccessReview:
    """Write down everything that anybody can do now, to be decided entry by entry."""
    if AccessReview.objects.filter(finished_at=None).exists():
        raise Conflict("An access review is under way already.", "Finish that one first.")
    review = AccessReview.objects.create(
        started_by=starter, started_at=at, why=reason_given(why, SHORTEST_REASON, LONGEST_REASON)
    )
    people = {user.username: user for user in User.objects.all()}
    entries = ReviewEntry.objects.bulk_create(
        ReviewEntry(
            review=review,
            name=item.name,
            kind=item.kind,
            holder=people.get(item.holder),
            holder_name=item.holder_name,
            what=item.what,
            since=item.since,
            given_by=item.given_by,
            last_used=item.last_used,
            flags=[flag.value for flag in item.flags],
        )
        for item in entitlements(at)
    )
    wrote(entries)
    flagged = sum(bool(entry.flags) for entry in entries)
    detail = {"why": review.why, "entries": len(entries), "flagged": flagged}
    record(Verb.ACCESS_REVIEW_STARTED, subject=review.ref, actor=actor, at=at, detail=detail)
    return review


@transaction.atomic
def decide_entries(
    *,
    review: AccessReview,
    pks: Collection[int],
    keep: bool,
    reason: str,
    reviewer: User,
    actor: Actor,
    at: datetime,
) -> int:
    """Keep these entries or take away what they name, all or none. How many."""
    reason = reason_given(reason, SHORTEST_REASON, LONGEST_REASON)
    held = _open(review)
    entries = list(held.entries.select_for_update().filter(pk__in=pks, outcome=Outcome.OPEN))
    if not entries:
        raise Invalid("Choose at least one entry that is not decided.")
    if any(entry.holder_id == reviewer.pk for entry in entries):
        raise Invalid("Nobody decides on what they can do themselves.", "Somebody else reviews your entries.")
    for entry in entries:
        if not keep:
            take_away(entry, why=f"Access review {held.pk}: {reason}", reviewer=reviewer, actor=actor, at=at)
        entry.outcome = Outcome.KEPT if keep else Outcome.TAKEN
        entry.reason, entry.decided_by, entry.decided_at = reason, reviewer, at
        entry.save(update_fields=["outcome", "reason", "decided_by", "decided_at"])
        detail = {"entry": entry.name, "holder": entry.holder_name, "what": entry.what, "reason": reason}
        verb = Verb.ACCESS_KEPT if keep else Verb.ACCESS_TAKEN
        record(verb, subject=held.ref, actor=actor, at=at, detail=detail)
    return len(entries)


@transaction.atomic
def finish_review(*, review: AccessReview, finisher: User, actor: Actor, at: datetime) -> AccessReview:
    """Close the review once every entry is decided. What is not there any more needs no decision."""
    held = _open(review)
    there = {item.name for item in entitlements(at)}
    for entry in held.entries.select_for_update().filter(outcome=Outcome.OPEN).exclude(name__in=there):
        entry.outcome = Outcome.GONE
        entry.save(update_fields=["outcome"])
    if left := held.entries.filter(outcome=Outcome.OPEN).count():
        raise Conflict(
            f"{left} {'entry is' if left == 1 else 'entries are'} not decided.",
            "Keep or take away each, with a reason.",
        )
    held.digest, held.finished_by, held.finished_at = digest_of(held), finisher, at
    held.save(update_fields=["digest", "finished_by", "finished_at"])
    counts = {name: held.entries.filter(outcome=name).count() for name in (*Outcome.values,)}
    detail = {"digest": held.digest, "started_by": held.started_by.ref, "outcomes": counts}
    record(Verb.ACCESS_REVIEW_FINISHED, subject=held.ref, actor=actor, at=at, detail=detail)
    return held


def digest_of(review: AccessReview) -> str:
    """SHA-256 over the canonical JSON of every entry with its outcome, reason and reviewer, in their order."""
    rows = [
        {
            "name": entry.name,
            "holder": entry.holder_name,
            "what": entry.what,
            "flags": entry.flags,
            "outcome": entry.outcome,
            "reason": entry.reason,
            "decided_by": entry.decided_by.ref if entry.decided_by else None,
            "decided_at": instant(entry.decided_at) if entry.decided_at else None,
        }
        for entry in review.entries.select_related("decided_by").order_by("pk")
    ]
    return f"sha256:{hashlib.sha256(canonical(rows).encode()).hexdigest()}"


def _open(review: AccessReview) -> AccessReview:
    held = AccessReview.objects.select_for_update(of=("self",)).select_related("started_by").get(pk=review.pk)
    if held.finished_at is not None:
        raise Conflict("This review is finished.", "What should change now is changed on its own page.")
    return held
