"""Asking for a review, and talking in it."""

from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.models import EvaluationRun, Trigger
from evaluations.plan import start_plan
from registry.access import refuse_unless_editor
from registry.actions.locking import locked_version
from registry.models import Environment, Lifecycle, ModelVersion
from riskreview.models import Comment, Review

TIME_TO_REVIEW = timedelta(days=7)
LONGEST_TEXT = 5_000


@transaction.atomic
def open_review(
    *,
    version: ModelVersion,
    environment: str,
    note: str,
    opener: User,
    due_on: date | None = None,
    actor: Actor,
    at: datetime,
) -> Review:
    """Ask that the version may run in the environment. Asked again, the review that exists comes back."""
    refuse_unless_editor(opener, version.model)
    if environment not in Environment.values:
        raise Invalid(
            f'There is no environment "{environment}".',
            f"Choose {', '.join(Environment.values)}.",
            field="environment",
        )
    due_on = due_on or (at + TIME_TO_REVIEW).date()
    if due_on < at.date():
        raise Invalid("The due date lies in the past.", "Choose a later date.", field="due_on")
    version = locked_version(version)
    if version.model.lifecycle == Lifecycle.RETIRED:
        raise Conflict(f"{version.model.name} is retired for good.", "Register a new model for a new use.")
    known = Review.objects.filter(version=version, environment=environment).first()
    if known is not None:
        return known
    review = Review.objects.create(
        version=version,
        environment=environment,
        note=note.strip()[:LONGEST_TEXT],
        opened_by=opener,
        opened_at=at,
        due_on=due_on,
    )
    detail = {"environment": environment, "due_on": due_on.isoformat(), "note": review.note}
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
    actor: Actor,
    at: datetime,
) -> tuple[Review, list[EvaluationRun]]:
    """Ask for a review and start what the plan wants measured before anybody signs.

    A run that ends after a signature makes it stale, so the plan starts with the review and not later.
    """
    known = Review.objects.filter(version=version, environment=environment).exists()
    review = open_review(
        version=version,
        environment=environment,
        note=note,
        opener=opener,
        due_on=due_on,
        actor=actor,
        at=at,
    )
    if known:
        return review, []
    runs = start_plan(version=version, requester=opener, actor=actor, at=at, trigger=Trigger.SUBMISSION)
    return review, runs


@transaction.atomic
def comment(*, review: Review, text: str, author: User, actor: Actor, at: datetime) -> Comment:
    """Say something in the review. It decides nothing."""
    if not may_comment(author):
        raise NotAllowed(
            "Auditors read everything and change nothing, comments included.",
            "Write to the people on the review.",
        )
    text = text.strip()
    if not text:
        raise Invalid("The comment is empty.", "Write something first.", field="text")
    if len(text) > LONGEST_TEXT:
        raise Invalid(
            f"The comment has {len(text):,} characters.", f"Keep it under {LONGEST_TEXT:,}.", field="text"
        )
    written = Comment.objects.create(review=review, author=author, text=text, written_at=at)
    record(Verb.REVIEW_COMMENTED, subject=review.ref, actor=actor, at=at, detail={"text": text})
    return written


def may_comment(user: User) -> bool:
    """Whether the person holds a role that does more than read."""
    return bool(user.roles - {Role.AUDITOR.value})
