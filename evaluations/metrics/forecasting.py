"""How well the values of time series are foretold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from evaluations.metrics.comparison import AGAINST, BASELINE, Rival
from evaluations.metrics.resampling import NOT_NEGATIVE, over
from evaluations.metrics.summed import Summed
from evaluations.metrics.values import (
    FEW_ROWS,
    Bools,
    CannotMeasure,
    Column,
    Floats,
    Ints,
    Measured,
    Table,
    slice_of,
)

ENOUGH_SERIES, MOST_POINTS, MOST_SERIES = 30, 200, 200
LABELS = {
    "mase": "MASE",
    "smape": "sMAPE",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "mape": "Mean absolute percentage error",
    "bias": "Bias",
    "quantile_loss": "Quantile loss",
}
NAMES = ("mase", "smape", "mae", "rmse", "mape", "bias", "quantile_loss")


@dataclass(frozen=True, slots=True)
class Series:
    """Rows in order of series and, within each, of time: arrays of shape (n,). `series` numbers them from 0,
    `time` is the row's place among all moments, `season` how many steps a season has."""

    actual: Floats
    predicted: Floats
    series: Ints
    time: Ints
    season: int = 1
    names: Sequence[str] = ()

    def naive(self) -> tuple[Floats, Bools]:
        """What was a season before, and where there is such a value."""
        m = self.season
        there = np.zeros(len(self.actual), dtype=np.bool_)
        there[m:] = self.series[m:] == self.series[:-m]
        before = np.zeros(len(self.actual))
        before[m:] = self.actual[:-m]
        return np.where(there, before, 0.0), there


def conventions(season: int, quantile: float) -> dict[str, str]:
    """How each is computed."""
    step = "the value before" if season == 1 else f"the value {season} steps before"
    return {
        "mase": f"Mean absolute error over that of answering with {step}, each series by its own scale, taken from the "
        "rows measured here (Hyndman and Koehler 2006, who take it from the training data).",
        "smape": "Mean of 2 |error| / (|actual| + |predicted|), from 0 to 2; 0 where both are 0.",
        "mae": "Mean absolute error, in the label's unit.",
        "rmse": "Root of the mean squared error, in the label's unit.",
        "mape": "Mean of |error / actual|, as a part of 1; rows whose actual value is 0 are left out.",
        "bias": "Mean of predicted less actual, in the label's unit.",
        "quantile_loss": f"Mean pinball loss at the quantile {quantile:g} (Koenker and Bassett 1978).",
    }


def performance(
    data: Series,
    slices: Mapping[str, Mapping[str, Bools]],
    *,
    seed: int,
    quantile: float = 0.5,
    min_n: int = FEW_ROWS,
    against: Floats | None = None,
) -> Measured:
    """Errors over all rows and for each slice, against the seasonal naive forecast and another version's."""
    n = len(data.actual)
    before, there = data.naive()
    if not there.any():
        raise CannotMeasure(
            f"No series is longer than a season of {data.season} steps, so there is nothing to compare with. "
            "Set a shorter season, or measure longer series."
        )
    scale = _scale(data, before, there)
    block, units = _blocks(data)
    ranges = dict.fromkeys([name for name in NAMES if name != "bias"], NOT_NEGATIVE)
    told = ("mae", "mase", "rmse")
    summed = Summed(_metrics, conventions(data.season, quantile), LABELS, told, units, ranges)
    of = partial(_values, data.actual, scale=scale, quantile=quantile)

    def blocks(predicted: Floats, rows: Bools) -> Floats:
        values = of(predicted) * rows[:, None]
        sums: Floats = np.column_stack([np.bincount(block, column) for column in values.T]).astype(np.float64)
        return sums

    every = np.ones(n, dtype=np.bool_)
    ours = blocks(data.predicted, every)
    words = (
        f"The simplest answer: the value {data.season} step{'' if data.season == 1 else 's'} before; compared on the "
        f"{int(there.sum()):,} rows that have one."
    )
    rivals: list[tuple[Rival, Floats, str, Floats | None]] = [
        (BASELINE, blocks(before, there), words, blocks(data.predicted, there))
    ]
    if against is not None:
        rivals.append((AGAINST, blocks(against, every), "", None))
    overall, said, tables = summed.measured(ours, rivals, n=n, seed=seed)
    groups = [
        slice_of(
            column,
            value,
            int(rows.sum()),
            summed.of(blocks(data.predicted, rows), n=int(rows.sum()), seed=seed),
            min_n,
        )
        for column, values in slices.items()
        for value, rows in values.items()
        if rows.any()
    ]
    notes = [f"{data.series.max() + 1:,} series, {n:,} rows."]
    unscaled = int((~np.isfinite(scale)).sum())
    if unscaled:
        notes.append(
            f"MASE leaves out {unscaled:,} rows of series that never change or are no longer than a season."
        )
    return Measured(
        overall, said, groups, _curves(data), tables=[*tables, _by_series(data, scale)], notes=notes
    )


def _scale(data: Series, before: Floats, there: Bools) -> Floats:
    """The naive forecast's mean absolute error in the row's series, shape (n,); not a number where it is 0."""
    size = int(data.series.max()) + 1
    total = np.bincount(data.series, np.abs(data.actual - before) * there, size)
    return over(total, np.bincount(data.series, there, size).astype(np.float64))[data.series] + np.where(
        total[data.series] > 0, 0.0, np.nan
    )


def _blocks(data: Series) -> tuple[Ints, str]:
    """What is drawn again: whole series where there are enough; else stretches of them, because errors near in
    time are alike. Their length: a season, or the cube root of the length (Künsch 1989; Hall et al. 1995)."""
    size = int(data.series.max()) + 1
    if size >= ENOUGH_SERIES:
        return data.series, "whole series"
    lengths = np.bincount(data.series)
    long = max(data.season, int(np.ceil(lengths.max() ** (1 / 3))))
    first = np.append(0, np.cumsum(lengths))[data.series]
    within = (np.arange(len(data.series)) - first) // long
    key = data.series * (len(data.series) + 1) + within
    place = np.unique(key, return_inverse=True)[1].astype(np.int64)
    return place, f"stretches of {long} steps"


def _values(actual: Floats, predicted: Floats, *, scale: Floats, quantile: float) -> Floats:
    error = predicted - actual
    size = np.abs(actual) + np.abs(predicted)
    there, scaled = actual != 0, np.isfinite(scale)
    columns = (
        np.ones(len(actual)),
        np.where(scaled, np.abs(error) / np.where(scaled, scale, 1.0), 0.0),
        scaled,
        np.where(size > 0, 2 * np.abs(error) / np.where(size > 0, size, 1.0), 0.0),
        np.abs(error),
        error**2,
        np.where(there, np.abs(error / np.where(there, actual, 1.0)), 0.0),
        there,
        error,
        np.where(error < 0, -quantile * error, (1 - quantile) * error),
    )
    return np.column_stack(columns).astype(np.float64)


def _metrics(sums: Floats) -> dict[str, Floats]:
    total, scaled, rows, symmetric, absolute, squares, relative, there, error, pinball = sums.T
    return {
        "mase": over(scaled, rows),
        "smape": over(symmetric, total),
        "mae": over(absolute, total),
        "rmse": np.sqrt(np.maximum(over(squares, total), 0.0)),
        "mape": over(relative, there),
        "bias": over(error, total),
        "quantile_loss": over(pinball, total),
    }


def _curves(data: Series) -> dict[str, object]:
    """Mean actual and predicted value, and mean error with the spread of its mean, by stretch of time."""
    moments = int(data.time.max()) + 1
    per = -(-moments // MOST_POINTS)
    place = data.time // per
    rows = np.bincount(place).astype(np.float64)
    kept = rows > 0
    error = data.predicted - data.actual
    mean = np.bincount(place, error)[kept] / rows[kept]
    spread = np.sqrt(np.maximum(np.bincount(place, error**2)[kept] / rows[kept] - mean**2, 0.0))
    at = (np.flatnonzero(kept) * per).astype(np.float64)
    actual, predicted = (np.bincount(place, v)[kept] / rows[kept] for v in (data.actual, data.predicted))
    return {
        "over_time": {
            "points": np.column_stack([at, actual, predicted, mean, spread]),
            "per": per,
            "series": int(data.series.max()) + 1,
        }
    }


def _by_series(data: Series, scale: Floats) -> Table:
    """Every series with its errors, the worst first."""
    values = _values(data.actual, data.predicted, scale=scale, quantile=0.5)
    sums: Floats = np.column_stack([np.bincount(data.series, column) for column in values.T]).astype(
        np.float64
    )
    found = _metrics(sums)
    order = np.argsort(-np.nan_to_num(found["mase"], nan=-1.0), kind="stable")[:MOST_SERIES]
    columns = [
        Column("Series"),
        Column("Rows", "count"),
        Column("MASE", "number"),
        Column("sMAPE", "number"),
        Column("Mean absolute error", "number"),
        Column("Bias", "number"),
    ]
    rows = [
        [
            data.names[place] if data.names else str(place + 1),
            int(sums[place, 0]),
            *(float(found[name][place]) for name in ("mase", "smape", "mae", "bias")),
        ]
        for place in order
    ]
    note = f"By MASE, the worst first{', the first ' + str(MOST_SERIES) if len(sums) > MOST_SERIES else ''}."
    return Table("series", "Series by series", note, columns, rows)
