"""Talking in a review: remarks and questions on pieces of evidence, replies, and resolving."""

from datetime import datetime

from django.db import transaction

from accounts.models import Role, User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.sight import who_see
from riskreview.models import Comment, Review
from riskreview.reviews.anchors import anchors_of
from riskreview.reviews.asking import LONGEST_TEXT, address_of


@transaction.atomic
def comment(
    *,
    review: Review,
    text: str,
    author: User,
    anchor: str = "",
    is_question: bool = False,
    parent: Comment | None = None,
    actor: Actor,
    at: datetime,
) -> Comment:
    """Say something in the review, about one piece of evidence or in reply. It decides nothing."""
    if not may_comment(author):
        raise NotAllowed(
            "Auditors read everything and change nothing, comments included.",
            "Write to the people on the review.",
        )
    text = _told(text)
    if parent is not None:
        parent = parent.parent or parent  # threads are one level deep
        if parent.review_id != review.pk:
            raise Invalid("This is a reply to something in another review.", field="parent")
        anchor, is_question = parent.anchor, False
    elif anchor and anchor not in anchors_of(review, at=at):
        raise Invalid(
            "There is no such piece of evidence in this review.",
            "Choose one of the list, or none.",
            field="anchor",
        )
    written = Comment.objects.create(
        review=review,
        parent=parent,
        anchor=anchor,
        author=author,
        text=text,
        written_at=at,
        is_question=is_question,
    )
    detail: dict[str, object] = {"text": text}
    if anchor:
        detail["about"] = anchor
    if is_question:
        detail["question"] = written.pk
    if parent is not None:
        detail["reply_to"] = parent.pk
    record(Verb.REVIEW_COMMENTED, subject=review.ref, actor=actor, at=at, detail=detail)
    _tell(written, parent, at)
    return written


def _told(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("The comment is empty.", "Write something first.", field="text")
    if len(text) > LONGEST_TEXT:
        raise Invalid(
            f"The comment has {len(text):,} characters.", f"Keep it under {LONGEST_TEXT:,}.", field="text"
        )
    return text


def _tell(written: Comment, parent: Comment | None, at: datetime) -> None:
    """A question reaches the model's owner, a reply whoever began the thread."""
    review, author = written.review, written.author
    if parent is not None:
        people, text = [parent.author], f"{author.name} replied to you in the review of {review.version}."
    elif written.is_question:
        people = [review.version.model.owner, review.opened_by]
        text = f"{author.name} asks about {review.version}: {written.text}"
    else:
        return
    notify(
        who_see([person for person in people if person.pk != author.pk], review.version.model),
        kind="review.thread",
        text=text,
        url=f"{address_of(review)}#comment-{(parent or written).pk}",
        key=f"comment:{written.pk}",
        at=at,
    )


@transaction.atomic
def resolve_question(*, question: Comment, user: User, actor: Actor, at: datetime) -> Comment:
    """Say that a question is answered: whoever asked may, and any validator."""
    question = (
        Comment.objects.select_for_update(of=("self",)).select_related("author", "review").get(pk=question.pk)
    )
    if not may_resolve(user, question):
        raise NotAllowed(
            "Only the person who asked, or a validator, resolves a question.", f"Ask {question.author.name}."
        )
    if not question.is_question:
        raise Conflict("This is a remark; there is nothing to resolve.")
    if question.resolved_at is not None:
        raise Conflict("This question is resolved already.")
    question.resolved_at, question.resolved_by = at, user
    question.save(update_fields=["resolved_at", "resolved_by"])
    detail = {"question": question.pk, "text": question.text}
    record(Verb.REVIEW_QUESTION_RESOLVED, subject=question.review.ref, actor=actor, at=at, detail=detail)
    return question


def may_resolve(user: User, question: Comment) -> bool:
    """Whether the person may say that it is answered."""
    return question.author_id == user.pk or user.holds(Role.VALIDATOR)


def may_comment(user: User) -> bool:
    """Whether the person holds a role that does more than read."""
    return bool(user.roles - {Role.AUDITOR.value})
