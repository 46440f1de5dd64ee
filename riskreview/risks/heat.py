"""The heat map of risks: five by five, before and after controls, each cell with its count and its address."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.urls import reverse

from policy.risk_scales import STEPS, Rating, RiskScales
from riskreview.risks.queries import RiskFilters

COLOURS: Mapping[str, str] = {"": "", "low": "lv1", "moderate": "lv2", "high": "lv4", "critical": "lv5"}


@dataclass(frozen=True)
class Cell:
    """One cell. `was` counts what stood here before controls, told where nothing stands after them."""

    level: str
    colour: str
    count: int
    was: int
    href: str
    said: str
    current: bool


@dataclass(frozen=True)
class Row:
    """One step of likelihood, with a cell for each impact."""

    word: str
    meaning: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Heat:
    """One of the two maps, most likely first."""

    view: str
    title: str
    impacts: tuple[tuple[str, str], ...]  # word and meaning
    rows: tuple[Row, ...]
    unrated: int


Moves = Iterable[tuple[Rating | None, Rating | None]]
"""Inherent and residual rating of each risk."""


def heat_maps(moves: Moves, scales: RiskScales, filters: RiskFilters) -> list[Heat]:
    """The map after controls and the map before them, of the same risks."""
    found = list(moves)
    before, after = Counter(move[0] for move in found), Counter(move[1] for move in found)
    return [
        _heat("residual", "After controls", after, before, scales, filters),
        _heat("inherent", "Before controls", before, Counter(), scales, filters),
    ]


def _heat(
    view: str,
    title: str,
    counts: Mapping[Rating | None, int],
    was: Mapping[Rating | None, int],
    scales: RiskScales,
    filters: RiskFilters,
) -> Heat:
    rows = []
    for likelihood in range(STEPS, 0, -1):
        step = scales.likelihood[likelihood - 1]
        cells = tuple(
            _cell((likelihood, impact), view, counts, was, scales, filters) for impact in range(1, STEPS + 1)
        )
        rows.append(Row(step.word, step.meaning, cells))
    impacts = tuple((step.word, step.meaning) for step in scales.impact)
    return Heat(view, title, impacts, tuple(rows), counts.get(None, 0))


def _cell(
    rating: Rating,
    view: str,
    counts: Mapping[Rating | None, int],
    was: Mapping[Rating | None, int],
    scales: RiskScales,
    filters: RiskFilters,
) -> Cell:
    likelihood, impact = rating
    count = counts.get(rating, 0)
    before = was.get(rating, 0) if not count else 0
    current = filters.cell == rating and filters.view == view
    target = replace(
        filters,
        view=view if count or not before else "inherent",
        likelihood="" if current else str(likelihood),
        impact="" if current else str(impact),
    )
    level = scales.level(rating)
    place = f"{scales.likelihood[likelihood - 1].word}, {scales.impact[impact - 1].word.lower()}: {level}"
    return Cell(
        level,
        COLOURS[level],
        count,
        before,
        f"{reverse('riskreview:risks')}?{target.address}",
        place,
        current,
    )
