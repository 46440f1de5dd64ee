"""The tier questionnaire as values: questions, flags, and the rules that turn answers into a tier."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal

WORST = 4
"""An unanswered question counts as the worst answer, so that silence never lowers a tier."""

Axis = Literal["materiality", "inherent"]
AXES: tuple[Axis, ...] = ("materiality", "inherent")


class Tier(StrEnum):
    """How much a wrong model can cost, from low to prohibited."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"
    PROHIBITED = "prohibited"

    @property
    def order(self) -> int:
        """1 for low up to 5 for prohibited."""
        return ORDER[self]


ORDER = {tier: place for place, tier in enumerate(Tier, 1)}


@dataclass(frozen=True)
class Question:
    """One question, answered 0 (harmless) to 4 (worst)."""

    id: str
    axis: Axis
    weight: int
    text: str
    answers: Mapping[int, str]
    sources: tuple[str, ...] = ()
    help: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """Its id as words."""
        return self.id.replace("_", " ")


@dataclass(frozen=True)
class Flag:
    """A fact that is either true of the use or not."""

    id: str
    label: str
    help: str


@dataclass(frozen=True)
class Override:
    """A rule that lifts the tier to a floor, whatever the scores say."""

    id: str
    floor: Tier
    why: str
    flags: tuple[str, ...] = ()
    unless: str | None = None
    when: Mapping[str, int] = field(default_factory=dict)
    effect: str = ""

    def applies(self, answers: Mapping[str, int], flags: Collection[str]) -> bool:
        """Whether all its flags are set, and each answer it names is at least that bad."""
        return (
            all(flag in flags for flag in self.flags)
            and (self.unless is None or self.unless not in flags)
            and all(answers[question] >= least for question, least in self.when.items())
        )


@dataclass(frozen=True)
class Band:
    """A range of axis scores, from `from_score` (0 to 100) up to the next band."""

    id: str
    from_score: Fraction

    @property
    def name(self) -> str:
        """Its id as words."""
        return self.id.replace("_", " ")


@dataclass(frozen=True)
class Questionnaire:
    """One version of the questionnaire. `months` says how long a confirmed tier stands before it is looked at again."""

    id: str
    version: int
    digest: str
    questions: tuple[Question, ...]
    flags: tuple[Flag, ...]
    overrides: tuple[Override, ...]
    bands: tuple[Band, ...]
    matrix: Mapping[str, Mapping[str, Tier]]
    months: Mapping[str, int]
    method: Mapping[str, str] = field(default_factory=dict)

    def of_axis(self, axis: Axis) -> tuple[Question, ...]:
        """The questions of one axis."""
        return tuple(item for item in self.questions if item.axis == axis)

    def why(self, rule: Override) -> str:
        """What makes an override apply, in words: the facts ticked and the answers given."""
        labels = {item.id: item.label for item in self.flags}
        texts = {item.id: item for item in self.questions}
        parts = [f"“{labels[name]}” is ticked" for name in rule.flags]
        parts += [f"{texts[name].name} is answered {least} or worse" for name, least in rule.when.items()]
        if rule.unless:
            parts.append(f"“{labels[rule.unless]}” is not ticked")
        return ", ".join(parts)
