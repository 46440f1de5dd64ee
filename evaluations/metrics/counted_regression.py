"""The performance of a regression out of sums and histograms alone, whoever added them up."""

from collections.abc import Mapping, Sequence

import numpy as np

from evaluations.metrics.closed_form import Bounds, Z
from evaluations.metrics.comparison import BASELINE
from evaluations.metrics.histogram import Bounded
from evaluations.metrics.number_histogram import SAID, NumberHistogram
from evaluations.metrics.regression import HISTOGRAM_BINS, SIMPLEST, family, values
from evaluations.metrics.statistics import Sums
from evaluations.metrics.values import FEW_ROWS, Column, Floats, Measured, Table, slice_of

WIDTH = 10
"""How many values of a row are added up."""
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
DRAWN = (
    "95% interval: the quantiles at the share less and plus 1.96 standard errors of a share, between which a bootstrap "
    "of rows draws it."
)


def values_of(actual: Floats, predicted: Floats, centre: float, quantile: float | None) -> Floats:
    """What the sums are made of, shape (n, 20): the model's values, then those of the mean of the label, `centre`."""
    simplest = np.full(len(actual), centre)
    sides = [values(actual, said, None, quantile=quantile, centre=centre) for said in (predicted, simplest)]
    return np.concatenate(sides, axis=1)


def performance(
    sums: Sums,
    errors: NumberHistogram,
    slices: Sequence[tuple[str, str, Sums]],
    *,
    seed: int,
    quantile: float | None = None,
    min_n: int = FEW_ROWS,
) -> Measured:
    """Every metric over all rows, against the mean of the label, and for each slice (column, value, its sums);
    quantiles of the error (predicted less actual) from its histogram."""
    summed = family(quantile)
    overall, said, tables = summed.of_sums(sums, [(BASELINE, SIMPLEST)], seed=seed)
    found = {share: errors.quantile(share) for share in SHARES}
    groups = [
        slice_of(column, value, part.n, summed.only(part.part(0, WIDTH), seed=seed), min_n)
        for column, value, part in slices
    ]
    notes = []
    zero = sums.n - round(float(sums.total[8]))
    if zero:
        notes.append(f"The percentage error leaves out {zero:,} rows whose actual value is 0.")
    return Measured(
        overall,
        said,
        groups,
        _curves(errors),
        tables=[*tables, _quantiles(errors, found)],
        notes=notes,
    )


def _interval(errors: NumberHistogram, share: float) -> Bounds:
    """The quantiles at the ranks between which the sample's quantile of a resample falls in 95% of cases."""
    n = errors.n
    if n < 2:
        return None, None
    half = Z * np.sqrt(share * (1 - share) / n)
    low, high = (errors.quantile(min(max(share + side * half, 0.0), 1.0)) for side in (-1, 1))
    return low.low, high.high


def _quantiles(errors: NumberHistogram, found: Mapping[float, Bounded]) -> Table:
    columns = (
        Column("Share of rows", "share"),
        Column("Error at most", "number"),
        Column("95% interval", "interval"),
        Column("At most off by", "number"),
    )
    rows = []
    for share, quantile in found.items():
        low, high = _interval(errors, share)
        ends = None if low is None else (low, high)
        rows.append((share, quantile.value, ends, quantile.error))
    note = f"Error: predicted less actual. {SAID}. {DRAWN}"
    return Table("error_quantiles", "How large errors are", note, columns, rows)


def _curves(errors: NumberHistogram) -> dict[str, object]:
    """Residuals in bins of equal width; a bucket of the histogram is never split."""
    if not errors.n or errors.least[0] == errors.most[-1]:
        return {}
    edges = np.linspace(errors.least[0], errors.most[-1], HISTOGRAM_BINS + 1)
    place = np.clip(np.searchsorted(edges, errors.means, side="right") - 1, 0, HISTOGRAM_BINS - 1)
    counts = np.bincount(place, errors.rows, HISTOGRAM_BINS).astype(np.int64)
    return {"residuals": {"edges": edges, "counts": counts}}
