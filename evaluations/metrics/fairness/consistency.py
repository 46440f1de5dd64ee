"""Are similar rows judged alike? Consistency among nearest neighbours.

Zemel et al. (2013), Learning Fair Representations, ICML: 1 less the mean difference between a row's prediction and the
mean prediction of its k nearest neighbours.
"""

import numpy as np
import pandas as pd

from evaluations.metrics.closed_form import Z
from evaluations.metrics.values import Estimate, Floats

NEIGHBOURS = 5
MOST_ROWS = 5_000
MOST_LEVELS = 50
BLOCK = 500


def consistency(
    features: pd.DataFrame, predicted: Floats, *, seed: int, max_rows: int | None = None
) -> tuple[Estimate, str]:
    """The figure over at most MOST_ROWS rows (or fewer, as asked) drawn by the seed, and in words how it came about.

    `predicted`, shape (n,), holds 0 and 1, or numbers scaled to lie between. Not given where there are too few rows.
    """
    n = len(features)
    rows = np.arange(n)
    most = min(max_rows or MOST_ROWS, MOST_ROWS)
    if n > most:
        rows = np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
    points, left_out = as_points(features.iloc[rows])
    said = (
        f"1 less the mean difference between a row's prediction and the mean of its {NEIGHBOURS} nearest neighbours' "
        f"(Zemel et al. 2013), on {len(rows):,} of {n:,} rows. Nearest: Euclidean distance of the features but the "
        "sensitive ones, numbers standardised, categories one-hot, the row itself left out. 95% interval "
        "from the rows' "
        "standard error."
    )
    if left_out:
        said += f" Left out for more than {MOST_LEVELS} categories: {', '.join(left_out)}."
    if len(rows) <= NEIGHBOURS or points.shape[1] == 0:
        return Estimate(None, None, None, len(rows)), said
    chosen = predicted[rows]
    off = np.abs(chosen - chosen[nearest(points, NEIGHBOURS)].mean(axis=1))
    value, half = 1 - float(off.mean()), Z * float(off.std(ddof=1) / np.sqrt(len(rows)))
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), len(rows)), said


def nearest(points: Floats, k: int) -> "np.ndarray[tuple[int, int], np.dtype[np.intp]]":
    """Places of the k nearest other points, shape (n, k); which of equally near ones is not laid down."""
    squares = (points**2).sum(axis=1)
    found = np.empty((len(points), k), dtype=np.intp)
    for start in range(0, len(points), BLOCK):
        part = slice(start, start + BLOCK)
        distance = squares - 2 * points[part] @ points.T  # less the row's own square, the same along a row
        distance[np.arange(len(distance)), np.arange(start, start + len(distance))] = np.inf
        found[part] = np.argpartition(distance, k - 1, axis=1)[:, :k]
    return found


def as_points(features: pd.DataFrame) -> tuple[Floats, list[str]]:
    """Rows as points, shape (n, d), and the columns that have too many categories to be part of it.

    Numbers are standardised, missing ones take the mean; categories (missing is one) are one-hot.
    """
    parts: list[Floats] = []
    left_out: list[str] = []
    for name in features.columns:
        column = features[name]
        if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            values = np.where(np.isfinite(values), values, np.nan)
            if np.isfinite(values).any() and (spread := np.nanstd(values)) > 0:
                parts.append(np.nan_to_num((values - np.nanmean(values)) / spread)[:, None])
            continue
        codes, levels = pd.factorize(column, use_na_sentinel=False)
        if len(levels) > MOST_LEVELS:
            left_out.append(str(name))
        elif len(levels) > 1:
            parts.append(np.eye(len(levels))[codes])
    return (np.hstack(parts) if parts else np.zeros((len(features), 0))), left_out
