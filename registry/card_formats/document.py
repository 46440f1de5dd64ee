"""A card with everything that the formats of other tools have a place for, and what comes back from reading one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from accounts.models import User
from policy.cards import load_card_schema
from registry.measures import Measure, Measures, Resolved, references, replaced
from registry.models import ArtifactFile, CardRevision, Dataset, ModelVersion, RegisteredModel
from registry.sight import seen_by

SAID = r"^(?:[-*] )?(?:\*\*)?{}:?(?:\*\*)?:? +(.{{1,80}}?)\.?$"
LICENCE = re.compile(SAID.format("Licen[cs]e"), re.MULTILINE | re.IGNORECASE)
MOST_ANCESTORS = 50
LANGUAGE = re.compile(SAID.format("Languages?"), re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class CardDocument:
    """One revision of a card, with the version that it describes and what was measured of it."""

    version: ModelVersion
    revision: CardRevision
    measures: Measures
    trained_on: Dataset | None
    tested_on: tuple[Dataset, ...]
    tags: tuple[str, ...]
    site: str  # "https://countersign.example", to make addresses of runs whole
    files: tuple[ArtifactFile, ...] = ()
    ancestors: tuple[ModelVersion, ...] = ()  # what it was made from, the nearest first
    beneath: tuple[RegisteredModel, ...] = ()  # models whose answers it takes

    @property
    def name(self) -> str:
        """The name of the file, without its ending."""
        return f"{self.version.model.slug}-{self.version.version}-card-r{self.revision.number}"

    @property
    def sections(self) -> Mapping[str, str]:
        """Section id → text as it was written, in the schema's order."""
        return {
            section.id: self.revision.sections[section.id]
            for section in load_card_schema().sections
            if self.revision.sections.get(section.id)
        }

    @cached_property
    def resolved(self) -> Mapping[str, str]:
        """Section id → text with each reference as value, interval and run."""
        return {
            name: replaced(text, lambda token: self.resolve(token).plain)
            for name, text in self.sections.items()
        }

    @cached_property
    def used(self) -> tuple[Resolved, ...]:
        """What the text refers to, each once."""
        tokens = dict.fromkeys(token for text in self.sections.values() for token in references(text))
        return tuple(self.resolve(token) for token in tokens)

    @cached_property
    def reported(self) -> tuple[Measure, ...]:
        """The figures of the newest run of each kind on test data."""
        kinds = dict.fromkeys(measure.kind for measure in self.measures.found)
        rows = (row for kind in kinds for row in self.measures.newest(kind))
        return tuple(row for row in rows if row.value is not None)

    @property
    def licence(self) -> str:
        """What the details name as the licence, or nothing."""
        return _first(LICENCE, self.sections.get("details", ""))

    @property
    def languages(self) -> list[str]:
        """What the details name as languages."""
        return [
            word.strip()
            for word in _first(LANGUAGE, self.sections.get("details", "")).split(",")
            if word.strip()
        ]

    def resolve(self, token: str) -> Resolved:
        """What a reference stands for today."""
        return self.measures.resolve(token)


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1].strip() if match else ""


def document_of(
    version: ModelVersion, revision: CardRevision, measures: Measures, *, site: str, reader: User | None
) -> CardDocument:
    """Gather what the formats need. Models that the reader may not see are left out; None is the product itself."""
    return CardDocument(
        version=version,
        revision=revision,
        measures=measures,
        trained_on=version.trained_on,
        tested_on=tuple(version.evaluated_on.all()),
        tags=tuple(version.model.tags.values_list("name", flat=True)),
        site=site.rstrip("/"),
        files=tuple(version.files.all()),
        ancestors=tuple(_ancestors(version)),
        beneath=tuple(
            RegisteredModel.objects.filter(seen_by(reader), dependents__model=version.model).order_by("slug")
        ),
    )


def _ancestors(version: ModelVersion) -> Iterator[ModelVersion]:
    before = version.parent
    for _ in range(MOST_ANCESTORS):
        if before is None:
            return
        yield before
        before = before.parent


@dataclass(frozen=True)
class Unplaced:
    """A part of an imported card that no section is obviously made for, and the section that is proposed."""

    title: str
    text: str
    proposed: str = "details"


@dataclass
class Imported:
    """What was read from somebody else's card."""

    format: str
    sections: dict[str, str] = field(default_factory=dict)
    unplaced: list[Unplaced] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def place(self, section: str, text: str) -> None:
        """Add to a section, after what it has already."""
        text = text.strip()
        if text:
            before = self.sections.get(section, "")
            self.sections[section] = f"{before}\n\n{text}" if before else text

    def leave(self, title: str, text: str, proposed: str = "details") -> None:
        """List what has no place."""
        if text.strip():
            self.unplaced.append(Unplaced(title, text.strip(), proposed))

    def leave_more(self, text: str) -> None:
        """Add to what was listed last."""
        last = self.unplaced[-1]
        self.unplaced[-1] = replace(last, text=f"{last.text}\n\n{text}".strip())
