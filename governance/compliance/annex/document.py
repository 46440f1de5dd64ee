"""A document made of the record: sections, parts, what each shows, what is missing. A page, a PDF and JSON tell it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from governance.compliance.applying import Applicability
from governance.compliance.coverage import Standing
from governance.compliance.framework import Applies, Framework
from policy.evidence import canonical_digest
from registry.measures import Measures, replaced
from registry.models import ModelVersion


@dataclass(frozen=True)
class Fact:
    """A term and what the record says; empty: nothing."""

    term: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class Block:
    """Something that a part shows: a text in Markdown, facts, or a table of text. `source` says where it is from."""

    kind: Literal["text", "facts", "table"]
    title: str
    source: str = ""
    href: str = ""
    text: str = ""
    facts: tuple[Fact, ...] = ()
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Gap:
    """What is missing, and the page where it is filled."""

    text: str
    place: str
    href: str


@dataclass(frozen=True)
class Part:
    """One point. `standing` is how the control of the framework that asks for the same stands."""

    id: str
    ref: str
    title: str
    control: str
    blocks: tuple[Block, ...]
    gaps: tuple[Gap, ...]
    standing: Standing

    @property
    def shape(self) -> str:
        """Nothing missing says that something is there, not that it is enough."""
        return "na" if self.standing.state == "not_applicable" else "todo" if self.gaps else "half"

    @property
    def word(self) -> str:
        """The same in words; "satisfied" only where somebody concluded so."""
        if self.standing.conclusion is not None:
            return self.standing.word
        return f"{len(self.gaps)} missing" if self.gaps else "Filled, nobody concluded"


@dataclass(frozen=True)
class Section:
    """Points under one heading."""

    id: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Document:
    """The whole. `duty` is the date from which the law asks for it, as the framework tells it, if it does."""

    id: str
    name: str
    law: str
    note: str
    version: ModelVersion
    on: date
    framework: Framework
    duty: Applies | None
    applicability: Applicability
    sections: tuple[Section, ...]
    measures: Measures

    @property
    def parts(self) -> tuple[Part, ...]:
        """All points, in order."""
        return tuple(part for section in self.sections for part in section.parts)

    @property
    def gaps(self) -> list[tuple[Part, Gap]]:
        """Everything that is missing, with the point that lacks it."""
        return [(part, gap) for part in self.parts for gap in part.gaps]

    @property
    def lacking(self) -> int:
        """How many points lack something."""
        return sum(bool(part.gaps) for part in self.parts)

    @property
    def filename(self) -> str:
        """Without an ending."""
        return f"{self.version.model.slug}-v{self.version.version}-annex-iv-{self.on:%Y-%m-%d}"


def told(document: Document) -> dict[str, Any]:
    """The document as plain values, with the digest of all that it says."""
    content = {
        "document": document.id,
        "name": document.name,
        "model": document.version.model.slug,
        "version": document.version.version,
        "artifact_digest": document.version.artifact_digest,
        "on": document.on.isoformat(),
        "law": _law(document),
        "gaps": [{"part": part.ref, **asdict(gap)} for part, gap in document.gaps],
        "sections": [
            {
                "id": section.id,
                "title": section.title,
                "parts": [_part(part, document.measures) for part in section.parts],
            }
            for section in document.sections
        ],
    }
    return {**content, "digest": canonical_digest(content)}


def _law(document: Document) -> Mapping[str, Any]:
    framework, duty = document.framework, document.duty
    return {
        "text": document.law,
        "framework": framework.id,
        "version": framework.version,
        "state": framework.state,
        "confidence": framework.confidence,
        "checked": framework.checked,
        "applies_from": duty.applies if duty else None,
        "sure": duty.sure if duty else None,
        "before_it_was_moved": (duty.was or None) if duty else None,
        "applies_to_this_model": document.applicability.applies,
        "why": document.applicability.why,
        "note": document.note,
    }


def _part(part: Part, measures: Measures) -> Mapping[str, Any]:
    given = part.standing.conclusion
    return {
        "ref": part.ref,
        "title": part.title,
        "control": part.control,
        "state": part.standing.state,
        "conclusion": given.rationale if given else None,
        "gaps": [asdict(gap) for gap in part.gaps],
        "blocks": list(_blocks(part, measures)),
    }


def _blocks(part: Part, measures: Measures) -> Iterator[Mapping[str, Any]]:
    for block in part.blocks:
        plain = replaced(block.text, lambda token: measures.resolve(token).plain)
        yield {**asdict(block), "text": plain, "rows": [list(row) for row in block.rows]}
