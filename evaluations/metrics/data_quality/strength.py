"""How well one column alone tells another: cross-fitted, so that a column of names tells nothing by heart."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.closed_form import Z
from evaluations.metrics.intervals import delong
from evaluations.metrics.values import Bools, Estimate, Floats, Ints

BINS = 32
MOST_LEVELS = 255
FOLDS = 5
PRIOR_ROWS = 1.0
CONVENTION = (
    f"Each column is cut into at most {BINS} quantile bins (numbers) or its {MOST_LEVELS} most frequent values; the "
    f"other column's mean in each bin is learnt on four fifths of the rows and tried on the rest ({FOLDS} folds). Of "
    "numbers, the AUC of the plain order counts where it is higher. 0.5 is chance, 1 tells it exactly."
)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be told. Either `classes`, shape (n,), with codes from 0, or `amount`, shape (n,)."""

    classes: Ints | None = None
    amount: Floats | None = None


def is_number(column: "pd.Series[Any]") -> bool:
    """Numbers, and not yes and no."""
    return bool(pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype))


def discretised(column: "pd.Series[Any]") -> Ints:
    """Codes from 0, shape (n,), of at most 256 bins or values; a missing cell is a value of its own."""
    if is_number(column):
        values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
        there = values[np.isfinite(values)]
        if len(np.unique(there)) > BINS:
            edges = np.unique(np.quantile(there, np.linspace(0, 1, BINS + 1)[1:-1]))
            codes = np.searchsorted(edges, values, side="right") + 1
            return np.where(np.isnan(values), 0, codes).astype(np.int64)
    places, _ = pd.factorize(column.astype(object) if column.dtype == object else column)
    codes = np.asarray(places, dtype=np.int64) + 1
    counts = np.bincount(codes)
    if len(counts) <= MOST_LEVELS:
        return codes
    frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    place = np.full(len(counts), MOST_LEVELS, dtype=np.int64)
    place[frequent] = np.arange(MOST_LEVELS)
    found: Ints = place[codes]
    return found


def cross_fitted(codes: Ints, amount: Floats, fold: Ints) -> Floats:
    """The mean of `amount` among the rows of the same code in the other folds, shape (n,).

    Drawn towards the other folds' mean by PRIOR_ROWS rows, so that rare values say little.
    """
    width = int(codes.max()) + 1
    cell = fold * width + codes
    sums = np.bincount(cell, amount, FOLDS * width).reshape(FOLDS, width)
    counts = np.bincount(cell, minlength=FOLDS * width).reshape(FOLDS, width)
    others, rows = sums.sum(0) - sums, counts.sum(0) - counts
    mean = others.sum(1) / np.maximum(rows.sum(1), 1)
    learnt = (others + PRIOR_ROWS * mean[:, None]) / (rows + PRIOR_ROWS)
    found: Floats = (
        learnt[fold, codes] - mean[fold]
    )  # folds differ in their mean, which tells nothing of the row
    return found


def folds_of(n: int, seed: int) -> Ints:
    """A fold for each row, of equal sizes, shape (n,)."""
    return np.random.default_rng(seed).permutation(np.arange(n, dtype=np.int64) % FOLDS)


def strength(column: "pd.Series[Any]", codes: Ints, target: Target, fold: Ints) -> Estimate:
    """AUC (of several classes: the mean of each against the rest) or R² with which the column tells the target."""
    n = len(codes)
    if target.amount is not None:
        return r_squared(cross_fitted(codes, target.amount, fold), target.amount)
    classes = target.classes
    if classes is None or len(np.unique(classes)) < 2:
        return Estimate(None, None, None, n)
    present = np.unique(classes)
    asked = [1] if len(present) == 2 and set(present) == {0, 1} else [int(place) for place in present]
    found = [_auc(column, codes, classes == place, fold) for place in asked]
    return mean_of(found, n)


def mean_of(found: list[Estimate], n: int) -> Estimate:
    """The mean of AUCs; the means of their ends are an interval that is rather too wide."""
    known = [one for one in found if one.value is not None]
    if not known:
        return Estimate(None, None, None, n)
    ends = [(one.low or 0.0, one.high or 1.0) for one in known]
    low, high = (float(np.mean([end[side] for end in ends])) for side in (0, 1))
    return Estimate(float(np.mean([one.value or 0.0 for one in known])), low, high, n)


def _auc(column: "pd.Series[Any]", codes: Ints, positive: Bools, fold: Ints) -> Estimate:
    best = auc(positive, cross_fitted(codes, positive.astype(np.float64), fold))
    if is_number(column):
        values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
        there = np.isfinite(values)
        if there.all():
            for sign in (1.0, -1.0):
                plain = auc(positive, sign * values)
                best = plain if (plain.value or 0.0) > (best.value or 0.0) else best
    return best


def auc(positive: Bools, score: Floats) -> Estimate:
    """With DeLong's interval."""
    return Estimate(*delong(positive, score), len(positive))


def r_squared(predicted: Floats, actual: Floats) -> Estimate:
    """Squared correlation of prediction and truth; interval by Fisher's z (1921) of the correlation."""
    n = len(actual)
    if n < 4 or np.ptp(predicted) == 0 or np.ptp(actual) == 0:
        return Estimate(None, None, None, n)
    correlation = float(np.clip(np.corrcoef(predicted, actual)[0, 1], -1, 1))
    if correlation <= 0:
        return Estimate(0.0, 0.0, None, n)
    if correlation >= 1 - 1e-12:
        return Estimate(1.0, None, None, n)
    centre, half = math.atanh(correlation), Z / math.sqrt(n - 3)
    low, high = max(math.tanh(centre - half), 0.0), math.tanh(centre + half)
    return Estimate(correlation**2, low**2, high**2, n)


def cramers_v(first: Ints, second: Ints, *, corrected: bool = True) -> float | None:
    """Association of two columns of codes, 0 to 1. `corrected`: less its bias, Bergsma (2013), J. Korean Stat. Soc.
    42, 323-328; else Cramér (1946), section 21.9."""
    rows, first = np.unique(first, return_inverse=True)
    columns, second = np.unique(second, return_inverse=True)
    r, c, n = len(rows), len(columns), len(first)
    if min(r, c) < 2:
        return None
    table = np.bincount(first * c + second, minlength=r * c).reshape(r, c).astype(np.float64)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    if not corrected:
        return math.sqrt(phi / (min(r, c) - 1))
    if n < 2:
        return None
    phi = max(phi - (r - 1) * (c - 1) / (n - 1), 0.0)
    width = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return math.sqrt(phi / width) if width > 0 else None


def correlation_ratio(groups: Ints, amount: Floats) -> float | None:
    """Share of the variance of `amount` that lies between the groups (eta squared), 0 to 1. Pearson (1905)."""
    total = float(((amount - amount.mean()) ** 2).sum()) if len(amount) else 0.0
    if total == 0:
        return None
    _, groups = np.unique(groups, return_inverse=True)
    counts = np.bincount(groups)
    means = np.bincount(groups, amount) / counts
    return float((counts * (means - amount.mean()) ** 2).sum() / total)
