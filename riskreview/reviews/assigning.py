"""Who answers a review: assigning people, ending that, and stepping back."""

from datetime import datetime

from django.db import transaction

from accounts.models import SIGNING_ROLES, Role, User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.actions.locking import locked_version
from riskreview.judgement import judge_review
from riskreview.models import Recusal, Review, ReviewAssignment
from riskreview.reviews.asking import address_of, held_open, may_steer, refuse_unless_steering
from riskreview.reviews.eligibility import reasons_why_not

SHORTEST_REASON, LONGEST_REASON = 10, 300


@transaction.atomic
def assign(
    *, review: Review, role: str, person: User, assigner: User, actor: Actor, at: datetime
) -> ReviewAssignment:
    """Ask a person to answer in a role. Everybody may take it themselves; only those who could sign can have it."""
    if person.pk != assigner.pk:
        refuse_unless_steering(review, assigner, "assign a review to others")
    review = held_open(review)
    if role not in {item.value for item in SIGNING_ROLES}:
        raise Invalid(f'The role "{role[:40]}" does not sign.', "Choose one of the list.", field="role")
    judged = judge_review(review, at=at)
    reasons = reasons_why_not(
        judged, person.username, role, at=at, about=None if person.pk == assigner.pk else person.name
    )
    if reasons:
        raise Invalid(" ".join(reasons), "Choose somebody who is eligible.", field="person")
    known = ReviewAssignment.objects.filter(review=review, role=role, person=person, ended_at=None).first()
    if known is not None:
        return known
    given = ReviewAssignment.objects.create(
        review=review, role=role, person=person, assigned_by=assigner, assigned_at=at
    )
    record(Verb.REVIEW_ASSIGNED, subject=review.ref, actor=actor, at=at, detail=_detail(given))
    if person.pk != assigner.pk:
        notify(
            [person],
            kind="review.assigned",
            text=f"{assigner.name} assigned the review of {review.version} for {review.environment} to you.",
            url=address_of(review),
            key=f"review.assigned:{given.pk}",
            at=at,
        )
    return given


@transaction.atomic
def unassign(
    *, assignment: ReviewAssignment, reason: str, user: User, actor: Actor, at: datetime
) -> ReviewAssignment:
    """End an assignment. The person may, and whoever steers the review."""
    rows = ReviewAssignment.objects.select_for_update(of=("self",))
    held = rows.select_related("person", "review__version__model__owner").get(pk=assignment.pk)
    if held.person_id != user.pk and not may_steer(user, held.review):
        raise NotAllowed(
            "Only the person, the model's team, risk officers and administrators end an assignment.",
            f"Ask {held.person.name}.",
        )
    if held.ended_at is not None:
        raise Conflict("This assignment has ended already.")
    _end(held, reason.strip()[:LONGEST_REASON], actor, at)
    if held.person_id != user.pk:
        notify(
            [held.person],
            kind="review.unassigned",
            text=f"{user.name} took the review of {held.review.version} from you.",
            url=address_of(held.review),
            key=f"review.unassigned:{held.pk}",
            at=at,
        )
    return held


@transaction.atomic
def recuse(*, review: Review, reason: str, person: User, actor: Actor, at: datetime) -> Recusal:
    """Step back. It cannot be undone: what the person signed here stops counting, except a rejection."""
    if person.roles.isdisjoint(role.value for role in SIGNING_ROLES):
        raise NotAllowed("You hold no role that signs, so there is nothing to step back from.")
    locked_version(review.version)
    review = held_open(review)
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise Invalid(
            "Say why you step back; it stands in the record.",
            f"Write {SHORTEST_REASON} to {LONGEST_REASON} characters.",
            field="reason",
        )
    if Recusal.objects.filter(review=review, person=person).exists():
        raise Conflict("You are recused from this review already.")
    recusal = Recusal.objects.create(review=review, person=person, reason=reason, at=at)
    record(Verb.REVIEW_RECUSED, subject=review.ref, actor=actor, at=at, detail={"reason": reason})
    mine = ReviewAssignment.objects.filter(review=review, person=person, ended_at=None)
    givers = [
        row.assigned_by for row in mine.select_related("assigned_by", "person", "review__version__model")
    ]
    for row in mine:
        _end(row, "Recused", actor, at)
    notify(
        [giver for giver in (*givers, review.opened_by) if giver.pk != person.pk],
        kind="review.recused",
        text=f"{person.name} stepped back from the review of {review.version}. Somebody else is needed.",
        url=address_of(review),
        key=f"review.recused:{recusal.pk}",
        at=at,
    )
    return recusal


def _end(row: ReviewAssignment, reason: str, actor: Actor, at: datetime) -> None:
    row.ended_at, row.ended_reason = at, reason
    row.save(update_fields=["ended_at", "ended_reason"])
    detail = _detail(row) | {"reason": reason}
    record(Verb.REVIEW_UNASSIGNED, subject=row.review.ref, actor=actor, at=at, detail=detail)


def _detail(row: ReviewAssignment) -> dict[str, object]:
    return {"role": Role(row.role).value, "person": row.person.ref}
