"""How unequally benefits are shared among people: generalized entropy and Theil, out of the four counts.

Speicher et al. (2018), A Unified Approach to Quantifying Algorithmic Unfairness, KDD: the benefit of a row is its
prediction less its label plus 1: 0 for who is wrongly passed over, 1 for who is judged right, 2 for who is wrongly
selected.
"""

import numpy as np

from evaluations.metrics import bootstrap
from evaluations.metrics.fairness.cells import DRAWS, GroupCells, Numbers
from evaluations.metrics.values import Estimate, Floats

BENEFITS: Floats = np.array([[1.0, 2.0], [0.0, 1.0]])
"""By label × prediction."""


def generalized_entropy(table: Numbers) -> Numbers:
    """Generalized entropy index with alpha 2, shape (…): mean of (b/μ)² less 1, halved. `table` has shape (…, 2, 2)."""
    n, mean = _mean(table)
    squares = (table * BENEFITS**2).sum(axis=(-2, -1))
    found: Numbers = np.divide(squares, n * mean**2, out=np.full(np.shape(n), np.nan), where=mean > 0)
    return (found - 1) / 2


def theil(table: Numbers) -> Numbers:
    """Theil index, the generalized entropy of alpha 1, shape (…): mean of (b/μ) ln(b/μ), where 0 ln 0 is 0."""
    n, mean = _mean(table)
    safe = np.where(mean > 0, mean, 1.0)
    share = BENEFITS / safe[..., None, None]
    terms = np.where(share > 0, share * np.log(np.where(share > 0, share, 1.0)), 0.0)
    found: Numbers = np.where(mean > 0, (table * terms).sum(axis=(-2, -1)) / np.maximum(n, 1), np.nan)
    return found


def inequality(cells: GroupCells, *, seed: int) -> dict[str, Estimate]:
    """Both indices with their bootstrapped intervals."""
    everybody = cells.over([])
    drawn = everybody.resampled(DRAWS, seed=seed)[:, 0]
    n = int(everybody.counts.sum())
    found = {}
    for name, measure in (("generalized_entropy_index", generalized_entropy), ("theil_index", theil)):
        value = float(measure(everybody.counts[0]))
        point = value if np.isfinite(value) else None
        low, high = bootstrap.bounds(point, measure(drawn))
        found[name] = Estimate(point, None if low is None else max(low, 0.0), high, n)
    return found


def _mean(table: Numbers) -> tuple[Numbers, Numbers]:
    n = np.asarray(table.sum(axis=(-2, -1)), dtype=np.float64)
    benefits = (table * BENEFITS).sum(axis=(-2, -1))
    return n, np.divide(benefits, n, out=np.zeros_like(n), where=n > 0)
