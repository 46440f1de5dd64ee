"""Fairness of a classification into several classes: each class against the others, and the mean over classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluations.metrics import bootstrap
from evaluations.metrics.fairness.attributes import (
    Attribute,
    Settings,
    combined,
    largest,
    listed,
    name_of,
    singles,
    smallest,
    title,
)
from evaluations.metrics.fairness.cells import BINARY, DRAWS, GroupCells, Numbers
from evaluations.metrics.fairness.measured import references
from evaluations.metrics.fairness.rates import Gap, counts_of, hits_and_n, rate, spread, widest
from evaluations.metrics.fairness.tables import bounds_of
from evaluations.metrics.fairness.words import BOOTSTRAP, reference
from evaluations.metrics.groups import BANDS_CONVENTION, coded
from evaluations.metrics.multiclass import Multiclass
from evaluations.metrics.values import CannotMeasure, Column, Estimate, Group, Measured, Table

MOST_CLASSES = 50
MOST_OF_GROUPS = 10
"""Selection rates of so many classes stand in each group's row; the table of classes has them all."""
MEASURED = ("selection_rate", "true_positive_rate")
SAID = {
    "accuracy": "Part that is predicted right. Wilson 95% interval.",
    "accuracy_difference": "Largest difference of accuracy within an attribute, among groups with enough "
    "rows. Newcombe "
    "95% interval of that pair, cut at 0.",
    "class_selection_difference": "Of each class, the part of a group that is predicted to be in it: the "
    "largest difference "
    "within an attribute, of the class and attribute where it is largest. Newcombe 95% interval of that "
    "pair, cut at 0.",
    "class_selection_ratio": "The lowest of these parts as a part of the highest, of the class and "
    "attribute where it is "
    "lowest. Katz 95% interval of that pair. It is a statistic; it does not decide whether the law is met.",
    "macro_selection_difference": f"Mean over the classes of that difference, of the attribute where it is "
    f"largest. {BOOTSTRAP}",
    "macro_true_positive_difference": "Mean over the classes of the largest difference in how often rows of "
    "the class are "
    f"found, of the attribute where it is largest; classes without two groups to compare are left out. {BOOTSTRAP}",
}


@dataclass(frozen=True, slots=True)
class _Classes:
    """What the classes of one attribute come to: the gap of each in how often it is predicted, and the means."""

    gaps: Sequence[Gap | None]
    macro_selection: Estimate
    macro_hits: Estimate


def fairness(data: Multiclass, sensitive: Mapping[str, Any], settings: Settings | None = None) -> Measured:
    """Rates of each class in each group of each attribute and of attributes together."""
    if len(data.labels) > MOST_CLASSES:
        raise too_many_classes(len(data.labels))
    columns = {name: coded(name, values) for name, values in sensitive.items()}
    banded = tuple(name for name, found in columns.items() if found.banded)
    cells = GroupCells.from_codes(columns, data.actual, data.predicted, tuple(data.labels))
    return of_counts(cells, replace(settings or Settings(), banded=banded))


def of_counts(cells: GroupCells, settings: Settings) -> Measured:
    """All that follows from counts of group × label × prediction."""
    right = _right(cells)
    attributes = singles(right, settings)
    together, notes = combined(right, settings)
    groups = []
    for one in [*attributes, *together]:
        places, more = listed(one, one.sizes)
        notes += more
        groups += _groups(one, cells.over(one.columns), places)
    found = [_of_attribute(one, cells.over(one.columns), settings) for one in attributes]
    overall = {
        "accuracy": rate(counts_of(right.over([]).counts, "selection_rate")[0]),
        "accuracy_difference": largest(
            [gap.difference for one in attributes if (gap := widest(one.counts("selection_rate"), one.min_n))]
        ),
        "class_selection_difference": largest([gap.difference for part in found for gap in part.gaps if gap]),
        "class_selection_ratio": smallest([gap.ratio for part in found for gap in part.gaps if gap]),
        "macro_selection_difference": largest([part.macro_selection for part in found]),
        "macro_true_positive_difference": largest([part.macro_hits for part in found]),
        "groups_too_small": _too_small(attributes),
    }
    said = {
        **SAID,
        "groups_too_small": f"Groups of an attribute with fewer than {settings.min_n} rows.",
        "reference": f"By accuracy. {reference(attributes)}",
        "groups": f"Groups of fewer than {settings.min_n} rows are shown and not judged. Rates have Wilson "
        f"95% intervals.",
    }
    if settings.banded:
        said["bands"] = f"{', '.join(settings.banded)}: {BANDS_CONVENTION}"
    table = _table(attributes, found, cells.classes)
    return Measured(
        overall,
        dict(sorted(said.items())),
        groups,
        {
            "min_n": settings.min_n,
            "references": references([*attributes, *together]),
            "class_gaps": _curve(attributes, found, cells.classes),
        },
        tables=[table] if table.rows else [],
        notes=notes,
    )


def too_many_classes(number: int) -> CannotMeasure:
    """More classes than anybody compares by group."""
    return CannotMeasure(
        f"There are {number} classes; fairness is measured for at most {MOST_CLASSES}. Merge the rare ones."
    )


def one_against_rest(table: Numbers, place: int) -> Numbers:
    """Counts label × prediction of one class against all others, shape (…, 2, 2), of counts of shape (…, c, c)."""
    hits = table[..., place, place]
    missed, wrong = table[..., place, :].sum(axis=-1) - hits, table[..., :, place].sum(axis=-1) - hits
    rest = table.sum(axis=(-2, -1)) - hits - missed - wrong
    found: Numbers = np.stack([np.stack([rest, wrong], axis=-1), np.stack([missed, hits], axis=-1)], axis=-2)
    return found


def _right(cells: GroupCells) -> GroupCells:
    """Rows by group and by whether they are predicted right, as if that were the selection."""
    right = np.trace(cells.counts, axis1=1, axis2=2)
    table = np.zeros((len(right), 2, 2), cells.counts.dtype)
    table[:, 1, 1], table[:, 0, 0] = right, cells.sizes - right
    return GroupCells(cells.columns, cells.groups, BINARY, table, cells.left_out)


def _of_attribute(one: Attribute, cells: GroupCells, settings: Settings) -> _Classes:
    gaps, parts, drawn = [], [], cells.resampled(DRAWS, seed=settings.seed)
    for place in range(len(cells.classes)):
        table = one_against_rest(cells.counts, place)
        gaps.append(widest(counts_of(table, "selection_rate"), one.min_n))
        many = one_against_rest(drawn, place)
        parts.append([_largest_difference(table, many, name, one.min_n) for name in MEASURED])
    n = int(cells.counts.sum())
    return _Classes(gaps, _mean([part[0] for part in parts], n), _mean([part[1] for part in parts], n))


def _largest_difference(table: Numbers, many: Numbers, name: str, min_n: int) -> tuple[float, Numbers]:
    judged = hits_and_n(table, name)[1] >= max(min_n, 1)
    if judged.sum() < 2:
        return float("nan"), np.full(len(many), np.nan)
    return float(spread(table[None], name, judged)[0][0]), spread(many, name, judged)[0]


def _mean(parts: Sequence[tuple[float, Numbers]], n: int) -> Estimate:
    known = [part for part in parts if np.isfinite(part[0])]
    if not known:
        return Estimate(None, None, None, n)
    value = float(np.mean([part[0] for part in known]))
    low, high = bootstrap.bounds(value, np.mean([part[1] for part in known], axis=0))
    return Estimate(
        value, None if low is None else max(low, 0.0), None if high is None else min(high, 1.0), n
    )


def _groups(one: Attribute, cells: GroupCells, places: Sequence[int]) -> list[Group]:
    right = one.counts("selection_rate")
    by_class = [
        counts_of(one_against_rest(cells.counts, place), "selection_rate")
        for place in range(min(len(cells.classes), MOST_OF_GROUPS))
    ]
    found = []
    for at in places:
        metrics = {"accuracy": rate(right[at])}
        for label, counts in zip(cells.classes, by_class, strict=False):
            metrics[f"predicted {label}"] = rate(counts[at])
        by = dict(zip(one.columns, one.groups[at], strict=True))
        n = one.sizes[at]
        found.append(Group(by, n, metrics, reference=at == one.reference.place, too_few=n < one.min_n))
    return found


def _too_small(attributes: Sequence[Attribute]) -> Estimate:
    small = sum(size < one.min_n for one in attributes for size in one.sizes)
    return Estimate(float(small), None, None, sum(len(one.groups) for one in attributes))


def _curve(
    attributes: Sequence[Attribute], found: Sequence[_Classes], classes: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        {"column": title(one.columns), "class": label, "difference": gap.difference.value, "low": gap.difference.low,
         "high": gap.difference.high, "ratio": gap.ratio.value, "n": gap.difference.n,
         "lowest": name_of(one.groups[gap.lowest]), "highest": name_of(one.groups[gap.highest])}
        for one, part in zip(attributes, found, strict=True)
        for label, gap in zip(classes, part.gaps, strict=True)
        if gap is not None
    ]  # fmt: skip


def _table(attributes: Sequence[Attribute], found: Sequence[_Classes], classes: Sequence[str]) -> Table:
    rows: list[list[Any]] = [
        [title(one.columns), label, name_of(one.groups[gap.lowest]), name_of(one.groups[gap.highest]),
         gap.difference.value, bounds_of(gap.difference), gap.ratio.value]
        for one, part in zip(attributes, found, strict=True)
        for label, gap in zip(classes, part.gaps, strict=True)
        if gap is not None
    ]  # fmt: skip
    return Table(
        "class_gaps",
        "How often each class is predicted, by group",
        "Between the groups where the class is predicted least and most often, of those with enough rows.",
        (Column("Attribute"), Column("Class"), Column("Least often in"), Column("Most often in"),
         Column("Difference", "number"), Column("95% CI", "interval"), Column("Ratio", "number")),
        rows,
    )  # fmt: skip
