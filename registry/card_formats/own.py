"""Our own JSON: the sections as written, the values that they name today, and where the revision comes from."""

from typing import Any

from accounts.refusals import Invalid
from audit.canonical import instant
from policy.cards import load_card_schema
from registry.card_formats.document import CardDocument, Imported
from registry.card_formats.reading import Reading

FORMAT = "countersign-card"


def content(document: CardDocument) -> dict[str, Any]:
    """The document as JSON values."""
    schema, revision = load_card_schema(), document.revision
    return {
        "format": FORMAT,
        "schema": f"{schema.id}/{schema.version}",
        "model": document.version.model.slug,
        "version": document.version.version,
        "revision": revision.number,
        "digest": revision.digest,
        "author": revision.author.username,
        "note": revision.note,
        "saved_at": instant(revision.saved_at),
        "sections": dict(document.sections),
        "references": [
            {
                "reference": resolved.token,
                "text": resolved.text or None,
                "problem": resolved.problem or None,
                "value": resolved.measure.value if resolved.measure else None,
                "low": resolved.measure.low if resolved.measure else None,
                "high": resolved.measure.high if resolved.measure else None,
                "n": resolved.measure.n if resolved.measure else None,
                "dataset": resolved.measure.on if resolved.measure else None,
                "run": resolved.measure.run if resolved.measure else None,
            }
            for resolved in document.used
        ],
    }


def read(document: Reading) -> Imported:
    """The sections by their ids; those that this schema does not know are listed. Raises Invalid."""
    imported = Imported("Countersign card")
    known = {section.id for section in load_card_schema().sections}
    given = document.take("sections")
    sections = Reading({} if given is None else given, "sections")
    if not given:
        raise Invalid("The card has no sections.", "They stand under “sections”.", field="file")
    for name in list(given):
        text = sections.text(str(name))
        if name in known:
            imported.place(name, text)
        else:
            imported.leave(f"sections.{name}", text)
    return imported
