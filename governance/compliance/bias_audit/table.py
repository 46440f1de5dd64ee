"""The tables of a bias audit as 6 RCNY 5-301 asks for them, from counts. Pure: no database, no clock.

Rates: those selected, or those who score above the median of all, as a part of a category. Impact ratio: that rate
divided by the rate of the category that is selected most, or scores highest, among those that are not left out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

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
    """One category. `ratio` is None where it is left out, or where nobody was selected at all."""

    category: str
    n: int
    hits: int
    share: float
    ratio: float | None
    left_out: bool

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
    highest = max((hits / n for name, (n, hits) in known.items() if name not in skipped), default=0.0)
    lines = [
        Line(
            category=name,
            n=n,
            hits=hits,
            share=n / total,
            ratio=None if name in skipped or not highest else hits / n / highest,
            left_out=name in skipped,
        )
        for name, (n, hits) in known.items()
    ]
    return AuditTable(part, TITLES[part], tuple(sorted(lines, key=_place)), unknown)


def _place(line: Line) -> tuple[int, ...]:
    order = (*SEXES, *RACES)
    return tuple(order.index(name) for name in line.category.split(BETWEEN))
