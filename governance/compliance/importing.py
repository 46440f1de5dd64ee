"""Bringing in a framework of one's own: as our YAML, an OSCAL catalog or a library of CISO Assistant."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from accounts.access import require_role
from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.compliance.foreign import read_ciso_assistant, read_oscal
from governance.compliance.framework import Framework
from governance.compliance.library import every
from governance.compliance.models import FrameworkVersion, Origin
from governance.compliance.reading import SLUG, read_framework
from governance.compliance.rules import IMPORTERS
from policy.lines import PackError, parse
from riskreview.findings.steps import said

LONGEST = 600_000
"""Characters in a file. Our largest framework has 38,000."""

TAKEN = ("new", "gaps", "evidence")
"""Names that addresses beside a framework's have."""


def read_any(text: str, *, source: str) -> tuple[Framework, Origin]:
    """The framework in a file of any shape that we know. Raises PackError."""
    if len(text) > LONGEST:
        raise PackError(source, 1, "The file is too long.", f"Keep it under {LONGEST:,} characters.")
    if text.lstrip()[:1] in ("{", "["):
        return read_oscal(text, source=source), Origin.OSCAL
    root = parse(text, source=source, what="the framework", longest=LONGEST)
    keys = root.entries()
    if "urn" in keys or "objects" in keys:
        return read_ciso_assistant(text, source=source, longest=LONGEST), Origin.CISO_ASSISTANT
    return read_framework(text, source=source), Origin.OWN


@transaction.atomic
def import_framework(
    text: str, *, source: str, note: str, short_name: str = "", importer: User, actor: Actor, at: datetime
) -> FrameworkVersion:
    """Keep a framework, or a new version of one. What was concluded stays, and says where the words changed.

    Raises PackError, Invalid, Conflict, NotAllowed.
    """
    require_role(importer, *IMPORTERS, to="bring in a framework")
    note = said(note, "note")
    framework, origin = read_any(text, source=source)
    _refuse_unkeepable(framework, source)
    framework = _called(framework, short_name)
    known = every().get(framework.id)
    if known is not None and known.digest == framework.digest:
        raise Conflict(f"{framework.name} counts already, word for word.", "Nothing was changed.")
    if FrameworkVersion.objects.filter(digest=framework.digest).exists():
        raise Conflict("An earlier import said the same.", "Give it another version to let it count again.")
    if known is not None and known.version == framework.version:
        raise Conflict(
            f"{framework.name} {framework.version} counts already with other content.",
            "A version never changes: write another version in the file.",
        )
    held = FrameworkVersion.objects.select_for_update().filter(framework=framework.id).first()
    made = FrameworkVersion.objects.create(
        framework=framework.id,
        number=held.number + 1 if held else 1,
        name=framework.name,
        digest=framework.digest,
        content=framework.document(),
        origin=origin,
        text=text,
        note=note,
        imported_by=importer,
        imported_at=at,
    )
    detail = {
        "name": framework.name,
        "version": framework.version,
        "controls": len(framework.controls),
        "origin": origin.value,
        "digest": framework.digest,
        "replaces": known.version if known else None,
        "note": note,
    }
    record(Verb.FRAMEWORK_IMPORTED, subject=made.ref, actor=actor, at=at, detail=detail)
    return made


def _called(framework: Framework, short_name: str) -> Framework:
    """Under the short name that was given, else its own. Raises Invalid for one that no address can hold."""
    short = short_name.strip() or framework.id
    if not SLUG.fullmatch(short) or short in TAKEN:
        raise Invalid(
            f'"{short[:64]}" cannot be a short name.',
            "Write another one: 3 to 64 lower-case letters, digits, dots and hyphens.",
            field="short_name",
        )
    return replace(framework, id=short)


def _refuse_unkeepable(framework: Framework, source: str) -> None:
    """Escapes can hold what no database keeps: NUL, and halves of characters."""
    for text in _texts(framework.document()):
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise PackError(
                source,
                1,
                f"A text holds a character that cannot be kept: {ascii(text)[:60]}.",
                "Remove the escape of NUL or of half a character.",
            )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
