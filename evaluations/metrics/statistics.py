"""Sufficient statistics that merge: those of two parts of the rows, added, are those of the whole.

`Cells` counts rows by labels (group × actual × predicted …), `Sums` adds values up (errors, losses) and
`evaluations.metrics.histogram.ScoreHistogram` counts rows by score. Each is resampled without going back to the
rows. Rows may have weights; a cell then knows its rows, their weights and the squares of their weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.metrics.values import CannotMeasure, Floats, Ints

DRAWS = 1000
"""Resamples of every bootstrap, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of counts. `levels` names the values along each axis; `rows` counts, `weight` and `square` add up
    the weights and their squares; all of shape (len(levels[0]), len(levels[1]), …)."""

    levels: tuple[tuple[str, ...], ...]
    rows: Ints
    weight: Floats
    square: Floats

    @classmethod
    def count(cls, *axes: tuple[Sequence[str], Ints], weights: Floats | None = None) -> "Cells":
        """Count rows; each axis is its levels and, for every row, the index of its level, shape (n,)."""
        levels = tuple(tuple(names) for names, _ in axes)
        shape = tuple(len(names) for names in levels)
        place = np.zeros(len(axes[0][1]), dtype=np.int64)
        for size, (_, index) in zip(shape, axes, strict=True):
            place = place * size + index
        return cls(levels, *weigh(place, shape, weights))

    def __add__(self, other: "Cells") -> "Cells":
        """The cells of both parts together. A level that only one part has seen counts nothing in the other."""
        if len(self.levels) != len(other.levels):
            raise CannotMeasure("Cells of different axes cannot be added.")
        levels = tuple(
            mine + tuple(name for name in theirs if name not in mine)
            for mine, theirs in zip(self.levels, other.levels, strict=True)
        )
        one, two = self.spread(levels), other.spread(levels)
        return Cells(levels, one.rows + two.rows, one.weight + two.weight, one.square + two.square)

    def spread(self, levels: tuple[tuple[str, ...], ...]) -> "Cells":
        """The same counts on other levels, which hold all of these."""
        if levels == self.levels:
            return self
        place = np.ix_(
            *([wide.index(name) for name in narrow] for wide, narrow in zip(levels, self.levels, strict=True))
        )
        shape = tuple(len(names) for names in levels)
        rows = np.zeros(shape, dtype=np.int64)
        weight, square = np.zeros(shape), np.zeros(shape)
        rows[place], weight[place], square[place] = self.rows, self.weight, self.square
        return Cells(levels, rows, weight, square)

    @property
    def n(self) -> int:
        """How many rows were counted."""
        return int(self.rows.sum())

    def resampled(self, *, seed: int, draws: int = DRAWS) -> Floats:
        """Weights of the cells in each resample of the rows, shape (draws, *levels)."""
        generator = np.random.default_rng(seed)
        return resampled(self.rows, self.weight, self.square, generator, draws)


def weigh(place: Ints, shape: tuple[int, ...], weights: Floats | None = None) -> tuple[Ints, Floats, Floats]:
    """Rows, weights and squared weights of each place of a flattened table, in the table's shape."""
    size = int(np.prod(shape))
    rows = np.bincount(place, minlength=size).astype(np.int64).reshape(shape)
    if weights is None:
        return rows, rows.astype(np.float64), rows.astype(np.float64)
    total: Floats = np.bincount(place, weights, size).astype(np.float64).reshape(shape)
    square: Floats = np.bincount(place, weights * weights, size).astype(np.float64).reshape(shape)
    return rows, total, square


def resampled(
    rows: Ints, weight: Floats, square: Floats, generator: np.random.Generator, draws: int
) -> Floats:
    """Weights of cells when their rows are drawn with replacement, shape (draws, *rows.shape).

    Counts of cells are multinomial: the very distribution of a bootstrap of rows (Efron and Tibshirani 1993,
    chapter 6). Where the rows of a cell weigh differently, the sum of its drawn rows' weights is drawn from the
    gamma distribution with that sum's mean and variance.
    """
    total = int(rows.sum())
    if total == 0:
        return np.zeros((draws, *rows.shape))
    flat = rows.reshape(-1)
    there = np.flatnonzero(flat)
    counts = generator.multinomial(total, flat[there] / total, size=draws).astype(np.float64)
    mean = weight.reshape(-1)[there] / flat[there]
    spread = np.maximum(square.reshape(-1)[there] / flat[there] - mean**2, 0.0)
    drawn = counts * mean
    unequal = np.flatnonzero(spread > 1e-12 * mean**2)
    if len(unequal):
        shape = counts[:, unequal] * (mean[unequal] ** 2 / spread[unequal])
        drawn[:, unequal] = generator.gamma(shape) * (spread[unequal] / mean[unequal])
    found = np.zeros((draws, flat.size))
    found[:, there] = drawn
    return found.reshape(draws, *rows.shape)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over rows of values that metrics are means of. `total` is of shape (values,), `product` of shape
    (values, values): sums of the values, and of their products pairwise, each value weighed already."""

    n: int
    total: Floats
    product: Floats

    @classmethod
    def of(cls, values: Floats, weights: Floats | None = None) -> "Sums":
        """Add up values of shape (n, k). With weights the first column of what is kept is the weight itself, so
        that a weighted mean is the ratio of two sums; without, it is 1."""
        weight = np.ones(len(values)) if weights is None else weights
        kept = np.column_stack([weight, values * weight[:, None]])
        return cls(len(values), kept.sum(axis=0), kept.T @ kept)

    def __add__(self, other: "Sums") -> "Sums":
        """The sums of both parts together."""
        return Sums(self.n + other.n, self.total + other.total, self.product + other.product)

    def part(self, start: int, end: int) -> "Sums":
        """Of these values alone."""
        kept = [0, *range(1 + start, 1 + end)]
        return Sums(self.n, self.total[kept], self.product[np.ix_(kept, kept)])

    def means(self) -> Floats:
        """The (weighted) mean of each value, shape (k,)."""
        found: Floats = self.total[1:] / self.total[0]
        return found

    def resampled(self, *, seed: int, draws: int = DRAWS) -> Floats:
        """Means in each resample, shape (draws, k): normal, with the mean and the covariance that a bootstrap of
        rows has exactly.

        Drawn in standard deviations of each value: beside a sum of squares of amounts, rounding alone would move a
        ratio near 1 by more than its interval is wide.
        """
        mean = self.total / self.n
        covariance = (self.product / self.n - np.outer(mean, mean)) / self.n
        deviation = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        unit = np.where(deviation > 0.0, deviation, 1.0)
        standard = np.random.default_rng(seed).multivariate_normal(
            np.zeros_like(mean), covariance / np.outer(unit, unit), size=draws, method="eigh"
        )
        drawn = mean + deviation * standard
        found: Floats = drawn[:, 1:] / drawn[:, :1]
        return found
