"""Distances of two samples of numbers, and p values that hold for many tests at once."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import ks_2samp

from evaluations.metrics.values import Floats

EXACT_ROWS = 1000
KS_CONVENTION = (
    "Largest difference of the two cumulative distributions; two-sided p value, exact up to "
    f"{EXACT_ROWS:,} rows and asymptotic above."
)


def kolmogorov_smirnov(reference: Floats, current: Floats) -> tuple[float, float] | None:
    """Statistic and two-sided p value; None where a side is empty. Values must be finite."""
    if len(reference) == 0 or len(current) == 0:
        return None
    method = "exact" if max(len(reference), len(current)) <= EXACT_ROWS else "asymp"
    found = ks_2samp(reference, current, method=method)
    return float(found.statistic), float(found.pvalue)


def wasserstein(reference: Floats, current: Floats) -> float | None:
    """Area between the two cumulative distributions, in the values' unit; None where a side is empty."""
    if len(reference) == 0 or len(current) == 0:
        return None
    every = np.sort(np.concatenate([reference, current]))
    below = np.searchsorted(np.sort(reference), every[:-1], side="right") / len(reference)
    other = np.searchsorted(np.sort(current), every[:-1], side="right") / len(current)
    return float(np.abs(below - other) @ np.diff(every))


def area_between(reference: Floats, share: Floats, current: Floats, other_share: Floats) -> float:
    """The same of ordered values that have shares of 1, shape (k,) and (l,) each."""
    every = np.sort(np.concatenate([reference, current]))
    lines = [
        np.append(0.0, np.cumsum(part))[np.searchsorted(values, every[:-1], side="right")]
        for values, part in ((reference, share), (current, other_share))
    ]
    return float(np.abs(lines[0] - lines[1]) @ np.diff(every))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P values adjusted for their number. Holm (1979), Scand. J. Stat. 6, 65-70. None stays None."""
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        adjusted[place] = highest
    return adjusted
