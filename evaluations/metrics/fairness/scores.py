"""What scores say by group: who is above the median, whether scores mean the same, how they are spread."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import kolmogorov

from evaluations.metrics.binary import Binary
from evaluations.metrics.closed_form import Z
from evaluations.metrics.fairness.attributes import (
    Attribute,
    Compared,
    Settings,
    combined,
    largest,
    name_of,
    singles,
    smallest,
    title,
)
from evaluations.metrics.fairness.cells import GroupCells
from evaluations.metrics.fairness.rates import widest
from evaluations.metrics.fairness.significance import holm
from evaluations.metrics.fairness.tables import bounds_of, impact_ratios
from evaluations.metrics.fairness.what_if import what_if
from evaluations.metrics.groups import Coded
from evaluations.metrics.values import Bools, Column, Estimate, Floats, Ints, Measured, Table

MOST_EXACT = 200_000
"""Up to so many rows the distance of distributions is exact; beyond, scores are put into BINS of equal width."""
BINS = 4096
SAID = {
    "score_impact_ratio": "Scoring rate: part of a group whose score is above the median of all rows. The "
    "lowest as a "
    "part of the highest of an attribute, among groups that are large enough, the lowest over all attributes (Local "
    "Law 144, 6 RCNY 5-300). Katz 95% interval of that pair.",
    "score_distribution_difference": "Kolmogorov-Smirnov distance between the scores of a group and of its reference "
    "group, the largest over all attributes, among groups that are large enough; exact up to "
    f"{MOST_EXACT:,} rows, from {BINS:,} bins of equal width beyond.",
    "group_calibration_gap": "Mean probability less observed rate, without its sign, of the group that is farthest "
    "off, among those that are large enough. 95% interval from the rows' standard error, cut at 0.",
}


def with_scores(found: Measured, data: Binary, columns: Mapping[str, Coded], settings: Settings) -> Measured:
    """The same with what the scores add: figures, tables and what-ifs."""
    if data.score is None:
        return found
    overall, tables = dict(found.overall), list(found.tables)
    above = scoring_cells(columns, data.score)
    attributes = singles(above, settings)
    overall["score_impact_ratio"] = scoring_ratio(attributes)
    tables.append(scoring_table([*attributes, *combined(above, settings)[0]]))
    compared = singles(GroupCells.from_codes(columns, data.actual, data.predicted), settings)
    overall["score_distribution_difference"], table = spread_of(columns, data.score, compared, settings.min_n)
    tables.append(table)
    curves = {**found.curves, "median_score": float(np.median(data.score))}  # 6 RCNY 5-301(c)(1) asks for it
    if data.probability:
        gaps = calibration(columns, data.actual, data.score, settings)
        judged = [row["estimate"] for row in gaps if not row["too_few"]]
        overall["group_calibration_gap"] = largest([_without_sign(gap) for gap in judged])
        tables.append(_calibration_table(gaps))
        curves["calibration_by_group"] = [{**row, "estimate": None, **_flat(row["estimate"])} for row in gaps]
    curves["what_if"], more = what_if(data, columns, settings)
    said = {name: SAID[name] for name in SAID if name in overall}
    kept = [table for table in [*tables, *more] if table.rows]
    return replace(found, overall=overall, curves=curves, tables=kept).noted(conventions=said)


def scoring_cells(columns: Mapping[str, Coded], score: Floats) -> GroupCells:
    """Rows by group and by whether their score is above the median of all."""
    above: Bools = score > np.median(score)
    return GroupCells.from_codes(columns, above, above)


def scoring_ratio(attributes: Sequence[Attribute]) -> Estimate:
    """Lowest to highest scoring rate of the attribute where it is lowest."""
    gaps = [widest(one.counts("selection_rate"), one.min_n) for one in attributes]
    return smallest([gap.ratio for gap in gaps if gap is not None])


def scoring_table(attributes: Sequence[Attribute]) -> Table:
    """Local Law 144 for tools that score."""
    table = impact_ratios([one for one in attributes if len(one.columns) < 3])
    return replace(
        table,
        id="scoring_ratios",
        title="Impact ratios for scoring (New York City, Local Law 144)",
        note=table.note.replace(
            "A category's selection rate", "The part of a category that scores above the median"
        ).replace("most selected category", "category with the highest part"),
        columns=[
            replace(c, label="Scoring rate") if c.label == "Selection rate" else c for c in table.columns
        ],
    )


def spread_of(
    columns: Mapping[str, Coded], score: Floats, compared: Sequence[Compared], min_n: int
) -> tuple[Estimate, Table]:
    """The largest distance between the scores of a group and of its reference; and a table of all of them."""
    place = _places(score)
    rows: list[list[Any]] = []
    distances = []
    for one in compared:
        coding = columns[one.columns[0]]
        reference = one.reference.place
        if reference is None:
            continue
        width = int(place.max()) + 1
        counts = np.bincount(coding.codes * width + place, minlength=len(coding.levels) * width)
        shares = counts.reshape(-1, width)
        sizes = shares.sum(axis=1)
        against = coding.levels.index(one.groups[reference][0])
        for at, n in enumerate(sizes.tolist()):
            if at == against or n < max(min_n, 1):
                continue
            distance = ks_distance(shares[at], shares[against])
            distances.append(Estimate(distance, None, None, n + int(sizes[against])))
            rows.append([title(one.columns), coding.levels[at], coding.levels[against], distance,
                         ks_p(distance, n, int(sizes[against]))])  # fmt: skip
    for row, adjusted in zip(rows, holm([row[4] for row in rows]), strict=True):
        row.append(adjusted)
    note = (
        "Kolmogorov-Smirnov distance: the widest gap between the two cumulative distributions; 0 means "
        "alike, 1 wholly "
        "apart. p by its limiting distribution, adjusted by Holm over the rows of this table."
    )
    labels = (Column("Attribute"), Column("Group"), Column("Compared with"), Column("Distance", "number"),
              Column("p", "p"), Column("p, adjusted", "p"))  # fmt: skip
    return largest(distances), Table("score_distributions", "Are scores spread alike?", note, labels, rows)


def ks_distance(one: Ints, other: Ints) -> float:
    """Largest difference of the cumulative shares; both count rows by rising score, shape (values,)."""
    return float(np.abs(np.cumsum(one) / one.sum() - np.cumsum(other) / other.sum()).max())


def ks_p(distance: float, n: int, other_n: int) -> float:
    """Two-sided p of the two-sample test, by its limiting distribution. Smirnov (1948), Ann. Math. Stat. 19, 279."""
    return float(kolmogorov(np.sqrt(n * other_n / (n + other_n)) * distance))


def calibration(
    columns: Mapping[str, Coded], actual: Bools, score: Floats, settings: Settings
) -> list[dict[str, Any]]:
    """For each group of each attribute: mean probability, observed rate, their difference, calibration error."""
    error = score - actual
    place = np.minimum((score * 10).astype(np.int64), 9)
    found = []
    for column, coding in columns.items():
        size = len(coding.levels)
        n = np.bincount(coding.codes, minlength=size)
        sums = {
            name: np.bincount(coding.codes, weights, minlength=size)
            for name, weights in (("score", score), ("error", error), ("square", error**2))
        }
        binned = np.bincount(coding.codes * 10 + place, error, minlength=size * 10).reshape(size, 10)
        for at in np.flatnonzero(n):
            mean = sums["error"][at] / n[at]
            estimate = _mean_with_interval(mean, sums["square"][at] / n[at] - mean**2, int(n[at]))
            found.append(
                {
                    "by": {column: coding.levels[at]},
                    "n": int(n[at]),
                    "too_few": bool(n[at] < settings.min_n),
                    "predicted": float(sums["score"][at] / n[at]),
                    "observed": float((sums["score"][at] - sums["error"][at]) / n[at]),
                    "ece": float(np.abs(binned[at]).sum() / n[at]),
                    "estimate": estimate,
                }
            )
    return found


def _mean_with_interval(mean: float, variance: float, n: int) -> Estimate:
    if n < 2:
        return Estimate(float(mean), None, None, n)
    half = Z * float(np.sqrt(max(variance, 0.0) / (n - 1)))
    return Estimate(float(mean), float(mean) - half, float(mean) + half, n)


def _without_sign(gap: Estimate) -> Estimate:
    if gap.value is None or gap.low is None or gap.high is None:
        return gap
    low, high = (gap.low, gap.high) if gap.value >= 0 else (-gap.high, -gap.low)
    return Estimate(abs(gap.value), max(low, 0.0), high, gap.n)


def _flat(gap: Estimate) -> dict[str, float | None]:
    return {"gap": gap.value, "low": gap.low, "high": gap.high}


def _calibration_table(found: Sequence[dict[str, Any]]) -> Table:
    rows = [
        [*row["by"], name_of(tuple(row["by"].values())), row["n"], row["predicted"], row["observed"],
         row["estimate"].value, bounds_of(row["estimate"]), row["ece"], "too few rows" if row["too_few"] else ""]
        for row in found
    ]  # fmt: skip
    return Table(
        "calibration_by_group",
        "Do probabilities mean the same in each group?",
        "Mean probability and observed rate; their difference is above 0 where the model expects too many. "
        "Calibration "
        "error: 10 bins of equal width, weighted by rows; it is above 0 in small groups by chance alone.",
        (Column("Attribute"), Column("Group"), Column("Rows", "count"), Column("Mean probability", "share"),
         Column("Observed", "share"), Column("Difference", "number"), Column("95% CI", "interval"),
         Column("Calibration error", "number"), Column("Note")),
        rows,
    )  # fmt: skip


def _places(score: Floats) -> Ints:
    """Each score's place in the order of the values, shape (n,); equal scores share one."""
    if len(score) <= MOST_EXACT:
        return np.unique(score, return_inverse=True)[1].astype(np.int64)
    low, high = float(score.min()), float(score.max())
    scaled = (score - low) * (BINS / (high - low)) if high > low else np.zeros(len(score))
    return np.minimum(scaled.astype(np.int64), BINS - 1)
