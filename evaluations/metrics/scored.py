"""Figures of very many scores, out of their histogram alone: values with their error, intervals by resampling."""

from collections.abc import Mapping

import numpy as np

from evaluations.metrics import bootstrap
from evaluations.metrics.histogram import BINS, ECE_BINS, RESAMPLED_BINS, Bounded, ScoreHistogram
from evaluations.metrics.statistics import DRAWS
from evaluations.metrics.values import Estimate, Floats

FROM_ROWS = 1_000_000
"""Up to so many rows scores are sorted; more are counted in bins."""


def figures(
    counted: ScoreHistogram, *, seed: int, probability: bool = True
) -> tuple[dict[str, Estimate], dict[str, str]]:
    """AUC, Gini, average precision and KS, of probabilities Brier score and calibration error, each with its
    interval; and for each how it was computed and how far off it is at most."""
    auc = counted.auc()
    gini = Bounded(*(None if part is None else 2 * part - 1 for part in (auc.value, auc.low, auc.high)))
    found = {
        "roc_auc": auc,
        "gini": gini,
        "average_precision": counted.average_precision(),
        "ks": counted.ks(),
    }
    if probability:
        found |= {"brier": counted.brier(), "ece": counted.ece()}
    drawn = drawn_figures(counted, seed=seed)
    n = counted.n
    overall = {
        name: Estimate(bounded.value, *bootstrap.bounds(bounded.value, drawn[name]), n)
        for name, bounded in found.items()
    }
    return overall, {name: _convention(bounded) for name, bounded in found.items()}


def _convention(bounded: Bounded) -> str:
    error = bounded.error
    said = f"From a histogram of {BINS:,} bins of the score"
    said += "" if error is None else ", exactly" if error == 0 else f", at most {error:.1g} off"
    return (
        f"{said}. 95% interval by bootstrap of the bins' counts, {RESAMPLED_BINS} bins: {DRAWS:,} resamples, "
        "percentiles less their bias."
    )


def drawn_figures(counted: ScoreHistogram, *, seed: int) -> Mapping[str, Floats]:
    """Each metric in each resample, shape (draws,)."""
    coarse = counted.coarse()
    weights = coarse.resampled(seed=seed)
    negative, positive = weights[:, 0, ::-1], weights[:, 1, ::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        hits, misses = np.cumsum(positive, axis=1), np.cumsum(negative, axis=1)
        found, missed = hits[:, -1:], misses[:, -1:]
        auc = (negative * (hits - positive / 2)).sum(axis=1) / (found * missed)[:, 0]
        precision = np.divide(hits, hits + misses, out=np.zeros_like(hits), where=hits + misses > 0)
        drawn = {
            "roc_auc": auc,
            "gini": 2 * auc - 1,
            "average_precision": (positive * precision).sum(axis=1) / found[:, 0],
            "ks": np.max(hits / found - misses / missed, axis=1),
        }
        total = weights.sum(axis=(1, 2))
        mean = np.divide(
            coarse.score, coarse.weight, out=np.zeros_like(coarse.score), where=coarse.weight > 0
        )
        outcome = np.array([[0.0], [1.0]])
        gaps = (weights * (outcome - mean)).sum(axis=1).reshape(DRAWS, ECE_BINS, -1).sum(axis=2)
        drawn["ece"] = np.abs(gaps).sum(axis=1) / total
        drawn["brier"] = (weights * (outcome - mean) ** 2).sum(axis=(1, 2)) / total
    return drawn
