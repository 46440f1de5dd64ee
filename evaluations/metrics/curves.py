"""Curves of a binary classifier, thinned so that a page can draw them."""

from typing import Any

import numpy as np

from evaluations.metrics.intervals import wilson
from evaluations.metrics.values import Bools, Floats, Ints

ROC_POINTS, DECILES, HISTOGRAM_BINS = 100, 10, 20
GRID: Floats = np.linspace(0, 1, 41)


class Ranking:
    """Rows sorted by falling score; equal scores share one threshold."""

    def __init__(self, actual: Bools, score: Floats) -> None:
        self._order: Ints = np.argsort(-score, kind="stable")
        ordered = score[self._order]
        self._truth = actual[self._order].astype(np.float64)
        self._ends: Ints = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
        self.thresholds: Floats = ordered[self._ends]

    def counts(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """True and false positives at each threshold, highest first."""
        drawn = np.ones(len(self._order)) if weights is None else weights[self._order]
        found = np.cumsum(drawn * self._truth)[self._ends]
        return found, np.cumsum(drawn)[self._ends] - found

    def precision_and_ks(self, weights: Floats | None = None) -> tuple[float, float]:
        """Average precision, and the largest difference of true and false positive rate."""
        hits, misses = self.counts(weights)
        if hits[-1] == 0 or misses[-1] == 0:
            return float("nan"), float("nan")
        recall = hits / hits[-1]
        chosen = hits + misses
        precision = np.divide(hits, chosen, out=np.zeros_like(hits), where=chosen > 0)
        average = float(np.sum(np.diff(recall, prepend=0.0) * precision))
        return average, float(max(np.max(recall - misses / misses[-1]), 0.0))

    def rates_on_grid(self, weights: Floats) -> Floats:
        """True positive rate at each false positive rate of the grid."""
        hits, misses = self.counts(weights)
        if hits[-1] == 0 or misses[-1] == 0:
            return np.full(len(GRID), np.nan)
        drawn: Floats = np.interp(GRID, np.append(0, misses / misses[-1]), np.append(0, hits / hits[-1]))
        return drawn


def roc(
    actual: Bools, predicted: Bools, score: Floats, drawn: Floats, threshold: float | None
) -> dict[str, Any]:
    """At most 100 points, a pointwise 95% band from the resampled curves, and the point where the model
    decides."""
    hits, misses = Ranking(actual, score).counts()
    true_rate, false_rate = np.append(0, hits / hits[-1]), np.append(0, misses / misses[-1])
    keep = _spread(true_rate + false_rate, ROC_POINTS)
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


def _spread(along: Floats, most: int) -> Ints:
    """Indices of at most so many points, evenly far apart along the curve, with both ends."""
    if len(along) <= most:
        return np.arange(len(along))
    return np.unique(np.searchsorted(along, np.linspace(along[0], along[-1], most)))


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
