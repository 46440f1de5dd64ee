"""Calibration out of sums and histograms of log-odds alone, whoever added them up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.metrics.calibration import (
    BINS,
    LINE,
    Curve,
    Forecasts,
    checks_of,
    classwise,
    edges_of,
    family,
    table_of,
    values,
)
from evaluations.metrics.closed_form import wilson
from evaluations.metrics.number_histogram import NumberHistogram
from evaluations.metrics.recalibration import logistic, odds_of, recalibrated_counted
from evaluations.metrics.resampling import many
from evaluations.metrics.statistics import Sums
from evaluations.metrics.values import FEW_ROWS, Bools, Estimate, Floats, Group, Measured, slice_of

PRECISION = 8
"""Bits of the log-odds: the line is off by the square of a bucket's width only."""
FIFTHS = 5


@dataclass(frozen=True, slots=True)
class Forecast:
    """Sums of what the metrics are made of, by bins of equal width, and the log-odds of both outcomes."""

    sums: Sums
    negative: NumberHistogram
    positive: NumberHistogram

    @classmethod
    def count(cls, actual: Bools, probability: Floats, bins: int = BINS) -> "Forecast":
        """Count rows; arrays of shape (n,)."""
        odds = odds_of(probability)
        sides = (NumberHistogram.count(odds[rows], precision=PRECISION) for rows in (~actual, actual))
        edges = edges_of(probability, bins, "width")
        return cls(Sums.of(values(Forecasts(actual, probability), edges)), *sides)

    def __add__(self, other: "Forecast") -> "Forecast":
        """Those of both parts together."""
        return Forecast(
            self.sums + other.sums, self.negative + other.negative, self.positive + other.positive
        )

    @property
    def hits(self) -> int:
        """How often it happened."""
        return self.positive.n


def calibration(
    whole: Forecast,
    slices: Sequence[tuple[str, str, Forecast]],
    *,
    seed: int,
    bins: int = BINS,
    min_n: int = FEW_ROWS,
) -> Measured:
    """Calibration of the probability of one event, over all rows and in each slice (column, value, its counts)."""
    overall, said, _ = family(bins, "width", inside=bins).of_sums(whole.sums, [], seed=seed)
    overall, off = _with_line(overall, whole)
    exact = (
        "how far off that is cannot be told: an outcome is too rare"
        if off is None
        else f"at most {off:.1g} off"
    )
    words = (
        f"{LINE} From histograms of the log-odds whose buckets are one part in {2**PRECISION} wide: {exact}."
    )
    said |= {"calibration_slope": words, "calibration_intercept": words}
    curve = _reliability(whole.sums, bins)
    groups: list[Group] = []
    by_group = []
    for column, value, part in slices:
        metrics, _ = _with_line(family(bins, "width", inside=bins).only(part.sums, seed=seed), part)
        groups.append(slice_of(column, value, part.sums.n, metrics, min_n))
        by_group.append({"column": column, "value": value, "n": part.sums.n, "points": _fifths(part)})
    curves = {"reliability": curve, "reliability_by_group": by_group}
    return Measured(overall, said, groups, curves, tables=[table_of(curve)], checks=checks_of(overall))


def several(
    first: Forecast,
    classes: Mapping[str, Forecast],
    slices: Sequence[tuple[str, str, Forecast]],
    *,
    seed: int,
    bins: int = BINS,
    min_n: int = FEW_ROWS,
) -> Measured:
    """Calibration of the class named first, and of every class's probability by itself."""
    found = calibration(first, slices, seed=seed, bins=bins, min_n=min_n)
    each = [
        (
            label,
            one.hits,
            family(bins, "width", inside=bins).only(one.sums, seed=seed),
            recalibrated_counted(one.negative, one.positive)[0].slope,
        )
        for label, one in classes.items()
    ]
    return classwise(found, each, many())


def _with_line(figures: Mapping[str, Estimate], part: Forecast) -> tuple[dict[str, Estimate], float | None]:
    line, off = recalibrated_counted(part.negative, part.positive)
    return {**figures, "calibration_slope": line.slope, "calibration_intercept": line.intercept}, off


def _reliability(sums: Sums, bins: int) -> Curve:
    rows, hits, said = (sums.total[2 + k * bins : 2 + (k + 1) * bins] for k in range(3))
    return [
        _point(int(n), int(h), float(p))
        for n, h, p in zip(rows.round(), hits.round(), said, strict=True)
        if n
    ]


def _fifths(part: Forecast) -> Curve:
    """Five bins of about equally many rows; a bucket of the log-odds is never split."""
    sides = (part.negative, part.positive)
    codes = np.unique(np.concatenate([side.codes for side in sides]))
    rows, said = np.zeros((2, len(codes))), np.zeros(len(codes))
    for line, side in enumerate(sides):
        at = np.searchsorted(codes, side.codes)
        rows[line, at] = side.rows
        said[at] += side.rows * logistic(side.means)
    ends = np.cumsum(rows.sum(axis=0))
    place = np.minimum((ends - rows.sum(axis=0)) * FIFTHS // ends[-1], FIFTHS - 1)
    return [
        _point(int(rows[:, held].sum()), int(rows[1, held].sum()), float(said[held].sum()))
        for held in (place == fifth for fifth in np.unique(place))
    ]


def _point(n: int, hits: int, said: float) -> dict[str, float | int | None]:
    low, high = wilson(hits, n)
    return {"n": n, "predicted": said / n, "observed": hits / n, "low": low, "high": high}
