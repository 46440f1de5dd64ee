"""How far numbers have moved, out of two histograms that merge: each distance with what it may be off by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import kstwo

from evaluations.metrics import bootstrap
from evaluations.metrics.drift.bins import QUANTILES, NumberBins
from evaluations.metrics.drift.counts import DRAWS, FILL, ks_of_counts
from evaluations.metrics.drift.samples import area_between
from evaluations.metrics.histogram import NONE, Bounded
from evaluations.metrics.number_histogram import NumberHistogram
from evaluations.metrics.values import Estimate, Floats, Ints

CELLS = 400
"""Intervals are drawn from so many cells of neighbouring numbers: a spread needs less than a value."""
Range = tuple[float, float]
Term = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class Binned:
    """Rows of both sides in the bins of the PSI, shape (bins,), and the fewest and the most there can be of each."""

    bins: NumberBins
    reference: Ints
    current: Ints
    reference_range: tuple[Ints, Ints]
    current_range: tuple[Ints, Ints]


def binned(reference: NumberHistogram, current: NumberHistogram) -> Binned:
    """Both sides in bins between the reference's quantiles, as `bins.number_bins` makes them of values."""
    edges = _edges(reference)
    sides = [_in_bins(side, edges) for side in (reference, current)]
    made = NumberBins(np.array([edge.value for edge in edges], dtype=np.float64))
    return Binned(made, sides[0][0], sides[1][0], sides[0][1:], sides[1][1:])


def _edges(reference: NumberHistogram) -> list[Bounded]:
    if not reference.n:
        return []
    least, most = float(reference.least[0]), float(reference.most[-1])
    if least == most:
        under = float(np.nextafter(least, -np.inf))
        return [Bounded(under, under, under), Bounded(least, least, least)]
    found = {edge.value: edge for edge in map(reference.quantile, np.arange(1, QUANTILES) / QUANTILES)}
    inside = [edge for value, edge in found.items() if value is not None and value < most]
    return inside or [Bounded(least, least, least)]


def _in_bins(side: NumberHistogram, edges: Sequence[Bounded]) -> tuple[Ints, Ints, Ints]:
    """Rows of each bin, the fewest and the most; the last bin is for missing numbers."""
    every = side.every - side.missing
    below = np.array([(0, 0, 0), *(side.up_to(edge) for edge in edges), (every, every, every)])
    value, low, high = below.T
    ends = [np.diff(value), np.maximum(low[1:] - high[:-1], 0), high[1:] - low[:-1]]
    one, two, three = (np.append(part, side.missing).astype(np.int64) for part in ends)
    return one, two, three


def _psi(p: float, q: float) -> float:
    return (q - p) * float(np.log(q / p))


def _js(p: float, q: float) -> float:
    middle = (p + q) / 2
    return sum(part * float(np.log2(part / middle)) for part in (p, q) if part > 0)


def _kl(p: float, q: float) -> float:
    return q * float(np.log(q / p))


def psi_bound(found: Binned, value: float) -> Bounded:
    """Within which the PSI of the very quantiles lies. Its terms are convex in both shares, so the largest is at a
    corner of what they can be, and the least where they are nearest to each other."""
    return Bounded(value, *_bound(found, _psi, _nearest(_psi), FILL))


def js_bound(found: Binned, value: float) -> Bounded:
    """The same of the Jensen-Shannon distance."""
    low, high = _bound(found, _js, _nearest(_js), 0.0)
    return Bounded(value, *(float(np.sqrt(min(max(part / 2, 0.0), 1.0))) for part in (low, high)))


def kl_bound(found: Binned, value: float) -> Bounded:
    """The same of the relative entropy, whose terms fall with the reference's share and are least at 1/e of it."""

    def least(p: Range, q: Range) -> float:
        return _kl(p[1], min(max(p[1] / np.e, q[0]), q[1]))

    return Bounded(value, *_bound(found, _kl, least, FILL))


def _nearest(term: Term) -> Callable[[Range, Range], float]:
    def least(p: Range, q: Range) -> float:
        if p[1] < q[0]:
            return term(p[1], q[0])
        return term(p[0], q[1]) if q[1] < p[0] else 0.0

    return least


def _bound(found: Binned, term: Term, least: Callable[[Range, Range], float], fill: float) -> Range:
    """The least and the largest sum of a term over the bins."""
    sizes = [float(side.sum()) for side in (found.reference, found.current)]
    low = high = 0.0
    for p_low, p_high, q_low, q_high in zip(*found.reference_range, *found.current_range, strict=True):
        pairs = list(product(_shares(p_low, p_high, sizes[0], fill), _shares(q_low, q_high, sizes[1], fill)))
        low += min(least(p, q) for p, q in pairs)
        high += max(term(a, b) for p, q in pairs for a in p for b in q)
    return float(low), float(high)


def _shares(low: int, high: int, n: float, fill: float) -> list[Range]:
    """What share of n so few to so many rows are; none at all counts as `fill`."""
    empty = [(fill, fill)] if low == 0 else []
    return empty + ([(max(low, 1) / n, high / n)] if high else [])


def kolmogorov_smirnov(reference: NumberHistogram, current: NumberHistogram) -> tuple[Bounded, float | None]:
    """Largest difference of the cumulated shares, and its two-sided asymptotic p value. It is known at the ends of
    buckets; inside one it can be larger only where both sides' numbers overlap there."""
    if not reference.n or not current.n:
        return NONE, None
    shares, least, most = _aligned(reference, current)
    ends = np.cumsum(shares[0] - shares[1])
    starts = ends - (shares[0] - shares[1])
    first = np.maximum(np.abs(starts + shares[0]), np.abs(starts - shares[1]))
    one = np.abs(starts + shares[0])  # where the reference's numbers all come first
    two = np.abs(starts - shares[1])
    apart = [most[0] < least[1], most[1] < least[0]]
    same = (least[0] == most[0]) & (least[1] == most[1]) & (least[0] == least[1])
    unsure = ~apart[0] & ~apart[1] & ~same & (shares[0] > 0) & (shares[1] > 0)
    known = np.concatenate([np.abs(ends), one[apart[0]], two[apart[1]]])
    value = float(known.max())
    high = max(value, float(first[unsure].max(initial=0.0)))
    n, m = reference.n, current.n
    p = float(np.clip(kstwo.sf(value, np.round(n * m / (n + m))), 0, 1))
    return Bounded(value, value, min(high, 1.0)), p


def wasserstein(reference: NumberHistogram, current: NumberHistogram) -> Bounded:
    """Area between the two cumulative distributions, in the numbers' unit, with every number at its bucket's mean:
    off by no more than the numbers of both sides are from there, on average."""
    if not reference.n or not current.n:
        return NONE
    value = area_between(
        reference.means, reference.rows / reference.n, current.means, current.rows / current.n
    )
    off = sum(float(side.rows @ side.deviations) / side.n for side in (reference, current))
    return Bounded(value, max(value - off, 0.0), value + off)


def drawn(reference: NumberHistogram, current: NumberHistogram, *, seed: int) -> tuple[Floats, Floats]:
    """Kolmogorov-Smirnov statistic and area between the distributions in resamples of both sides, shape (draws,)."""
    shares, _, _ = _aligned(reference, current)
    codes = np.union1d(reference.codes, current.codes)
    counts = [np.zeros(len(codes)), np.zeros(len(codes))]
    total = np.zeros(len(codes))
    for held, side in zip(counts, (reference, current), strict=True):
        at = np.searchsorted(codes, side.codes)
        held[at] = side.rows
        total[at] += side.total
    both = counts[0] + counts[1]
    ends = np.cumsum(shares.sum(axis=0))
    cell = np.minimum(((ends - shares.sum(axis=0)) / ends[-1] * CELLS).astype(np.int64), CELLS - 1)
    place = np.unique(cell, return_inverse=True)[1]
    size = int(place.max()) + 1
    position = np.bincount(place, total, size) / np.bincount(place, both, size)
    generator = np.random.default_rng(seed)
    many = [
        generator.multinomial(side.n, np.bincount(place, held, size) / side.n, DRAWS)
        for held, side in zip(counts, (reference, current), strict=True)
    ]
    gaps = np.abs(np.cumsum(many[0] / reference.n - many[1] / current.n, axis=1))[:, :-1]
    return ks_of_counts(many[0], many[1]), gaps @ np.diff(position)


def estimate(value: float, drawn: Floats, n: int) -> Estimate:
    """The value with the interval of what was drawn, never below 0."""
    low, high = bootstrap.bounds(value, drawn)
    return Estimate(value, None if low is None else max(low, 0.0), high, n)


def _aligned(reference: NumberHistogram, current: NumberHistogram) -> tuple[Floats, Floats, Floats]:
    """Shares, least and largest numbers of both sides in all their buckets, shape (2, buckets)."""
    codes = np.union1d(reference.codes, current.codes)
    shares = np.zeros((2, len(codes)))
    least, most = np.full((2, len(codes)), np.nan), np.full((2, len(codes)), np.nan)
    for line, side in enumerate((reference, current)):
        at = np.searchsorted(codes, side.codes)
        shares[line, at] = side.rows / side.n
        least[line, at], most[line, at] = side.least, side.most
    return shares, least, most
