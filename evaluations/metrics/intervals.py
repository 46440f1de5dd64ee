"""95% intervals of areas under curves. Each names its source; each answers None where it is not defined."""

import math
from collections.abc import Sequence

import numpy as np

from evaluations.metrics.closed_form import Z, wilson
from evaluations.metrics.values import Bools, Floats


def midranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2.0)[place]
    return ranks


def delong(actual: Bools, score: Floats) -> tuple[float | None, float | None, float | None]:
    """AUC and its interval. DeLong et al. (1988), by midranks: Sun and Xu (2014), IEEE SPL 21, 1389-1393.

    Where the variance is zero or not defined (perfect separation, a single case of a class), the interval is
    Wilson's with as many trials as the smaller class has cases: wider, never of zero width.
    """
    positives, negatives = score[actual], score[~actual]
    m, n = len(positives), len(negatives)
    if m == 0 or n == 0:
        return None, None, None
    ranks = midranks(np.concatenate([positives, negatives]))
    auc = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    variance = 0.0
    if m > 1 and n > 1:
        of_positives = (ranks[:m] - midranks(positives)) / n
        of_negatives = 1 - (ranks[m:] - midranks(negatives)) / m
        variance = float(of_positives.var(ddof=1) / m + of_negatives.var(ddof=1) / n)
    if variance <= 0:
        return auc, *wilson(auc * min(m, n), min(m, n))
    half = Z * math.sqrt(variance)
    return auc, max(auc - half, 0.0), min(auc + half, 1.0)


def mean_auc(
    actual: Sequence[Bools], score: Sequence[Floats]
) -> tuple[float | None, float | None, float | None]:
    """Mean of the AUCs of several truths and scores of the same rows, each of shape (n,), and its interval.

    DeLong's placements say how far each row moves each AUC; a row's sum over the AUCs moves their mean, so the
    variance of those sums is the variance of the mean, covariances included.
    """
    moves, aucs = [], []
    for truth, given in zip(actual, score, strict=True):
        m, n = int(truth.sum()), int((~truth).sum())
        if m == 0 or n == 0:
            continue
        ranks = midranks(given)
        own = np.empty(len(given))
        own[truth] = (ranks[truth] - midranks(given[truth])) / n
        own[~truth] = 1 - (ranks[~truth] - midranks(given[~truth])) / m
        auc = float(own[truth].mean())
        aucs.append(auc)
        sizes = np.where(truth, m * max(m - 1, 1), n * max(n - 1, 1))
        moves.append((own - auc) / np.sqrt(sizes))
    if not aucs:
        return None, None, None
    value = float(np.mean(aucs))
    variance = float((np.mean(moves, axis=0) ** 2).sum())
    if variance <= 0:
        return value, None, None
    half = Z * math.sqrt(variance)
    return value, max(value - half, 0.0), min(value + half, 1.0)
