"""Rates by group and how far apart they are.

fairlearn's MetricFrame walks every row in Python, 3 µs each, per metric. It gives the very same numbers on
one row per cell (group × truth × prediction) with the cell's count as its weight, so that is what it is
asked.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import accuracy_score

from evaluations.metrics.binary import Binary, rate
from evaluations.metrics.groups import BANDS_CONVENTION, grouped, intersection
from evaluations.metrics.intervals import katz, newcombe, wilson
from evaluations.metrics.values import FEW_ROWS, Bools, Estimate, Group, Measured

RATES: Mapping[str, Callable[..., float]] = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "accuracy": accuracy_score,
}
NOTHING = Estimate(None, None, None, 0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits out of n rows, for one rate of one group."""

    hits: int
    n: int


Key = tuple[str, ...]
ByGroup = Mapping[Key, Mapping[str, Counts]]


def fairness(
    data: Binary, sensitive: Mapping[str, np.ndarray[Any, Any]], *, min_n: int = FEW_ROWS
) -> Measured:
    """Rates of each group of each sensitive attribute, and of the first two attributes together."""
    tables: list[tuple[Key, ByGroup]] = []
    groups: list[Group] = []
    rows: dict[str, dict[str, Bools]] = {}
    banded = []
    for name, values in sensitive.items():
        rows[name], has_bands = grouped(name, values)
        banded += [name] * has_bands
        tables.append(
            ((name,), counts_by_group(data, {(value,): part for value, part in rows[name].items()}))
        )
    overall = _overall(data, [table for _, table in tables], min_n)
    if len(rows) > 1:
        first, second = list(rows)[:2]
        pairs = intersection(rows[first], rows[second])
        tables.append(((first, second), counts_by_group(data, pairs)))
    for columns, table in tables:
        groups += _groups(columns, table, data, rows, min_n)
    return Measured(overall, _conventions(min_n, banded), groups)


def counts_by_group(data: Binary, groups: Mapping[Key, Bools]) -> dict[Key, dict[str, Counts]]:
    """For each group the hits and the denominator of each rate."""
    found = {}
    for key, rows in groups.items():
        tn, fp, fn, tp = (
            int(count) for count in np.bincount(data.actual[rows] * 2 + data.predicted[rows], minlength=4)
        )
        n = tn + fp + fn + tp
        found[key] = {
            "selection_rate": Counts(tp + fp, n),
            "true_positive_rate": Counts(tp, tp + fn),
            "false_positive_rate": Counts(fp, fp + tn),
            "accuracy": Counts(tp + tn, n),
        }
    return found


def rates_by_group(data: Binary, groups: Mapping[Key, Bools]) -> dict[Key, dict[str, float]]:
    """fairlearn's rates for each group."""
    names = list(groups)
    place = np.full(len(data.actual), -1, dtype=np.int64)
    for index, name in enumerate(names):
        place[groups[name]] = index
    cell, counts = np.unique(place * 4 + data.actual * 2 + data.predicted, return_counts=True)
    inside = cell >= 0
    cell, weights = cell[inside], counts[inside]
    with warnings.catch_warnings():  # a group without positives has no true positive rate; its count says so
        warnings.simplefilter("ignore")
        frame = MetricFrame(
            metrics=dict(RATES),
            y_true=cell // 2 % 2,
            y_pred=cell % 2,
            sensitive_features={"group": cell // 4},
            sample_params={name: {"sample_weight": weights} for name in RATES},
        ).by_group
    return {
        names[int(index)]: {name: float(frame.loc[index, name]) for name in RATES} for index in frame.index
    }


def reference_of(table: ByGroup, min_n: int) -> Key | None:
    """The group with the highest selection rate among those that are large enough; of equals the larger
    one."""
    enough = {
        key: counts["selection_rate"] for key, counts in table.items() if counts["selection_rate"].n >= min_n
    }
    if not enough:
        return None
    return max(enough, key=lambda key: (enough[key].hits / enough[key].n, enough[key].n, key))


def ratio(counts: Counts, reference: Counts) -> Estimate:
    """Ratio of two rates with Katz's interval. From whole counts: 12/20 to 15/20 is 0.8, not
    0.7999999999999999."""
    if counts.n == 0 or reference.n == 0 or reference.hits == 0:
        return Estimate(None, None, None, counts.n)
    value = (counts.hits * reference.n) / (counts.n * reference.hits)
    low, high = katz(counts.hits, counts.n, reference.hits, reference.n)
    return Estimate(value, low, high, counts.n)


def widest(table: ByGroup, name: str, min_n: int) -> Estimate:
    """Highest less lowest rate, with Newcombe's interval of that pair; groups with a small denominator are
    left out."""
    enough = sorted(
        (counts[name] for counts in table.values() if counts[name].n >= max(min_n, 1)),
        key=lambda c: c.hits / c.n,
    )
    if len(enough) < 2:
        return NOTHING
    lowest, highest = enough[0], enough[-1]
    low, high = newcombe(highest.hits, highest.n, lowest.hits, lowest.n)
    value = highest.hits / highest.n - lowest.hits / lowest.n
    return Estimate(value, None if low is None else max(low, 0.0), high, highest.n + lowest.n)


def _overall(data: Binary, tables: list[ByGroup], min_n: int) -> dict[str, Estimate]:
    n = len(data.actual)
    lowest = [found for table in tables if (found := _lowest_ratio(table, min_n)).value is not None]
    differences = {name: _largest([widest(table, name, min_n) for table in tables]) for name in RATES}
    return {
        "selection_rate": rate(int(data.predicted.sum()), n),
        "accuracy": rate(int((data.predicted == data.actual).sum()), n),
        "selection_rate_ratio": min(lowest, key=lambda found: found.value or 0.0, default=NOTHING),
        "selection_rate_difference": differences["selection_rate"],
        "equalized_odds_difference": _largest(
            [differences["true_positive_rate"], differences["false_positive_rate"]], need_all=True
        ),
        "equal_opportunity_difference": differences["true_positive_rate"],
    }


def _lowest_ratio(table: ByGroup, min_n: int) -> Estimate:
    reference = reference_of(table, min_n)
    others = [
        ratio(counts["selection_rate"], table[reference]["selection_rate"])
        for key, counts in table.items()
        if reference is not None and key != reference and counts["selection_rate"].n >= min_n
    ]
    known = [found for found in others if found.value is not None]
    return min(known, key=lambda found: found.value or 0.0, default=NOTHING)


def _largest(found: list[Estimate], *, need_all: bool = False) -> Estimate:
    known = [estimate for estimate in found if estimate.value is not None]
    if need_all and len(known) < len(found):
        return NOTHING
    return max(known, key=lambda estimate: estimate.value or 0.0, default=NOTHING)


def _groups(
    columns: Key, table: ByGroup, data: Binary, rows: Mapping[str, Mapping[str, Bools]], min_n: int
) -> list[Group]:
    reference = reference_of(table, min_n)
    parts = {key: _rows_of(columns, key, rows) for key in table}
    measured = rates_by_group(data, parts)
    found = []
    for key, counts in table.items():
        metrics = {name: _rate(measured[key][name], counts[name]) for name in RATES}
        n = counts["selection_rate"].n
        if key == reference:
            metrics["selection_rate_ratio"] = Estimate(1.0, None, None, n)
        elif reference is not None:
            metrics["selection_rate_ratio"] = ratio(
                counts["selection_rate"], table[reference]["selection_rate"]
            )
        by = dict(zip(columns, key, strict=True))
        found.append(Group(by, n, metrics, reference=key == reference, too_few=n < min_n))
    return found


def _rows_of(columns: Key, key: Key, rows: Mapping[str, Mapping[str, Bools]]) -> Bools:
    picked = [rows[column][value] for column, value in zip(columns, key, strict=True)]
    shared: Bools = np.logical_and.reduce(picked)
    return shared


def _rate(value: float, counts: Counts) -> Estimate:
    return Estimate(value if counts.n else None, *wilson(counts.hits, counts.n), counts.n)


def _conventions(min_n: int, banded: list[str]) -> dict[str, str]:
    enough = f"groups with at least {min_n} rows"
    said = {
        "selection_rate": "Part that is predicted positive, by fairlearn. Wilson 95% interval.",
        "accuracy": "Part that is predicted right. Wilson 95% interval.",
        "selection_rate_ratio": "Lowest ratio, over all attributes, of a group's selection rate to the "
        f"highest one of the attribute, among {enough}. Katz 95% interval of that pair. Under 0.80 is "
        "adverse, exactly 0.80 is not (29 CFR 1607.4 D). It is a statistic; it does not decide whether the "
        "law is met.",
        "selection_rate_difference": "Largest difference of selection rates within an attribute, among "
        f"{enough}. Newcombe 95% interval of that pair, cut at 0.",
        "equalized_odds_difference": "The larger of the largest differences of true and of false positive "
        f"rates, among groups with at least {min_n} positive, or negative, rows. Newcombe 95% interval, cut "
        "at 0.",
        "equal_opportunity_difference": "Largest difference of true positive rates, among groups with at "
        f"least {min_n} positive rows. Newcombe 95% interval, cut at 0.",
        "groups": f"Groups of fewer than {min_n} rows are shown and not judged. Attributes are not combined "
        "for the overall numbers; the first two are shown combined.",
    }
    if banded:
        said["bands"] = f"{', '.join(banded)}: {BANDS_CONVENTION}"
    return said
