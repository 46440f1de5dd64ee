"""Know which sections a model card has, and from which tier on each is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from policy.tiering import Tier

DEFAULT = Path(__file__).with_name("cards.yaml")
LEAST_CHARACTERS = 20
"""Shorter text ("n/a", "to do") says nothing, so the section counts as missing."""


@dataclass(frozen=True)
class Section:
    """A part of the card. `items` are what a good text speaks about; they help the writer and are not counted."""

    id: str
    title: str
    help: str
    items: tuple[str, ...]
    required_from: Tier


@dataclass(frozen=True)
class CardSchema:
    """The sections of a model card, in the order in which they are shown."""

    id: str
    version: int
    sections: tuple[Section, ...]

    def required(self, tier: Tier | str) -> tuple[Section, ...]:
        """Return the sections that a tier asks for."""
        least = Tier(tier).order
        return tuple(section for section in self.sections if section.required_from.order <= least)


@cache
def load_card_schema(path: Path = DEFAULT) -> CardSchema:
    """Return the card schema that a file describes."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return CardSchema(
        id=content["id"],
        version=content["version"],
        sections=tuple(
            Section(
                id=item["id"],
                title=item["title"],
                help=item["help"],
                items=tuple(item["items"]),
                required_from=Tier(item["required_from"]),
            )
            for item in content["sections"]
        ),
    )


def complete(text: str) -> bool:
    """Whether a section's text says enough to count."""
    return len(text.strip()) >= LEAST_CHARACTERS


def missing_sections(
    schema: CardSchema, sections: Mapping[str, str], tier: Tier | str
) -> tuple[Section, ...]:
    """Return the sections that a tier asks for and that say too little."""
    return tuple(item for item in schema.required(tier) if not complete(sections.get(item.id, "")))
