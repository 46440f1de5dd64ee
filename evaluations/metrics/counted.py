"""The performance of a binary classifier out of counts alone, whoever counted them and wherever."""

from typing import Any

import numpy as np

from evaluations.metrics import comparison, confusion
from evaluations.metrics.binary import rate
from evaluations.metrics.binary_words import CONVENTIONS, LABELS, RANGES, SIMPLEST
from evaluations.metrics.closed_form import wilson
from evaluations.metrics.comparison import BASELINE
from evaluations.metrics.fairness import GroupCells
from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.resampling import estimates
from evaluations.metrics.scored import drawn_figures, figures
from evaluations.metrics.statistics import DRAWS
from evaluations.metrics.values import Estimate, Floats, Group, Measured, Table, slice_of

ROC_POINTS, DECILES, HISTOGRAM_BINS = 100, 10, 20
GRID: Floats = np.linspace(0, 1, 41)
RESAMPLED = (
    f"95% interval by bootstrap of the counts of label and prediction: {DRAWS:,} resamples, percentiles less "
    "their bias."
)
Counts = Any
"""Counts of label × prediction, shape (…, 2, 2)."""


def performance(
    cells: GroupCells, scores: ScoreHistogram | None, *, probability: bool, threshold: float | None, seed: int
) -> Measured:
    """Rates from the cells, for each group of each column again; score metrics and curves from the histogram."""
    whole = cells.over(())
    table = whole.counts[0] if len(whole.counts) else np.zeros((2, 2), dtype=np.int64)
    overall, said = _of_table(whole, table, seed=seed)
    curves: dict[str, Any] = {}
    tables = []
    if len(whole.counts):
        gained, how_gained, compared = _over_baseline(whole, scores if probability else None, seed=seed)
        overall |= gained
        said |= how_gained
        tables = [compared]
    if scores is not None:
        found, how = figures(scores, seed=seed, probability=probability)
        overall = {**found, **overall}
        said |= {name: f"{CONVENTIONS[name]} {words}" for name, words in how.items()}
        curves = _curves(scores, table, threshold, probability=probability, seed=seed)
    groups = []
    for column in cells.columns:
        part = cells.over([column])
        groups += [_slice(column, key[0], part.counts[place]) for place, key in enumerate(part.groups)]
    return Measured(overall, dict(sorted(said.items())), groups, curves, tables=tables)


def rates(table: Counts) -> dict[str, Estimate]:
    """The metrics that are rates, each with Wilson's interval."""
    (tn, fp), (fn, tp) = (tuple(int(count) for count in row) for row in table)
    n = tn + fp + fn + tp
    return {
        "accuracy": rate(tp + tn, n),
        "precision": rate(tp, tp + fp),
        "recall": rate(tp, tp + fn),
        "specificity": rate(tn, tn + fp),
        "selection_rate": rate(tp + fp, n),
    }


def _of_table(whole: GroupCells, table: Counts, *, seed: int) -> tuple[dict[str, Estimate], dict[str, str]]:
    """The rates, and what else follows from the four counts by their bootstrap."""
    point = confusion.binary(table[None].astype(np.float64))
    found = estimates(point, confusion.binary(_drawn(whole, seed=seed)), n=int(table.sum()), ranges=RANGES)
    certain = rates(table)
    said = {
        name: CONVENTIONS[name] if name in certain else f"{CONVENTIONS[name]} {RESAMPLED}" for name in found
    }
    return {**found, **certain}, said


def _drawn(whole: GroupCells, *, seed: int) -> Floats:
    """Resampled tables, shape (draws, 2, 2)."""
    if not len(whole.counts):
        return np.zeros((1, 2, 2))
    return whole.resampled(DRAWS, seed=seed)[:, 0].astype(np.float64)


def _over_baseline(
    whole: GroupCells, scores: ScoreHistogram | None, *, seed: int
) -> tuple[dict[str, Estimate], dict[str, str], Table]:
    """Against the more frequent class for every row and the share of positive rows as its probability."""
    table = whole.counts[0].astype(np.float64)
    n = int(table.sum())
    prior = float(table[1].sum() / n)
    pairs = []
    for tables in (table[None], _drawn(whole, seed=seed)):
        always = np.zeros_like(tables)
        always[:, :, int(prior >= 0.5)] = tables.sum(axis=2)
        pairs.append([confusion.binary(tables), confusion.binary(always)])
    points, drawn = pairs
    if scores is not None:
        briers = (
            {"brier": np.array([scores.brier().value])},
            {"brier": drawn_figures(scores, seed=seed)["brier"]},
        )
        weights = (scores.rows[None].astype(np.float64), scores.coarse().resampled(seed=seed))
        for pair, ours, counts in zip(pairs, briers, weights, strict=True):
            negative, positive = counts.sum(axis=2).T
            theirs = (positive * (1 - prior) ** 2 + negative * prior**2) / (positive + negative)
            pair[0], pair[1] = {**pair[0], **ours}, {**pair[1], "brier": theirs}
    found = comparison.differences(*points, *drawn, n=n)
    labels = {name: name.replace("_", " ").capitalize() for name in found} | LABELS
    ours, theirs = points
    how = f"{SIMPLEST} {RESAMPLED}"
    return comparison.compared(BASELINE, found, ours, theirs, labels, told=("accuracy", "brier"), how=how)


def _slice(column: str, value: str, table: Counts) -> Group:
    return slice_of(column, value, int(table.sum()), rates(table))


def _curves(
    scores: ScoreHistogram, table: Counts, threshold: float | None, *, probability: bool, seed: int
) -> dict[str, Any]:
    edges = np.linspace(*scores.span, HISTOGRAM_BINS + 1)
    negative, positive = scores.rows.reshape(2, HISTOGRAM_BINS, -1).sum(axis=2)
    curves: dict[str, Any] = {"scores": {"edges": edges, "positive": positive, "negative": negative}}
    if scores.rows.sum(axis=1).all():
        curves["roc"] = _roc(scores, table, threshold, seed=seed)
    if probability:
        curves["calibration"] = _calibration(scores)
    return curves


def _roc(scores: ScoreHistogram, table: Counts, threshold: float | None, *, seed: int) -> dict[str, Any]:
    """At most 100 points, a pointwise 95% band from resampled counts, and the point where the model decides."""
    false, true = _lines(scores.rows[None].astype(np.float64))
    along = true[0] + false[0]
    keep = np.unique([0, *np.searchsorted(along, np.linspace(0, along[-1], ROC_POINTS)), len(along) - 1])
    drawn = _lines(scores.coarse().resampled(seed=seed))
    lines = np.array([np.interp(GRID, one, two) for one, two in zip(*drawn, strict=True)])
    low, high = np.nanpercentile(lines, [2.5, 97.5], axis=0)
    (tn, fp), (fn, tp) = (tuple(int(count) for count in row) for row in table)
    return {
        "points": np.column_stack([false[0][keep], true[0][keep]]),
        "band": np.column_stack([GRID, low, high]),
        "cutoff": {"threshold": threshold, "fpr": fp / max(tn + fp, 1), "tpr": tp / max(tp + fn, 1)},
    }


def _lines(counts: Floats) -> tuple[Floats, Floats]:
    """False and true positive rates from the highest score down, shape (draws, bins + 1); counts: (draws, 2, bins)."""
    sums = np.cumsum(counts[:, :, ::-1], axis=2)
    shares = sums / np.maximum(sums[:, :, -1:], 1)
    both = np.concatenate([np.zeros((len(shares), 2, 1)), shares], axis=2)
    return both[:, 0], both[:, 1]


def _calibration(scores: ScoreHistogram) -> list[dict[str, float | int | None]]:
    """Mean probability and observed rate by decile of the score; a bin of the histogram is never split."""
    total = scores.rows.sum(axis=0)
    ends = np.cumsum(total)
    place = np.minimum((ends - total) * DECILES // max(int(ends[-1]), 1), DECILES - 1)
    found: list[dict[str, float | int | None]] = []
    for decile in range(DECILES):
        inside = place == decile
        n, hits = int(total[inside].sum()), int(scores.rows[1][inside].sum())
        if n:
            low, high = wilson(hits, n)
            mean = float(scores.score[:, inside].sum() / n)
            found.append({"n": n, "predicted": mean, "observed": hits / n, "low": low, "high": high})
    return found
