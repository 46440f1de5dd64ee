"""Numbers of any size as a histogram that merges, without knowing their range before.

A bucket holds the numbers that share sign, exponent and the first `precision` bits after the leading one: with ten
bits they lie within one part in 1,024 of each other, and every whole number up to 2,048 has a bucket of its own. A
bucket knows its least and largest number, so where all its numbers are equal nothing is lost, and what a figure may
be off by is known from the data.
"""

from dataclasses import dataclass, field

import numpy as np

from evaluations.metrics.histogram import NONE, Bounded
from evaluations.metrics.values import CannotMeasure, Floats, Ints

PRECISION = 10
MANTISSA = 52
SAID = f"From a histogram whose buckets are at most one part in {2**PRECISION:,} wide"


@dataclass(frozen=True, slots=True, eq=False)
class NumberHistogram:
    """Buckets in the order of their numbers, arrays of shape (buckets,): how many rows, the least and the largest
    number and the sum of each. `missing` numbers and infinite ones are counted apart. `centre` is the mean of the
    finite ones and `spread` the sum of their squared differences from it."""

    codes: Ints
    rows: Ints
    least: Floats
    most: Floats
    total: Floats
    missing: int = 0
    below: int = 0
    above: int = 0
    centre: float = 0.0
    spread: float = 0.0
    precision: int = field(default=PRECISION)

    @classmethod
    def count(cls, values: Floats, *, precision: int = PRECISION) -> "NumberHistogram":
        """Count numbers of shape (n,); NaN is missing."""
        missing = int(np.isnan(values).sum())
        below, above = int((values == -np.inf).sum()), int((values == np.inf).sum())
        known = values if not missing + below + above else values[np.isfinite(values)]
        ordered = np.sort(known) + 0.0  # + 0.0 turns -0.0 into 0.0
        codes = codes_of(ordered, precision)
        starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1)) if len(codes) else np.empty(0, np.int64)
        ends = np.append(starts[1:], len(codes))
        centre = float(ordered.mean()) if len(ordered) else 0.0
        return cls(
            codes[starts],
            (ends - starts).astype(np.int64),
            ordered[starts],
            ordered[ends - 1] if len(starts) else np.empty(0),
            np.add.reduceat(ordered, starts) if len(starts) else np.empty(0),
            missing,
            below,
            above,
            centre,
            float(((ordered - centre) ** 2).sum()),
            precision,
        )

    def __add__(self, other: "NumberHistogram") -> "NumberHistogram":
        """The histogram of both parts together. Chan, Golub and LeVeque (1983) for centre and spread."""
        if self.precision != other.precision:
            raise CannotMeasure("Histograms of different precision cannot be added.")
        codes, place = np.unique(np.concatenate([self.codes, other.codes]), return_inverse=True)
        mine, theirs = place[: len(self.codes)], place[len(self.codes) :]
        rows, total = np.zeros(len(codes), np.int64), np.zeros(len(codes))
        least, most = np.full(len(codes), np.inf), np.full(len(codes), -np.inf)
        for part, at in ((self, mine), (other, theirs)):  # a part has each code once
            rows[at] += part.rows
            total[at] += part.total
            least[at] = np.minimum(least[at], part.least)
            most[at] = np.maximum(most[at], part.most)
        n, m = self.n, other.n
        step = other.centre - self.centre
        return NumberHistogram(
            codes,
            rows,
            least,
            most,
            total,
            self.missing + other.missing,
            self.below + other.below,
            self.above + other.above,
            self.centre + step * m / max(n + m, 1),
            self.spread + other.spread + step**2 * n * m / max(n + m, 1),
            self.precision,
        )

    @property
    def n(self) -> int:
        """How many finite numbers were counted."""
        return int(self.rows.sum())

    @property
    def every(self) -> int:
        """All rows, those with missing and infinite numbers too."""
        return self.n + self.missing + self.below + self.above

    @property
    def deviation(self) -> float:
        """Standard deviation of the finite numbers, as of all there are."""
        return float(np.sqrt(self.spread / self.n)) if self.n else 0.0

    @property
    def means(self) -> Floats:
        """The mean number of each bucket, shape (buckets,)."""
        return np.clip(self.total / self.rows, self.least, self.most)

    @property
    def deviations(self) -> Floats:
        """The most that a bucket's numbers can differ from their mean, on average; shape (buckets,). A distribution
        within [a, b] of mean m has a mean absolute deviation of at most 2 (m - a)(b - m) / (b - a)."""
        width = self.most - self.least
        inside = 2 * (self.means - self.least) * (self.most - self.means)
        return np.divide(inside, width, out=np.zeros_like(width), where=width > 0)

    def quantile(self, share: float) -> Bounded:
        """The quantile as numpy has it, between the two numbers nearest to it; exact where their buckets hold one
        number each."""
        if not self.n:
            return NONE
        position = share * (self.n - 1)
        first = int(np.floor(position))
        part = position - first
        below, above = self._at(first), self._at(min(first + 1, self.n - 1))
        value, low, high = (_between(a, b, part) for a, b in zip(below, above, strict=True))
        return Bounded(value, min(low, value), max(high, value))

    def _at(self, rank: int) -> tuple[float, float, float]:
        """The number of that rank, from 0: as if a bucket's numbers were evenly spread, at least, at most."""
        ends = np.cumsum(self.rows)
        place = int(np.searchsorted(ends, rank, side="right"))
        least, most, rows = float(self.least[place]), float(self.most[place]), int(self.rows[place])
        inside = rank - (int(ends[place]) - rows)
        return least + (most - least) * (inside / max(rows - 1, 1)), least, most

    def up_to(self, edge: Bounded) -> tuple[int, int, int]:
        """How many rows are at or below the edge, infinite ones too: a bucket that holds it counted whole; at least;
        at most."""
        value, low, high = edge.value, edge.low, edge.high
        assert value is not None and low is not None and high is not None
        held = [
            self.below + int(self.rows[chosen].sum())
            for chosen in (self.least <= value, self.most <= low, self.least <= high)
        ]
        return held[0], held[1], held[2]


def codes_of(values: Floats, precision: int) -> Ints:
    """The bucket of each finite number, shape (n,): higher for larger numbers."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    ordered = bits ^ ((bits >> 63) & np.int64(0x7FFF_FFFF_FFFF_FFFF))  # negative numbers turned round
    return np.asarray(ordered >> (MANTISSA - precision), dtype=np.int64)


def _between(a: float, b: float, part: float) -> float:
    """As numpy.quantile reckons, to the last digit."""
    return a + (b - a) * part if part < 0.5 else b - (b - a) * (1 - part)
