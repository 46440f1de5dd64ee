"""Fairness of a regression: mean prediction, mean error and loss by group, and how predictions are spread.

Bounded group loss: Agarwal, Dudík and Wu (2019), Fair Regression, ICML: the largest loss of any group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluations.metrics.closed_form import Z
from evaluations.metrics.fairness.attributes import (
    Reference,
    Settings,
    combined,
    largest,
    listed,
    name_of,
    pick,
    refuse_one_group,
    sets_of,
    singles,
    title,
)
from evaluations.metrics.fairness.cells import GroupCells, Key
from evaluations.metrics.fairness.measured import references
from evaluations.metrics.fairness.scores import scoring_cells, scoring_ratio, scoring_table, spread_of
from evaluations.metrics.groups import BANDS_CONVENTION, Coded, coded
from evaluations.metrics.values import Column, Estimate, Floats, Group, Measured, Table

FIGURES = ("mean_prediction", "mean_residual", "mae", "mse")
SAID = {
    "mean_prediction_difference": "Largest difference between the mean predictions of two groups of an "
    "attribute, over "
    "all attributes, in the label's unit. 95% interval from the rows' standard errors (Welch), cut at 0.",
    "mean_residual_difference": "Largest difference between the mean errors (prediction less truth) of two "
    "groups of an "
    "attribute. 95% interval as above.",
    "largest_group_mae": "The mean absolute error of the group where it is largest. 95% interval from the "
    "rows' standard "
    "error.",
    "largest_group_loss": "Bounded group loss: the mean squared error of the group where it is largest "
    "(Agarwal et al. "
    "2019). 95% interval from the rows' standard error.",
    "group_loss_ratio": "Mean squared error of the group where it is largest, as a multiple of that of all rows.",
    "score_impact_ratio": "Part of a group that is predicted above the median of all predictions: the "
    "lowest as a part of "
    "the highest of an attribute (Local Law 144, 6 RCNY 5-300). Katz 95% interval of that pair.",
    "score_distribution_difference": "Kolmogorov-Smirnov distance between the predictions of a group and of "
    "its reference "
    "group, the largest over all attributes.",
}


@dataclass(frozen=True, slots=True)
class Moments:
    """Groups of an attribute, or of several together: n, mean and standard error of each figure, shape (groups,)."""

    columns: Key
    groups: tuple[Key, ...]
    n: Floats
    means: Mapping[str, Floats]
    errors: Mapping[str, Floats]
    reference: Reference
    min_n: int

    @property
    def sizes(self) -> list[int]:
        """Rows of each group."""
        return [int(size) for size in self.n]

    def estimate(self, name: str, place: int) -> Estimate:
        """A group's mean with its interval."""
        value, n = float(self.means[name][place]), int(self.n[place])
        if n < 2:
            return Estimate(value, None, None, n)
        half = Z * float(self.errors[name][place])
        least = -np.inf if name.startswith("mean") else 0.0
        return Estimate(value, max(value - half, least), value + half, n)


def fairness(
    actual: Floats, predicted: Floats, sensitive: Mapping[str, Any], settings: Settings | None = None
) -> Measured:
    """Mean prediction, error and loss of each group and of attributes together; arrays of shape (n,)."""
    columns = {name: coded(name, values) for name, values in sensitive.items()}
    judged = replace(settings or Settings(), banded=tuple(n for n, found in columns.items() if found.banded))
    attributes = [_moments((name,), columns, actual, predicted, judged) for name in columns]
    for one in attributes:
        refuse_one_group(one.columns[0], one.groups)
    sets, notes = sets_of(tuple(columns))
    together = [_moments(names, columns, actual, predicted, judged) for names in sets]
    groups = []
    for one in [*attributes, *together]:
        places, more = listed(one, one.sizes)
        groups += [_group(one, place) for place in places]
        notes += more
    above = scoring_cells(columns, predicted)
    scoring = singles(above, judged)
    distance, distances = spread_of(columns, predicted, attributes, judged.min_n)
    overall = {
        "mean_prediction_difference": largest([_gap(one, "mean_prediction") for one in attributes]),
        "mean_residual_difference": largest([_gap(one, "mean_residual") for one in attributes]),
        "largest_group_mae": _largest_of(attributes, "mae"),
        "largest_group_loss": _largest_of(attributes, "mse"),
        "group_loss_ratio": _loss_ratio(attributes, float(np.mean((predicted - actual) ** 2)), len(actual)),
        "score_impact_ratio": scoring_ratio(scoring),
        "score_distribution_difference": distance,
        "groups_too_small": _too_small(attributes),
    }
    tables = [_gaps_table(attributes), distances, scoring_table([*scoring, *combined(above, judged)[0]])]
    kept = [table for table in tables if table.rows]
    curves = {"min_n": judged.min_n, "references": references([*attributes, *together])}
    return Measured(overall, _conventions(judged, attributes), groups, curves, tables=kept, notes=notes)


def _moments(
    names: Key, columns: Mapping[str, Coded], actual: Floats, predicted: Floats, settings: Settings
) -> Moments:
    some = {name: columns[name] for name in names}
    nobody = np.zeros(len(actual), dtype=np.bool_)
    cells = GroupCells.from_codes(some, nobody, nobody)
    place_of = np.zeros(len(actual), dtype=np.int64)
    for found in some.values():
        place_of = place_of * len(found.levels) + found.codes
    _, place = np.unique(place_of, return_inverse=True)  # rising as the groups of the cells do
    n = np.bincount(place).astype(np.float64)
    error = predicted - actual
    means, errors = {}, {}
    for name, values in zip(FIGURES, (predicted, error, np.abs(error), error**2), strict=True):
        mean = np.bincount(place, values) / n
        spread = np.bincount(place, (values - mean[place]) ** 2)
        means[name] = mean
        errors[name] = np.sqrt(spread / np.maximum(n - 1, 1) / n)
    reference = pick(names, cells.groups, n.tolist(), means["mean_prediction"].tolist(), settings)
    return Moments(names, cells.groups, n, means, errors, reference, settings.min_n)


def _judged(one: Moments) -> list[int]:
    return [int(place) for place in np.flatnonzero(one.n >= max(one.min_n, 1))]


def _ends(one: Moments, name: str) -> tuple[int, int] | None:
    """Places of the lowest and the highest judged group."""
    enough = sorted(_judged(one), key=lambda place: float(one.means[name][place]))
    return (enough[0], enough[-1]) if len(enough) > 1 else None


def _gap(one: Moments, name: str) -> Estimate:
    ends = _ends(one, name)
    if ends is None:
        return Estimate(None, None, None, 0)
    low, high = ends
    value = float(one.means[name][high] - one.means[name][low])
    half = Z * float(np.hypot(one.errors[name][high], one.errors[name][low]))
    return Estimate(value, max(value - half, 0.0), value + half, int(one.n[low] + one.n[high]))


def _largest_of(attributes: Sequence[Moments], name: str) -> Estimate:
    return largest([one.estimate(name, place) for one in attributes for place in _judged(one)])


def _loss_ratio(attributes: Sequence[Moments], all_rows: float, n: int) -> Estimate:
    found = _largest_of(attributes, "mse").value
    return Estimate(None if found is None or all_rows == 0 else found / all_rows, None, None, n)


def _too_small(attributes: Sequence[Moments]) -> Estimate:
    small = sum(size < one.min_n for one in attributes for size in one.sizes)
    return Estimate(float(small), None, None, sum(len(one.groups) for one in attributes))


def _group(one: Moments, place: int) -> Group:
    metrics = {name: one.estimate(name, place) for name in FIGURES}
    by = dict(zip(one.columns, one.groups[place], strict=True))
    n = one.sizes[place]
    return Group(by, n, metrics, reference=place == one.reference.place, too_few=n < one.min_n)


def _gaps_table(attributes: Sequence[Moments]) -> Table:
    labels = {"mean_prediction": "Mean prediction", "mean_residual": "Mean error", "mae": "Mean absolute error",
              "mse": "Mean squared error"}  # fmt: skip
    rows = []
    for one in attributes:
        for name, label in labels.items():
            ends, gap = _ends(one, name), _gap(one, name)
            if ends is not None and gap.low is not None:
                low, high = ends
                rows.append(
                    [
                        title(one.columns),
                        label,
                        name_of(one.groups[low]),
                        float(one.means[name][low]),
                        name_of(one.groups[high]),
                        float(one.means[name][high]),
                        gap.value,
                        (gap.low, gap.high),
                    ]
                )
    return Table(
        "gaps",
        "Widest gap of each figure",
        "Between the groups with the lowest and the highest mean, of those with enough rows. Error: "
        "prediction less truth.",
        (Column("Attribute"), Column("Figure"), Column("Lowest group"), Column("Lowest", "number"),
         Column("Highest group"), Column("Highest", "number"), Column("Difference", "number"),
         Column("95% CI", "interval")),
        rows,
    )  # fmt: skip


def _conventions(settings: Settings, attributes: Sequence[Moments]) -> dict[str, str]:
    compared = []
    for one in attributes:
        place = one.reference.place
        why = "stated by the data set" if one.reference.stated else "highest mean prediction"
        compared.append(
            f"{title(one.columns)}: {'none' if place is None else name_of(one.groups[place])} ({why})"
        )
    said = {
        **SAID,
        "groups_too_small": f"Groups of an attribute with fewer than {settings.min_n} rows.",
        "reference": f"{'; '.join(compared)}.",
        "groups": f"Groups of fewer than {settings.min_n} rows are shown and not judged. Means have 95% "
        f"intervals from "
        "the rows' standard error. Attributes are combined for show only.",
    }
    if settings.banded:
        said["bands"] = f"{', '.join(settings.banded)}: {BANDS_CONVENTION}"
    return dict(sorted(said.items()))
