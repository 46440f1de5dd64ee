"""Saving model cards."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.canonical import canonical, clean
from audit.verbs import Verb
from policy.cards import load_card_schema
from registry.actions.locking import locked_version
from registry.models import CardRevision, ModelVersion

LONGEST_SECTION = 20_000
LINE_END = re.compile(r"\r\n?")


class CardMoved(Conflict):
    """Somebody else saved the card since the author opened it; `current` is what they saved."""

    def __init__(self, current: CardRevision) -> None:
        super().__init__(
            f"{current.author.name} saved revision {current.number} while you were writing.",
            "Your text is kept below. Compare, then save again.",
        )
        self.current = current


class CardUnchanged(Invalid):
    """The same words as in the newest revision, which is `current`."""

    def __init__(self, current: CardRevision) -> None:
        super().__init__("Nothing changed, so nothing was saved.", "Change a section first.")
        self.current = current


@transaction.atomic
def revise_card(
    *,
    version: ModelVersion,
    sections: Mapping[str, str],
    author: User,
    note: str = "",
    expected_revision: int | None = None,
    actor: Actor,
    at: datetime,
) -> CardRevision:
    """Save the card as a new revision.

    `expected_revision` is the one that the author started from, 0 for none. Raises CardMoved, CardUnchanged, Invalid.
    """
    locked_version(version)
    current = version.cards.select_related("author").first()
    if expected_revision is not None and current is not None and current.number != expected_revision:
        raise CardMoved(current)
    texts = _texts(sections)
    if current is not None and current.sections == texts:
        raise CardUnchanged(current)
    digest = "sha256:" + hashlib.sha256(canonical(texts).encode()).hexdigest()
    revision = CardRevision.objects.create(
        version=version,
        number=current.number + 1 if current else 1,
        sections=texts,
        digest=digest,
        note=note.strip()[:200],
        author=author,
        saved_at=at,
    )
    before = current.sections if current else {}
    changed = sorted(name for name in texts.keys() | before.keys() if texts.get(name) != before.get(name))
    detail = {"revision": revision.number, "digest": digest, "changed": changed, "note": revision.note}
    record(Verb.CARD_REVISED, subject=version.ref, actor=actor, at=at, detail=detail)
    return revision


def _texts(sections: Mapping[str, str]) -> dict[str, str]:
    """The sections that say something, in the schema's order, with plain line ends."""
    known = {section.id: section for section in load_card_schema().sections}
    unknown = sorted(set(sections) - set(known))
    if unknown:
        raise Invalid(f"A card has no section {unknown[0]}; it has {', '.join(known)}.", field=unknown[0])
    texts = {}
    for name, section in known.items():
        text = LINE_END.sub("\n", clean(sections.get(name, ""))).strip()
        if len(text) > LONGEST_SECTION:
            raise Invalid(
                f"{section.title} is longer than {LONGEST_SECTION:,} characters.",
                "Link to the document.",
                field=name,
            )
        if text:
            texts[name] = text
    if not texts:
        raise Invalid("The card is empty.", "Write at least one section.")
    return texts


@transaction.atomic
def record_card_download(*, revision: CardRevision, format: str, actor: Actor, at: datetime) -> None:
    """Remember who took a card along as a file."""
    detail = {"revision": revision.number, "format": format}
    record(Verb.CARD_DOWNLOADED, subject=revision.version.ref, actor=actor, at=at, detail=detail)
