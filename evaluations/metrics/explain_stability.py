"""Would other rows, or another background, give the same order of features?"""

import numpy as np

from evaluations.metrics.intervals import midranks
from evaluations.metrics.values import Estimate, Floats

RESAMPLES = 200


def rank_correlation(first: Floats, second: Floats) -> float | None:
    """Spearman's rho of two lists of importances, shape (features,); None under two different values."""
    a, b = midranks(np.round(first, 12)), midranks(np.round(second, 12))
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def over_halves(values: Floats, *, seed: int) -> Estimate:
    """Rank correlation of mean |value| between random halves of the rows; values have shape (rows, features).

    The mean over 200 splits, and the range that holds 95% of them.
    """
    n, sizes = len(values), np.abs(values)
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES if n > 1 else 0):
        order = generator.permutation(n)
        halves = sizes[order[: n // 2]].mean(axis=0), sizes[order[n // 2 :]].mean(axis=0)
        found.append(rank_correlation(*halves))
    return _summed_up([one for one in found if one is not None], n)


def over_backgrounds(first: Floats, second: Floats, *, seed: int) -> Estimate:
    """Rank correlation of mean |value| of the same rows under two backgrounds, shape (rows, features) each.

    95% percentile interval by bootstrap of the rows.
    """
    n, a, b = len(first), np.abs(first), np.abs(second)
    value = rank_correlation(a.mean(axis=0), b.mean(axis=0))
    if value is None:
        return Estimate(None, None, None, n)
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        drawn = generator.integers(0, n, n)
        found.append(rank_correlation(a[drawn].mean(axis=0), b[drawn].mean(axis=0)))
    known = [one for one in found if one is not None]
    low, high = np.percentile(known or [value], [2.5, 97.5])
    return Estimate(value, min(float(low), value), max(float(high), value), n)


def _summed_up(found: list[float], n: int) -> Estimate:
    if not found:
        return Estimate(None, None, None, n)
    low, high = np.percentile(found, [2.5, 97.5])
    return Estimate(float(np.mean(found)), float(low), float(high), n)
