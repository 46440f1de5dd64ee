"""What people wrote about each model: purpose, tiering answers and card, one YAML file each in models/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import yaml
from pydantic import ConfigDict, TypeAdapter

from governance.demo.portfolio import STRICT, Kind, Tier

FOLDER = Path(__file__).resolve().parent / "models"


@dataclass(frozen=True)
class Profile:
    """A model's written part. Card texts hold placeholders such as {roc_auc:.3f} for what was measured."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    slug: str
    name: str
    kind: Kind
    business_line: str
    purpose: str
    decides: str
    expected_tier: Tier
    answers: Mapping[str, int]
    flags: tuple[str, ...]
    card: Mapping[str, str]
    other_cards: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # version -> sections that differ
    notes: Mapping[str, str] = field(default_factory=dict)

    def card_of(self, version: str, measured: Mapping[str, float]) -> dict[str, str]:
        """The card of this version with its own numbers. Raises KeyError for one that was not measured."""
        sections = {**self.card, **self.other_cards.get(version, {})}
        return {section: " ".join(text.format(**measured).split()) for section, text in sections.items()}


def load_profile(slug: str) -> Profile:
    """Read models/<slug>.yaml. Raises pydantic.ValidationError for missing, unknown or ill-typed fields."""
    return TypeAdapter(Profile).validate_python(
        yaml.safe_load((FOLDER / f"{slug}.yaml").read_text(encoding="utf-8"))
    )
