"""Which groups are compared with which: each attribute, attributes together, the reference group, who is too few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Protocol

import numpy as np

from evaluations.metrics.fairness.cells import GroupCells, Key
from evaluations.metrics.fairness.rates import Counts, counts_of, hits_and_n
from evaluations.metrics.groups import band_of, text_of
from evaluations.metrics.values import FEW_ROWS, Bools, CannotMeasure, Estimate

MOST_PAIRS = 10
MOST_LISTED = 60
"""Of attributes together so many groups are listed, the largest."""
LISTED = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """How groups are judged: the fewest rows, the groups that the data set compares with ({column: group}), where the
    random numbers begin, which columns were put into bands."""

    min_n: int = FEW_ROWS
    references: Mapping[str, str] = field(default_factory=dict)
    seed: int = 1
    banded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """The place of the group that others are compared with: `stated` by the data set, or with the highest value."""

    place: int | None
    stated: bool = False


class Compared(Protocol):
    """Groups of an attribute, or of several together."""

    @property
    def columns(self) -> Key: ...
    @property
    def groups(self) -> tuple[Key, ...]: ...
    @property
    def reference(self) -> Reference: ...


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute, or several together, with the counts of its groups."""

    cells: GroupCells
    reference: Reference
    min_n: int

    @property
    def columns(self) -> Key:
        """One or more."""
        return self.cells.columns

    @property
    def groups(self) -> tuple[Key, ...]:
        """Values of the columns."""
        return self.cells.groups

    @property
    def sizes(self) -> list[int]:
        """Rows of each group."""
        return [int(size) for size in self.cells.sizes.tolist()]

    def counts(self, rate: str) -> list[Counts]:
        """Hits and denominators of a rate by group."""
        return counts_of(self.cells.counts, rate)

    def judged(self, rate: str) -> Bools:
        """Groups whose denominator is large enough for the rate, shape (groups,)."""
        found: Bools = np.asarray(hits_and_n(self.cells.counts, rate)[1] >= max(self.min_n, 1))
        return found

    def compared(self) -> list[int]:
        """Places of the groups that are set against the reference: large enough, and not the reference itself."""
        if self.reference.place is None:
            return []
        return [int(p) for p in np.flatnonzero(self.judged("selection_rate")) if p != self.reference.place]


def singles(cells: GroupCells, settings: Settings) -> list[Attribute]:
    """Each attribute by itself. Raises CannotMeasure where one has a single group."""
    found = []
    for column in cells.columns:
        part = cells.over([column])
        refuse_one_group(column, part.groups)
        found.append(_attribute(part, settings))
    return found


def combined(cells: GroupCells, settings: Settings) -> tuple[list[Attribute], list[str]]:
    """Every two attributes together, at most MOST_PAIRS, then all of them; and what was left out, in words."""
    sets, notes = sets_of(cells.columns)
    return [_attribute(cells.over(columns), settings) for columns in sets], notes


def sets_of(columns: Key) -> tuple[list[Key], list[str]]:
    """The attributes that are looked at together, and what was left out, in words."""
    pairs = list(combinations(columns, 2))
    notes = []
    if len(pairs) > MOST_PAIRS:
        notes.append(
            f"{len(columns)} attributes make {len(pairs)} pairs. The first {MOST_PAIRS} are shown, and all "
            f"attributes "
            "together."
        )
    return pairs[:MOST_PAIRS] + ([columns] if len(columns) > 2 else []), notes


def listed(found: Compared, sizes: Sequence[int]) -> tuple[list[int], list[str]]:
    """The groups that are listed, in their order: all of an attribute, the largest of a combination; and a note on the
    others."""
    places = list(range(len(found.groups)))
    if len(found.columns) == 1 or len(places) <= MOST_LISTED:
        return places, []
    largest = sorted(places, key=lambda place: (-sizes[place], place))
    left = largest[MOST_LISTED:]
    note = (
        f"{title(found.columns)} have {len(places):,} groups together. The {MOST_LISTED} largest are "
        f"listed; the other "
        f"{len(left):,} hold {sum(sizes[place] for place in left):,} rows."
    )
    return sorted(largest[:MOST_LISTED]), [note]


def pick(
    columns: Key,
    groups: Sequence[Key],
    sizes: Sequence[float],
    values: Sequence[float | None],
    settings: Settings,
) -> Reference:
    """The stated reference group; else, of those that are large enough, the one with the highest value, of equals the
    larger one. Raises CannotMeasure where an attribute's stated group is missing or too small."""
    enough = [place for place, size in enumerate(sizes) if size >= max(settings.min_n, 1)]
    stated = _stated(columns, settings)
    if stated is not None:
        place = groups.index(stated) if stated in groups else None
        if place in enough:
            return Reference(place, stated=True)
        if len(columns) == 1:
            raise CannotMeasure(_no_reference(columns[0], stated[0], groups, sizes, place, settings.min_n))
    known = [
        (value, sizes[place], groups[place], place)
        for place in enough
        if (value := values[place]) is not None
    ]
    return Reference(max(known)[3]) if known else Reference(None)


def refuse_one_group(column: str, groups: Sequence[Key]) -> None:
    """A column that says the same of everybody divides nobody."""
    if len(groups) == 1:
        raise CannotMeasure(
            f"Column {column} says {groups[0][0]} in every row, so there are no groups to compare. Measure "
            f"on rows of "
            "other groups too, or register the data set without this sensitive column."
        )


def title(columns: Key) -> str:
    """Columns in words: "sex", "sex and race", "sex, race and age"."""
    return " and ".join([", ".join(columns[:-1]), columns[-1]] if len(columns) > 1 else columns)


def name_of(group: Key) -> str:
    """A group in words."""
    return " · ".join(group)


def largest(found: Sequence[Estimate], *, need_all: bool = False) -> Estimate:
    """The one with the highest value."""
    known = [estimate for estimate in found if estimate.value is not None]
    if not known or (need_all and len(known) < len(found)):
        return Estimate(None, None, None, 0)
    return max(known, key=lambda estimate: estimate.value or 0.0)


def smallest(found: Sequence[Estimate]) -> Estimate:
    """The one with the lowest value."""
    known = [estimate for estimate in found if estimate.value is not None]
    return min(known, key=lambda estimate: estimate.value or 0.0, default=Estimate(None, None, None, 0))


def _attribute(part: GroupCells, settings: Settings) -> Attribute:
    rates = [found.rate if found.n else None for found in counts_of(part.counts, "selection_rate")]
    reference = pick(part.columns, part.groups, part.sizes.tolist(), rates, settings)
    return Attribute(part, reference, settings.min_n)


def _stated(columns: Key, settings: Settings) -> Key | None:
    if any(column not in settings.references for column in columns):
        return None
    return tuple(_level(column, settings.references[column], settings) for column in columns)


def _level(column: str, value: str, settings: Settings) -> str:
    """The group that a stated value belongs to: of a column in bands, the band of the number."""
    if column in settings.banded:
        try:
            return band_of(float(value))
        except ValueError:
            return value
    return text_of(value)


def _no_reference(
    column: str, stated: str, groups: Sequence[Key], sizes: Sequence[float], place: int | None, min_n: int
) -> str:
    if place is None:
        there = ", ".join(group[0] for group in groups[:LISTED])
        return (
            f"The data set compares with {stated} in column {column}, which no measured row says; the "
            f"groups there are "
            f"{there}. State another reference group."
        )
    return (
        f"The data set compares with {stated} in column {column}, which has {sizes[place]:,.0f} rows, fewer than the "
        f"{min_n} that a group needs to be judged. State another reference group, or measure on more rows."
    )
