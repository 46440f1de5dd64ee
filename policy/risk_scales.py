"""Know the scales that risks are rated on: words, the matrix of levels, and who may accept what remains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policy.requirement import SIGNING_ROLES

RISK_LEVELS = ("low", "moderate", "high", "critical")
"""Levels of a risk, from the least."""

DEFAULT = Path(__file__).with_name("risk_scales.yaml")
STEPS = 5
LONGEST_WORD = 24
LONGEST_MEANING = 120
LONGEST_ACCEPTANCE = 730
"""No acceptance outlives two years, whatever the scales say."""

Rating = tuple[int, int]
"""Likelihood and impact, each 1 to 5."""


class ScalesError(ValueError):
    """Scales that do not say exactly what they mean; `place` names the part."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(problem)
        self.place = place


@dataclass(frozen=True)
class Step:
    """One of five steps of likelihood or impact."""

    word: str
    meaning: str


@dataclass(frozen=True)
class Acceptance:
    """Whose acceptance a level needs, and for how many days it holds at most."""

    role: str
    days: int


@dataclass(frozen=True)
class RiskScales:
    """One version of the scales. `matrix[likelihood - 1][impact - 1]` is a level."""

    version: int
    likelihood: tuple[Step, ...]
    impact: tuple[Step, ...]
    matrix: tuple[tuple[str, ...], ...]
    acceptance: Mapping[str, Acceptance]

    def level(self, rating: Rating | None) -> str:
        """Return the level of a rating; nothing for what is not rated."""
        if rating is None:
            return ""
        likelihood, impact = rating
        return self.matrix[likelihood - 1][impact - 1]

    def cells(self, level: str) -> tuple[Rating, ...]:
        """Return the ratings that have this level."""
        every = [(row, column) for row in range(1, STEPS + 1) for column in range(1, STEPS + 1)]
        return tuple(rating for rating in every if self.level(rating) == level)

    def plain(self) -> dict[str, Any]:
        """Return the content as JSON values: what is stored, and what `read_scales` reads."""
        return {
            "version": self.version,
            "likelihood": [{"word": step.word, "meaning": step.meaning} for step in self.likelihood],
            "impact": [{"word": step.word, "meaning": step.meaning} for step in self.impact],
            "matrix": [list(row) for row in self.matrix],
            "acceptance": {
                level: {"role": rule.role, "days": rule.days} for level, rule in self.acceptance.items()
            },
        }


def order(level: str) -> int:
    """Return 1 for low up to 4 for critical, 0 for no level."""
    return RISK_LEVELS.index(level) + 1 if level in RISK_LEVELS else 0


@cache
def default_scales() -> RiskScales:
    """Return the scales that the product comes with."""
    return read_scales(yaml.safe_load(DEFAULT.read_text(encoding="utf-8")))


def read_scales(content: Mapping[str, Any]) -> RiskScales:
    """Return the scales that plain values describe, or raise ScalesError."""
    return RiskScales(
        version=_whole(content.get("version"), 1, 1_000_000, "version"),
        likelihood=_steps(content.get("likelihood"), "likelihood"),
        impact=_steps(content.get("impact"), "impact"),
        matrix=_matrix(content.get("matrix")),
        acceptance=_acceptance(content.get("acceptance")),
    )


def _whole(value: object, least: int, most: int, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ScalesError(place, f"Write a whole number from {least} to {most:,}.")
    return value


def _steps(value: object, place: str) -> tuple[Step, ...]:
    rows = _list_of(value, place)
    steps = tuple(_step(row, f"{place}.{number}") for number, row in enumerate(rows, start=1))
    words = [step.word.casefold() for step in steps]
    for number, word in enumerate(words, start=1):
        if words.index(word) != number - 1:
            raise ScalesError(f"{place}.{number}", f'"{steps[number - 1].word}" stands twice.')
    return steps


def _step(row: object, place: str) -> Step:
    given = row if isinstance(row, Mapping) else {}
    if unknown := set(given) - {"word", "meaning"}:
        raise ScalesError(place, f'A step has a word and a meaning, and no "{min(map(str, unknown))}".')
    word, meaning = str(given.get("word", "")).strip(), str(given.get("meaning", "")).strip()
    if not 1 <= len(word) <= LONGEST_WORD:
        raise ScalesError(place, f"Write a word of 1 to {LONGEST_WORD} characters.")
    if not 1 <= len(meaning) <= LONGEST_MEANING:
        raise ScalesError(place, f"Say in 1 to {LONGEST_MEANING} characters what “{word}” means.")
    return Step(word, meaning)


def _list_of(value: object, place: str) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != STEPS:
        raise ScalesError(place, f"There must be {STEPS}.")
    return value


def _matrix(value: object) -> tuple[tuple[str, ...], ...]:
    rows = tuple(tuple(str(level) for level in _list_of(row, "matrix")) for row in _list_of(value, "matrix"))
    for likelihood, row in enumerate(rows):
        for impact, level in enumerate(row):
            place = f"matrix.{likelihood + 1}.{impact + 1}"
            if level not in RISK_LEVELS:
                raise ScalesError(place, f'"{level}" is no level. Choose one of {", ".join(RISK_LEVELS)}.')
            below = [rows[likelihood - 1][impact]] if likelihood else []
            below += [row[impact - 1]] if impact else []
            if any(order(level) < order(other) for other in below):
                raise ScalesError(place, f"{level.capitalize()} stands above something worse than it.")
    return rows


def _acceptance(value: object) -> dict[str, Acceptance]:
    given = value if isinstance(value, Mapping) else {}
    if unknown := sorted(set(given) - set(RISK_LEVELS)):
        raise ScalesError("acceptance", f'"{unknown[0]}" is no level.')
    found = {}
    for level in RISK_LEVELS:
        rule = given.get(level)
        rule = rule if isinstance(rule, Mapping) else {}
        role = str(rule.get("role", ""))
        if role not in SIGNING_ROLES:
            roles = ", ".join(SIGNING_ROLES)
            raise ScalesError(f"acceptance.{level}", f"Choose whose acceptance {level} needs: {roles}.")
        days = _whole(rule.get("days"), 1, LONGEST_ACCEPTANCE, f"acceptance.{level}")
        found[level] = Acceptance(role, days)
    return found
