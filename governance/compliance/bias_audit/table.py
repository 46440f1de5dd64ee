"""The tables of a bias audit as 6 RCNY 5-301 asks for them, from counts. Pure: no database, no clock.

Rates: those selected, or those who score above the median of all, as a part of a category. Impact ratio: that rate
divided by the rate of the category that is selected most, or scores highest, among those that are not left out.
Beside each ratio, which is all that the rule asks for, stands its 95% interval.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evaluations.metrics.closed_form import UNDEFINED, katz

LEAST_SHARE = 0.02
"""6 RCNY 5-301(d): a category with less than 2% of the data may be left out of the impact ratios, with the reason."""
SEXES = ("Male", "Female", "Other")
RACES = (
    "Hispanic or Latino",
    "White",
    "Black or African American",
    "Native Hawaiian or Pacific Islander",
    "Asian",
    "Native American or Alaska Native",
    "Two or More Races",
)
"""The categories of EEO-1 Component 1; all races but the first mean "not Hispanic or Latino"."""
CATEGORIES: Mapping[str, tuple[str, ...]] = {"sex": SEXES, "race": RACES}
TITLES = {"sex": "Sex", "race": "Race and ethnicity", "both": "Sex together with race and ethnicity"}
BETWEEN = " · "


@dataclass(frozen=True)
class Count:
    """People of a group: values of the columns (sex, race, or both), how many, and how many of them are hits."""

    values: tuple[str, ...]
    n: int
    hits: int


@dataclass(frozen=True)
class Line:
    """One category. `ratio` is None where it is left out, or where nobody was selected at all.

    `low` and `high` are the ends of its interval; None for the category that the others are compared with, too.
    """

    category: str
    n: int
    hits: int
    share: float
    ratio: float | None
    left_out: bool
    low: float | None = None
    high: float | None = None

    @property
    def rate(self) -> float:
        """Hits as a part of the category."""
        return self.hits / self.n

    @property
    def small(self) -> bool:
        """Whether the rule lets it be left out."""
        return self.share < LEAST_SHARE


@dataclass(frozen=True)
class AuditTable:
    """One of the three tables. `unknown`: people whose category is not known, who are in no line."""

    id: str
    title: str
    lines: tuple[Line, ...]
    unknown: int


def audit_table(
    part: str,
    counts: Sequence[Count],
    categories: Sequence[Mapping[str, str]],
    *,
    total: int,
    left_out: Collection[str] = (),
) -> AuditTable:
    """The lines of one table. `categories` maps the values of each column; what maps to "" is unknown.

    `total` is all people of the data, by which shares are taken.
    """
    merged: dict[str, tuple[int, int]] = {}
    unknown = total - sum(count.n for count in counts)
    for count in counts:
        named = [known.get(value, "") for value, known in zip(count.values, categories, strict=True)]
        if not all(named):
            unknown += count.n
            continue
        n, hits = merged.get(BETWEEN.join(named), (0, 0))
        merged[BETWEEN.join(named)] = (n + count.n, hits + count.hits)
    known = {name: found for name, found in merged.items() if found[0]}
    skipped = {name for name in left_out if name in known and known[name][0] < LEAST_SHARE * total}
    return AuditTable(part, TITLES[part], tuple(_lines(known, skipped, total)), unknown)


def _lines(known: Mapping[str, tuple[int, int]], skipped: Collection[str], total: int) -> Iterator[Line]:
    """In the order of the law. Of equal rates the first is the one that the others are compared with."""
    names = sorted(known, key=_place)
    compared = [name for name in names if name not in skipped and known[name][1]]
    highest = max(compared, key=lambda name: known[name][1] / known[name][0], default="")
    for name in names:
        n, hits = known[name]
        ratio, (low, high) = None, UNDEFINED
        if highest and name not in skipped:
            most_n, most_hits = known[highest]
            ratio = hits / n / (most_hits / most_n)
            low, high = UNDEFINED if name == highest else katz(hits, n, most_hits, most_n)
        yield Line(name, n, hits, n / total, ratio, name in skipped, low, high)


def _place(category: str) -> tuple[int, ...]:
    order = (*SEXES, *RACES)
    return tuple(order.index(name) for name in category.split(BETWEEN))
