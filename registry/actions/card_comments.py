"""Remarks on the sections of a card. They decide nothing and are no evidence."""

from datetime import datetime

from django.db import transaction

from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.canonical import clean
from audit.verbs import Verb
from policy.cards import load_card_schema
from registry.access import may_edit
from registry.models import CardComment, ModelVersion

LONGEST_COMMENT = 5_000


@transaction.atomic
def comment_on_card(
    *, version: ModelVersion, section: str, text: str, author: User, actor: Actor, at: datetime
) -> CardComment:
    """Say something about a section. Raises NotAllowed, Invalid."""
    if not may_comment(author):
        raise NotAllowed(
            "Auditors read everything and change nothing, comments included.",
            "Write to the owner of the model.",
        )
    known = {item.id: item for item in load_card_schema().sections}
    if section not in known:
        raise Invalid(
            f"A card has no section {section[:60]}.", f"It has {', '.join(known)}.", field="section"
        )
    said = clean(text).replace("\r\n", "\n").strip()
    if not said:
        raise Invalid("The comment is empty.", "Write something first.", field="text")
    if len(said) > LONGEST_COMMENT:
        raise Invalid(
            f"The comment has {len(said):,} characters.", f"Keep it under {LONGEST_COMMENT:,}.", field="text"
        )
    newest = version.cards.first()
    comment = CardComment.objects.create(
        version=version,
        section=section,
        revision=newest.number if newest else 0,
        text=said,
        author=author,
        written_at=at,
    )
    detail = {"comment": comment.pk, "section": section, "revision": comment.revision, "text": said}
    record(Verb.CARD_COMMENTED, subject=version.ref, actor=actor, at=at, detail=detail)
    return comment


@transaction.atomic
def resolve_card_comment(*, comment: CardComment, user: User, actor: Actor, at: datetime) -> CardComment:
    """Say that a remark is dealt with. Raises NotAllowed, Conflict."""
    held = CardComment.objects.select_for_update(of=("self",)).select_related("version__model", "author")
    row = held.get(pk=comment.pk)
    if not may_resolve(user, row):
        raise NotAllowed(
            f"Only {row.author.name} and the owner and developers of {row.version.model.name} can resolve this.",
            "Answer with a comment of your own.",
        )
    if row.resolved_at is not None:
        raise Conflict("This comment is resolved already.", "There is nothing left to do.")
    row.resolved_by, row.resolved_at = user, at
    row.save(update_fields=["resolved_by", "resolved_at"])
    detail = {"comment": row.pk, "section": row.section}
    record(Verb.CARD_COMMENT_RESOLVED, subject=row.version.ref, actor=actor, at=at, detail=detail)
    return row


def may_comment(user: User) -> bool:
    """Whether the person holds a role that does more than read."""
    return bool(user.roles - {Role.AUDITOR.value})


def may_resolve(user: User, comment: CardComment) -> bool:
    """Who wrote it, or the people who write the card."""
    return may_comment(user) and (comment.author_id == user.pk or may_edit(user, comment.version.model))
