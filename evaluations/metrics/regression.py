"""How well a regression performs."""

from collections.abc import Mapping

import numpy as np

from evaluations.metrics import bootstrap
from evaluations.metrics.values import Bools, Estimate, Floats, Measured, slice_of

DRAWN_ROWS, HISTOGRAM_BINS = 300, 20
CONVENTIONS = {
    "r2": "1 - residual sum of squares / total sum of squares.",
    "mae": "Mean absolute error, in the label's unit.",
    "rmse": "Root of the mean squared error, in the label's unit.",
}


def performance(
    actual: Floats, predicted: Floats, slices: Mapping[str, Mapping[str, Bools]], *, seed: int
) -> Measured:
    """R², MAE and RMSE, over all rows and for each slice."""
    overall = _estimates(actual, predicted, seed=seed)
    groups = [
        slice_of(column, value, int(rows.sum()), _estimates(actual[rows], predicted[rows], seed=seed))
        for column, values in slices.items()
        for value, rows in values.items()
        if rows.any()
    ]
    said = {name: f"{text} {bootstrap.convention(len(actual))}" for name, text in CONVENTIONS.items()}
    counts, edges = np.histogram(predicted - actual, HISTOGRAM_BINS)
    shown = np.random.default_rng(seed).permutation(len(actual))[:DRAWN_ROWS]
    shown.sort()
    curves = {
        "predicted_actual": np.column_stack([predicted[shown], actual[shown]]),
        "residuals": {"edges": edges, "counts": counts},
    }
    return Measured(overall, said, groups, curves)


def _estimates(actual: Floats, predicted: Floats, *, seed: int) -> dict[str, Estimate]:
    n = len(actual)
    error = predicted - actual
    value = _metrics(actual, error, np.ones(n))
    drawn = [_metrics(actual, error, weights) for weights in bootstrap.resampled_weights(n, seed=seed)]
    found = {}
    for name, given in value.items():
        point = given if np.isfinite(given) else None
        low, high = bootstrap.bounds(point, np.array([draw[name] for draw in drawn]))
        least, most = (-np.inf, 1.0) if name == "r2" else (0.0, np.inf)
        found[name] = Estimate(
            point, None if low is None else max(low, least), None if high is None else min(high, most), n
        )
    return found


def _metrics(actual: Floats, error: Floats, weights: Floats) -> dict[str, float]:
    total = weights.sum()
    squares = float(weights @ error**2)
    mean = float(weights @ actual / total)
    spread = float(weights @ (actual - mean) ** 2)
    return {
        "r2": 1 - squares / spread if spread > 0 else float("nan"),
        "mae": float(weights @ np.abs(error) / total),
        "rmse": float(np.sqrt(squares / total)),
    }
