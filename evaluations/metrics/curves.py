"""Curves of a binary classifier, thinned so that a page can draw them."""

from typing import Any

import numpy as np

from evaluations.metrics.closed_form import wilson
from evaluations.metrics.thresholds import Thresholds, spread
from evaluations.metrics.values import Bools, Floats, Ints

ROC_POINTS, DECILES, HISTOGRAM_BINS = 100, 10, 20
GRID: Floats = np.linspace(0, 1, 41)


def roc(
    actual: Bools, predicted: Bools, score: Floats, drawn: Floats, threshold: float | None
) -> dict[str, Any]:
    """At most 100 points, a pointwise 95% band from the resampled curves, and the point where the model
    decides."""
    counted = Thresholds(actual, score, None)
    hits, misses = counted.hits, counted.misses
    true_rate, false_rate = np.append(0, hits / hits[-1]), np.append(0, misses / misses[-1])
    keep = spread(true_rate + false_rate, ROC_POINTS)
    low, high = np.nanpercentile(drawn, [2.5, 97.5], axis=0)
    return {
        "points": np.column_stack([false_rate[keep], true_rate[keep]]),
        "band": np.column_stack([GRID, low, high]),
        "cutoff": {
            "threshold": threshold,
            "fpr": float(predicted[~actual].mean()),
            "tpr": float(predicted[actual].mean()),
        },
    }


def calibration(actual: Bools, score: Floats) -> list[dict[str, float | int | None]]:
    """Mean probability and observed rate by decile of the score; equal scores stay together."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, DECILES + 1)[1:-1]))
    place = np.searchsorted(edges, score)
    found: list[dict[str, float | int | None]] = []
    for index in np.unique(place):
        rows = place == index
        n, hits = int(rows.sum()), int(actual[rows].sum())
        low, high = wilson(hits, n)
        found.append(
            {"n": n, "predicted": float(score[rows].mean()), "observed": hits / n, "low": low, "high": high}
        )
    return found


def histogram(actual: Bools, score: Floats, *, unit: bool) -> dict[str, Floats | Ints]:
    """Counts of positive and negative rows by score: 20 bins over [0, 1], or over the range of other
    scores."""
    span = (0.0, 1.0) if unit else (float(score.min()), float(score.max()))
    positive, edges = np.histogram(score[actual], HISTOGRAM_BINS, span)
    negative, _ = np.histogram(score[~actual], HISTOGRAM_BINS, span)
    return {"edges": edges, "positive": positive, "negative": negative}
