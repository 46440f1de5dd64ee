"""Distances of two distributions that are given as counts of the same bins.

Counts of parts add up, so data of any size is measured as the sum of its parts. Arrays have shape (..., bins):
many pairs, such as resamples, are measured at once. A distribution without rows has no distance: not a number.
"""

import numpy as np
from scipy.special import chdtrc, chdtri

from evaluations.metrics import bootstrap
from evaluations.metrics.values import Estimate, Floats, Ints

FILL = 1e-4
"""The share that an empty bin is given in PSI and KL. It decides their value: an empty bin of 10% adds 0.69."""
FILL_CONVENTION = (
    f"A bin that is empty on one side counts as a share of {FILL:g}, without rescaling the others."
)
DRAWS = 1000


def psi(reference: Floats | Ints, current: Floats | Ints, *, fill: float = FILL) -> Floats:
    """Population stability index, natural logarithm; symmetric, 0 for equal shares. Shape (...).

    Sum over bins of (q - p) ln(q / p). Siddiqi (2006), Credit Risk Scorecards; Yurdakul (2018), Statistical
    Properties of Population Stability Index, WMU dissertation 3208.
    """
    p, q = _filled(reference, fill), _filled(current, fill)
    return np.asarray(((q - p) * np.log(q / p)).sum(axis=-1), dtype=np.float64)


def psi_estimate(reference: Ints, current: Ints, *, seed: int, fill: float = FILL) -> Estimate:
    """PSI with a bootstrap interval: both sides' counts are drawn anew from their own shares."""
    n, m = int(reference.sum()), int(current.sum())
    if n == 0 or m == 0:
        return Estimate(None, None, None, min(n, m))
    generator = np.random.default_rng(seed)
    drawn = psi(
        generator.multinomial(n, reference / n, DRAWS),
        generator.multinomial(m, current / m, DRAWS),
        fill=fill,
    )
    value = float(psi(reference, current, fill=fill))
    low, high = bootstrap.bounds(value, drawn)
    return Estimate(value, None if low is None else max(low, 0.0), high, min(n, m))


def psi_by_chance(reference: Ints, current: Ints) -> float | None:
    """The PSI that two samples of one distribution exceed in one of twenty cases.

    PSI / (1/n + 1/m) is then about chi-square with bins - 1 degrees of freedom: Yurdakul (2018), section 3.
    """
    n, m = int(reference.sum()), int(current.sum())
    used = int(((reference + current) > 0).sum())
    if n == 0 or m == 0 or used < 2:
        return None
    return float(chdtri(used - 1, 0.05) * (1 / n + 1 / m))


def kullback_leibler(current: Floats | Ints, reference: Floats | Ints, *, fill: float = FILL) -> Floats:
    """Relative entropy of the current shares against the reference's, in nats; not symmetric. Shape (...)."""
    q, p = _filled(current, fill), _filled(reference, fill)
    return np.asarray((q * np.log(q / p)).sum(axis=-1), dtype=np.float64)


def jensen_shannon(reference: Floats | Ints, current: Floats | Ints) -> Floats:
    """Jensen-Shannon distance: the root of the divergence to base 2. 0 equal, 1 nothing in common. Shape (...).

    Endres and Schindelin (2003), IEEE Trans. Inf. Theory 49, 1858-1860. Empty bins need no filling.
    """
    p, q = shares(reference), shares(current)
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(p > 0, p * np.log2(p / middle), 0) + np.where(q > 0, q * np.log2(q / middle), 0)
    known = np.isfinite(p.sum(axis=-1) + q.sum(axis=-1))
    return np.where(known, np.sqrt(np.clip(parts.sum(axis=-1) / 2, 0, 1)), np.nan)


def ks_of_counts(reference: Floats | Ints, current: Floats | Ints) -> Floats:
    """Largest difference of the cumulated shares. Bins must be in order.

    With several values in a bin it is a lower bound of the statistic of the values. Shape (...).
    """
    return np.asarray(
        np.abs(np.cumsum(shares(reference) - shares(current), axis=-1)).max(axis=-1), dtype=np.float64
    )


def chi_square(reference: Ints, current: Ints) -> tuple[float, int, float, float] | None:
    """Statistic, degrees of freedom, p value and Cramér's V of the table of both counts; None with one bin.

    Pearson's test of homogeneity without continuity correction; bins that are empty on both sides are left out.
    """
    used = (reference + current) > 0
    table = np.stack([reference[used], current[used]]).astype(np.float64)
    rows, total = table.sum(axis=1), table.sum()
    if used.sum() < 2 or (rows == 0).any():
        return None
    expected = np.outer(rows, table.sum(axis=0)) / total
    statistic = float(((table - expected) ** 2 / expected).sum())
    freedom = int(used.sum()) - 1
    return statistic, freedom, float(chdtrc(freedom, statistic)), float(np.sqrt(statistic / total))


def shares(counts: Floats | Ints) -> Floats:
    """Counts as parts of their sum; not a number where there are none."""
    given = np.asarray(counts, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(given / given.sum(axis=-1, keepdims=True), dtype=np.float64)


def _filled(counts: Floats | Ints, fill: float) -> Floats:
    given = shares(counts)
    return np.where(given == 0, fill, given)
