"""How well a regression performs."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from evaluations.metrics.comparison import AGAINST, BASELINE
from evaluations.metrics.resampling import NOT_NEGATIVE, UNIT, over
from evaluations.metrics.summed import Summed
from evaluations.metrics.values import FEW_ROWS, Bools, Floats, Group, Measured, slice_of

DRAWN_ROWS, HISTOGRAM_BINS = 300, 20
LABELS = {
    "r2": "R²",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "mape": "Mean absolute percentage error",
    "bias": "Bias",
    "quantile_loss": "Quantile loss",
    "quantile_coverage": "Share at or below the prediction",
}
SIMPLEST = "The simplest answer: the mean of the label in these very rows, for every row."


def conventions(quantile: float) -> dict[str, str]:
    """How each is computed."""
    return {
        "r2": "1 - residual sum of squares / total sum of squares.",
        "mae": "Mean absolute error, in the label's unit.",
        "rmse": "Root of the mean squared error, in the label's unit.",
        "mape": "Mean of |error / actual|, as a part of 1; rows whose actual value is 0 are left out.",
        "bias": "Mean of predicted less actual, in the label's unit.",
        "quantile_loss": f"Mean pinball loss at the quantile {quantile:g} (Koenker and Bassett 1978).",
        "quantile_coverage": f"Part of the rows whose actual value is at most the predicted one; a good prediction of "
        f"the quantile {quantile:g} has {quantile:.0%}.",
    }


def family(quantile: float | None) -> Summed:
    """The metrics of a regression; the coverage only where a quantile is what is predicted."""
    return Summed(
        partial(metrics, coverage=quantile is not None),
        conventions(0.5 if quantile is None else quantile),
        LABELS,
        ("mae", "rmse", "r2"),
        ranges={
            "r2": (-np.inf, 1.0),
            **dict.fromkeys(("mae", "rmse", "mape", "quantile_loss"), NOT_NEGATIVE),
            "quantile_coverage": UNIT,
        },
    )


def performance(
    actual: Floats,
    predicted: Floats,
    slices: Mapping[str, Mapping[str, Bools]],
    *,
    seed: int,
    weights: Floats | None = None,
    quantile: float | None = None,
    against: Floats | None = None,
    min_n: int = FEW_ROWS,
) -> Measured:
    """Every metric over all rows and for each slice, against the mean and another version's predictions."""
    n = len(actual)
    summed = family(quantile)
    centre = float(np.average(actual, weights=weights))

    def of(answer: Floats) -> Floats:
        return values(actual, answer, weights, quantile=quantile, centre=centre)

    ours = of(predicted)
    rivals = [(BASELINE, of(np.full(n, centre)), SIMPLEST, None)]
    if against is not None:
        rivals.append((AGAINST, of(against), "", None))
    overall, said, tables = summed.measured(ours, rivals, n=n, seed=seed)
    if weights is not None:
        said["weights"] = "Every sum over rows counts a row by its weight."
    groups: list[Group] = [
        slice_of(column, value, int(rows.sum()), summed.of(ours[rows], n=int(rows.sum()), seed=seed), min_n)
        for column, found in slices.items()
        for value, rows in found.items()
        if rows.any()
    ]
    notes = []
    zero = int((actual == 0).sum())
    if zero:
        notes.append(f"The percentage error leaves out {zero:,} rows whose actual value is 0.")
    return Measured(overall, said, groups, _curves(actual, predicted, seed), tables=tables, notes=notes)


def values(
    actual: Floats,
    predicted: Floats,
    weights: Floats | None,
    *,
    quantile: float | None,
    centre: float,
) -> Floats:
    """What the metrics are made of, shape (n, 10). Actual values are taken less `centre`, lest squares cancel."""
    weight = np.ones(len(actual)) if weights is None else weights
    error, level = predicted - actual, 0.5 if quantile is None else quantile
    there = actual != 0
    relative = np.abs(np.divide(error, actual, out=np.zeros_like(error), where=there))
    pinball = np.where(error < 0, -level * error, (1 - level) * error)
    columns = (
        np.ones(len(actual)),
        np.abs(error),
        error**2,
        error,
        actual - centre,
        (actual - centre) ** 2,
        relative,
        there.astype(np.float64),
        pinball,
        (actual <= predicted).astype(np.float64),
    )
    found: Floats = np.column_stack(columns) * weight[:, None]
    return found


def metrics(sums: Floats, *, coverage: bool = False) -> dict[str, Floats]:
    """The metrics of sums of `values`, shape (draws, 10)."""
    total, absolute, squares, error, level, level_squares, relative, there, pinball, below = sums.T
    spread = level_squares - over(level**2, total)
    found = {
        "r2": 1 - over(squares, np.where(spread > 1e-12 * level_squares, spread, 0.0)),
        "mae": over(absolute, total),
        "rmse": np.sqrt(np.maximum(over(squares, total), 0.0)),
        "mape": over(relative, there),
        "bias": over(error, total),
        "quantile_loss": over(pinball, total),
    }
    if coverage:
        found["quantile_coverage"] = over(below, total)
    return found


def _curves(actual: Floats, predicted: Floats, seed: int) -> dict[str, object]:
    counts, edges = np.histogram(predicted - actual, HISTOGRAM_BINS)
    shown = np.random.default_rng(seed).permutation(len(actual))[:DRAWN_ROWS]
    shown.sort()
    return {
        "predicted_actual": np.column_stack([predicted[shown], actual[shown]]),
        "residuals": {"edges": edges, "counts": counts},
    }
