"""What was counted of some rows: statistics that add up, under the names of what they are of."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from evaluations.metrics.counted_calibration import Forecast
from evaluations.metrics.groups import MOST_GROUPS, NOT_STATED, band_of, banded_from, in_order
from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.number_histogram import NumberHistogram
from evaluations.metrics.stability.counted import Categories
from evaluations.metrics.statistics import Sums
from evaluations.metrics.values import CannotMeasure

Key = tuple[str | None, ...]


class Part(NamedTuple):
    """What a statistic is of: all rows, or those where a sensitive column has the value (None: missing)."""

    what: str
    column: str = ""
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows by the values of the sensitive columns, label and prediction, as text and None where missing."""

    rows: Counter[Key]

    def __add__(self, other: "Tally") -> "Tally":
        """Those of both parts together."""
        return Tally(self.rows + other.rows)


Statistic = Tally | Categories | ScoreHistogram | NumberHistogram | Sums | Forecast


@dataclass(slots=True)
class Counted:
    """Statistics by what they are of. `columns` are the sensitive ones: `numeric` ones hold numbers, and of `banded`
    ones bands were counted. `left_out` rows had no label, on each side. `facts` are the same for all rows."""

    columns: tuple[str, ...]
    parts: dict[Part, Statistic] = field(default_factory=dict)
    numeric: set[str] = field(default_factory=set)
    banded: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    facts: dict[str, Any] = field(default_factory=dict)

    def __add__(self, other: "Counted") -> "Counted":
        """Those of both parts together."""
        total = Counted(
            self.columns,
            dict(self.parts),
            self.numeric | other.numeric,
            self.banded | other.banded,
            self.left_out + other.left_out,
            {**other.facts, **self.facts},
        )
        for part, statistic in other.parts.items():
            total.add(part, statistic)
        return total

    def add(self, part: Part, statistic: Statistic) -> None:
        """Add to what is there of the same."""
        there = self.parts.get(part)
        self.parts[part] = statistic if there is None else _sum(there, statistic)

    def band(self, name: str) -> None:
        """From now on bands of this column are counted; what was counted by number is put into them."""
        if name in self.banded:
            return
        self.banded.add(name)
        before, self.parts = self.parts, {}
        place = self.columns.index(name)
        for part, statistic in before.items():
            if isinstance(statistic, Tally) and part.column == "":
                self.add(part, _banded(statistic, place))
            else:
                self.add(part._replace(value=banded(part.value)) if part.column == name else part, statistic)

    def settled(self) -> "Counted":
        """The same with numbers in bands where there are many different ones, as when all rows are at hand. Raises
        CannotMeasure where a column has too many different values."""
        found = replace(self, parts=dict(self.parts), banded=set())
        for place, name in enumerate(self.columns):
            there = self._values(place, name)
            if name in self.banded or (name in self.numeric and banded_from(len(there))):
                found.band(name)
            elif len(there) > MOST_GROUPS:
                raise too_many(name, len(there))
        return found

    def _values(self, place: int, name: str) -> set[str]:
        values = {part.value for part in self.parts if part.column == name}
        for part, statistic in self.parts.items():
            if isinstance(statistic, Tally) and part.column == "":
                values |= {key[place] for key in statistic.rows}
        return {value for value in values if value is not None}

    def slices(self, what: str) -> list[tuple[str, str, Any]]:
        """Column, value and statistic of each group of rows, in a readable order."""
        found = []
        for column in self.columns:
            named = {
                NOT_STATED if part.value is None else part.value: statistic
                for part, statistic in self.parts.items()
                if part.what == what and part.column == column
            }
            found += [(column, value, named[value]) for value in in_order(named)]
        return found

    def under(self, prefix: str) -> dict[str, Any]:
        """The statistics whose names begin so, without what they begin with."""
        return {
            part.what.removeprefix(prefix): found
            for part, found in self.parts.items()
            if part.what.startswith(prefix)
        }

    def get(self, what: str) -> Any:
        """The statistic of all rows; None where nothing was counted."""
        return self.parts.get(Part(what))

    def tally(self, what: str = "cells") -> Mapping[Key, int]:
        """Rows by group, label and prediction."""
        held = self.get(what)
        return held.rows if isinstance(held, Tally) else {}


def banded(text: str | None) -> str | None:
    """The band of a number's text; a band stays what it is."""
    try:
        return None if text is None else band_of(float(text))
    except ValueError:
        return text


def too_many(name: str, number: int, more: str = "") -> CannotMeasure:
    """A sensitive column that has no groups to compare."""
    return CannotMeasure(
        f"Column {name} has {number:,} different values{more}; a sensitive column may have at most {MOST_GROUPS}."
    )


def _banded(tally: Tally, place: int) -> Tally:
    found: Counter[Key] = Counter()
    for key, rows in tally.rows.items():
        found[*key[:place], banded(key[place]), *key[place + 1 :]] += rows
    return Tally(found)


def _sum(one: Any, other: Any) -> Statistic:
    if type(one) is not type(other):
        raise CannotMeasure("Counts of different things cannot be added.")
    total: Statistic = one + other
    return total
