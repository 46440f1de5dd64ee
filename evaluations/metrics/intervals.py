"""95% intervals in closed form. Each names its source; each answers (None, None) where it is not defined."""

import math
from collections.abc import Sequence

import numpy as np

from evaluations.metrics.values import Bools, Floats

Z = 1.959963984540054
"""Two-sided 95% quantile of the normal distribution."""

Bounds = tuple[float | None, float | None]
UNDEFINED: Bounds = (None, None)


def wilson(hits: float, n: float) -> Bounds:
    """Interval of a rate. Wilson (1927), JASA 22, 209-212."""
    if n <= 0:
        return UNDEFINED
    rate = hits / n
    scale = 1 + Z * Z / n
    centre = (rate + Z * Z / (2 * n)) / scale
    half = Z / scale * math.sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n))
    return min(max(centre - half, 0.0), rate), max(min(centre + half, 1.0), rate)


def katz(hits: int, n: int, reference_hits: int, reference_n: int) -> Bounds:
    """Interval of the ratio of two rates, on the log scale. Katz et al. (1978), Biometrics 34, 469-474.

    Where its variance is zero or not defined (nobody, or everybody, selected), half a person is added to each
    cell of the table (Haldane 1956, Anscombe 1956); no hits at all give a low end of 0.
    """
    if n <= 0 or reference_n <= 0 or reference_hits <= 0:
        return UNDEFINED
    a, b, c, d = float(hits), float(n), float(reference_hits), float(reference_n)
    if hits == 0 or (hits == n and reference_hits == reference_n):
        a, b, c, d = a + 0.5, b + 1, c + 0.5, d + 1
    ratio = (a * d) / (b * c)
    spread = math.exp(Z * math.sqrt(max(1 / a - 1 / b + 1 / c - 1 / d, 0.0)))
    return (0.0 if hits == 0 else ratio / spread), ratio * spread


def newcombe(hits: int, n: int, other_hits: int, other_n: int) -> Bounds:
    """Interval of the difference of two rates, first less second. Newcombe (1998), Stat. Med. 17, 873-890,
    method 10."""
    low, high = wilson(hits, n)
    other_low, other_high = wilson(other_hits, other_n)
    if low is None or high is None or other_low is None or other_high is None:
        return UNDEFINED
    rate, other = hits / n, other_hits / other_n
    difference = rate - other
    return (
        difference - math.hypot(rate - low, other_high - other),
        difference + math.hypot(high - rate, other - other_low),
    )


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
