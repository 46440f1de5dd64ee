"""Asking for a review, asking again after changes, and closing it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.models import Role, User
from accounts.notices import notify
from accounts.reasons import reason_given
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.models import EvaluationRun, Trigger
from evaluations.plan import start_plan
from policy.evidence import changed
from registry.access import may_edit, refuse_unless_editor
from registry.actions.locking import locked_version
from registry.models import Environment, Lifecycle, ModelVersion
from riskreview.judgement import judge_review
from riskreview.models import AFRESH, Review, ReviewKind, ReviewRound, SignOff
from riskreview.reviews.queries.reviews import requests_for_changes

TIME_TO_REVIEW = timedelta(days=7)
LONGEST_INTERIM = timedelta(days=180)
LONGEST_TEXT = 5_000
SHORTEST_ANSWER = 20
LONGEST_REASON = 2_000


@dataclass(frozen=True)
class Wish:
    """What kind of review is asked for; an interim one with the last day of its approvals."""

    kind: str = ""
    ends_on: date | None = None


@transaction.atomic
def open_review(
    *,
    version: ModelVersion,
    environment: str,
    note: str,
    opener: User,
    due_on: date | None = None,
    wish: Wish | None = None,
    actor: Actor,
    at: datetime,
) -> Review:
    """Ask that the version may run in the environment. Asked again, the review that is open comes back.

    Only one that has all that it asked for gives way to another kind of review, and is closed by that.
    """
    refuse_unless_editor(opener, version.model)
    wish = wish or Wish()
    due_on = due_on or (at + TIME_TO_REVIEW).date()
    _refuse_what_makes_no_sense(environment, due_on, note, wish, at)
    version = locked_version(version)
    if version.model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{version.model.name} is retired for good.", "Register a new model for a new use.")
    known = Review.objects.filter(version=version, environment=environment, closed_at=None).first()
    if known is not None and (known.answered_at is None or wish.kind in ("", known.kind)):
        return known
    kind = ReviewKind(wish.kind) if wish.kind else fitting_kind(version, environment)
    if known is not None:
        reason = f"It had all that it asked for; a review of the kind {kind.label.lower()} follows."
        _close(known, reason, opener, actor, at)
    return _create(version, environment, kind, note, opener, due_on, wish.ends_on, actor, at)


def fitting_kind(version: ModelVersion, environment: str) -> ReviewKind:
    """The kind where none is named: the first of this model for an environment, or a change of what was reviewed."""
    before = Review.objects.filter(version__model=version.model_id, environment=environment)
    return ReviewKind.CHANGE if before.exists() else ReviewKind.INITIAL


def _refuse_what_makes_no_sense(environment: str, due_on: date, note: str, wish: Wish, at: datetime) -> None:
    if environment not in Environment.values:
        raise Invalid(
            f'There is no environment "{environment}".',
            f"Choose {', '.join(Environment.values)}.",
            field="environment",
        )
    if wish.kind and wish.kind not in ReviewKind.values:
        raise Invalid(
            f'There is no kind of review "{wish.kind[:40]}".',
            f"Choose {', '.join(ReviewKind.values)}.",
            field="kind",
        )
    if due_on < at.date():
        raise Invalid("The due date lies in the past.", "Choose a later date.", field="due_on")
    if wish.kind == ReviewKind.INTERIM:
        _refuse_odd_end(wish.ends_on, at)
    elif wish.ends_on is not None:
        raise Invalid(
            "Only an interim review has a last day.", "Choose interim, or clear it.", field="ends_on"
        )
    if wish.kind in AFRESH and not note.strip():
        raise Invalid("Say what the reviewers should look at, and why now.", field="note")


def _refuse_odd_end(ends_on: date | None, at: datetime) -> None:
    latest = (at + LONGEST_INTERIM).date()
    if ends_on is None:
        raise Invalid("An interim approval needs a last day.", "Say until when it counts.", field="ends_on")
    if not at.date() <= ends_on <= latest:
        raise Invalid(
            "The last day lies in the past or more than 180 days ahead.",
            f"Choose a day up to {latest.isoformat()}.",
            field="ends_on",
        )


def _create(
    version: ModelVersion,
    environment: str,
    kind: ReviewKind,
    note: str,
    opener: User,
    due_on: date,
    ends_on: date | None,
    actor: Actor,
    at: datetime,
) -> Review:
    review = Review.objects.create(
        version=version,
        environment=environment,
        kind=kind,
        note=note.strip()[:LONGEST_TEXT],
        opened_by=opener,
        opened_at=at,
        due_on=due_on,
        ends_on=ends_on,
    )
    detail = {
        "environment": environment,
        "kind": kind.value,
        "due_on": due_on.isoformat(),
        "note": review.note,
        **({"ends_on": ends_on.isoformat()} if ends_on else {}),
    }
    record(Verb.REVIEW_OPENED, subject=review.ref, actor=actor, at=at, detail=detail)
    return review


@transaction.atomic
def submit_for_review(
    *,
    version: ModelVersion,
    environment: str,
    note: str,
    opener: User,
    due_on: date | None,
    wish: Wish | None = None,
    actor: Actor,
    at: datetime,
) -> tuple[Review, list[EvaluationRun]]:
    """Ask for a review and start what the plan wants measured before anybody signs.

    A run that ends after a signature makes it stale, so the plan starts with the review and not later.
    """
    known = {*Review.objects.filter(version=version, environment=environment).values_list("pk", flat=True)}
    review = open_review(
        version=version,
        environment=environment,
        note=note,
        opener=opener,
        due_on=due_on,
        wish=wish,
        actor=actor,
        at=at,
    )
    if review.pk in known or review.kind == ReviewKind.RETIREMENT:
        return review, []
    runs = start_plan(version=version, requester=opener, actor=actor, at=at, trigger=Trigger.SUBMISSION)
    return review, runs


@transaction.atomic
def open_periodic(*, due: Review, due_on: date, note: str, actor: Actor, at: datetime) -> Review | None:
    """Open a periodic review after the one that was answered so long ago; None if another is open by now.

    It is asked in the name of the model's owner, who answers for the use.
    """
    version = locked_version(due.version)
    known = Review.objects.filter(version=version, environment=due.environment, closed_at=None).first()
    if known is not None and (known.pk != due.pk or known.answered_at is None):
        return None
    owner = version.model.owner
    if known is not None:
        _close(known, "It had all that it asked for; a periodic review follows.", owner, actor, at)
    return _create(version, due.environment, ReviewKind.PERIODIC, note, owner, due_on, None, actor, at)


@transaction.atomic
def ask_again(
    *, review: Review, answer: str, due_on: date | None, asker: User, actor: Actor, at: datetime
) -> Review:
    """Answer the requests for changes and start the next round. What was signed stands as before."""
    refuse_unless_editor(asker, review.version.model)
    locked_version(review.version)
    review = held_open(review)
    judged = judge_review(review, at=at)
    requests = requests_for_changes(judged, review)
    if not requests:
        raise Conflict(
            "Nobody asks for changes that are not answered yet.", "Wait for the signers, or write a comment."
        )
    answer = answer.strip()
    if not SHORTEST_ANSWER <= len(answer) <= LONGEST_TEXT:
        raise Invalid(
            "Say what you changed, and where to look.",
            f"Write {SHORTEST_ANSWER} to {LONGEST_TEXT:,} characters.",
            field="answer",
        )
    due_on = due_on or max(review.due_on, (at + TIME_TO_REVIEW).date())
    if due_on < at.date():
        raise Invalid("The due date lies in the past.", "Choose a later date.", field="due_on")
    moved = sorted({name for fact in requests for name in changed(fact.components, judged.components)})
    review.round, review.asked_at, review.due_on = review.round + 1, at, due_on
    review.save(update_fields=["round", "asked_at", "due_on"])
    ReviewRound.objects.create(
        review=review, number=review.round, answer=answer, changed=moved, asked_by=asker, asked_at=at
    )
    detail = {"round": review.round, "answer": answer, "changed": moved, "due_on": due_on.isoformat()}
    record(Verb.REVIEW_ASKED_AGAIN, subject=review.ref, actor=actor, at=at, detail=detail)
    asked = SignOff.objects.filter(pk__in=[fact.id for fact in requests]).select_related("signer")
    notify(
        [row.signer for row in asked],
        kind="review.asked_again",
        text=f"{asker.name} answered your request for changes of {review.version}: round {review.round}.",
        url=address_of(review),
        key=f"review.round:{review.pk}:{review.round}",
        at=at,
    )
    return review


@transaction.atomic
def change_due(
    *, review: Review, due_on: date | None, reason: str, user: User, actor: Actor, at: datetime
) -> Review:
    """Move the date by which answers are wanted, with the reason."""
    refuse_unless_steering(review, user, "move the due date")
    locked_version(review.version)
    review = held_open(review)
    reason = told_reason(reason)
    if due_on is None or due_on < at.date():
        raise Invalid("The due date lies in the past.", "Choose today or a later day.", field="due_on")
    if due_on == review.due_on:
        raise Conflict("It is due on that day already.")
    detail = {"from": review.due_on.isoformat(), "to": due_on.isoformat(), "reason": reason}
    review.due_on = due_on
    review.save(update_fields=["due_on"])
    record(Verb.REVIEW_DUE_CHANGED, subject=review.ref, actor=actor, at=at, detail=detail)
    return review


@transaction.atomic
def close_review(*, review: Review, reason: str, user: User, actor: Actor, at: datetime) -> Review:
    """End a review: nobody signs in it any more. Its signatures, rejections included, stand as they are."""
    refuse_unless_steering(review, user, "close the review")
    locked_version(review.version)
    review = held_open(review)
    _close(review, told_reason(reason), user, actor, at)
    return review


def _close(review: Review, reason: str, user: User, actor: Actor, at: datetime) -> None:
    review.closed_at, review.closed_by, review.closed_reason = at, user, reason
    review.save(update_fields=["closed_at", "closed_by", "closed_reason"])
    detail = {"environment": review.environment, "kind": review.kind, "reason": reason}
    record(Verb.REVIEW_CLOSED, subject=review.ref, actor=actor, at=at, detail=detail)


def held_open(review: Review) -> Review:
    """The review, held until the transaction ends. Raises Conflict when it is closed."""
    rows = Review.objects.select_for_update(of=("self",)).select_related("version__model__owner", "opened_by")
    held = rows.get(pk=review.pk)
    if held.closed_at is not None:
        raise Conflict(
            f"This review was closed: {held.closed_reason.rstrip('. ')}.",
            "The owner or a developer of the model can ask for another.",
        )
    return held


def may_steer(user: User, review: Review) -> bool:
    """Whether the person may assign, move dates and close: the model's team, risk officers, administrators."""
    return may_edit(user, review.version.model) or user.holds(Role.RISK_OFFICER, Role.ADMINISTRATOR)


def refuse_unless_steering(review: Review, user: User, to: str) -> None:
    """Raise NotAllowed unless the person may steer the review."""
    if not may_steer(user, review):
        raise NotAllowed(
            f"Only the model's team, risk officers and administrators can {to}.",
            f"Ask {review.version.model.owner.name}.",
        )


def told_reason(reason: str, *, field: str = "reason") -> str:
    """The reason, tidied. Raises Invalid when it says too little or too much."""
    return reason_given(reason, SHORTEST_ANSWER, LONGEST_REASON, field=field)


def address_of(review: Review) -> str:
    """The page of a review."""
    return reverse("riskreview:review", args=[review.pk])
