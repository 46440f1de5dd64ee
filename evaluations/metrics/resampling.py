"""Intervals by drawing rows again: exactly where there are few, from what the metrics are made of where there are
many."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluations.metrics import bootstrap
from evaluations.metrics.statistics import DRAWS, resampled
from evaluations.metrics.values import Estimate, Floats, Ints

EXACT_UNITS = 20_000
"""Up to so many rows (queries, blocks) each is drawn by itself."""
CHUNK_CELLS = 200_000
Figures = Mapping[str, Floats]
Ranges = Mapping[str, tuple[float, float]]
UNIT: tuple[float, float] = (0.0, 1.0)
NOT_NEGATIVE: tuple[float, float] = (0.0, np.inf)


@dataclass(frozen=True, slots=True)
class Units:
    """What is drawn: single rows, or cells of rows that are alike. Arrays of shape (units,): how many rows, the
    sum of their weights, and of the weights' squares."""

    rows: Ints
    weight: Floats
    square: Floats

    @classmethod
    def single(cls, n: int, weights: Floats | None) -> "Units":
        """Every row by itself."""
        weight = np.ones(n) if weights is None else weights
        return cls(np.ones(n, dtype=np.int64), weight, weight**2)

    def drawn(self, *, seed: int, draws: int = DRAWS) -> Iterator[Floats]:
        """Weights of the units, shape (some draws, units), until there are so many."""
        generator = np.random.default_rng(seed)
        units = len(self.rows)
        chunk = max(1, min(draws, CHUNK_CELLS // max(units, 1)))
        single = int(self.rows.max(initial=0)) == 1
        for start in range(0, draws, chunk):
            size = min(chunk, draws - start)
            if not single:
                yield resampled(self.rows, self.weight, self.square, generator, size)
                continue
            found = np.empty((size, units))
            for place in range(size):
                found[place] = np.bincount(generator.integers(0, units, units), minlength=units)
            found *= self.weight
            yield found


def estimates(point: Figures, drawn: Figures, *, n: int, ranges: Ranges) -> dict[str, Estimate]:
    """Values, shape (1,) each, with the interval of what was drawn, shape (draws,) each, kept in its range."""
    found = {}
    for name, given in point.items():
        value = float(given[0]) if np.isfinite(given[0]) else None
        least, most = ranges.get(name, (-np.inf, np.inf))
        low, high = bootstrap.bounds(value, np.asarray(drawn[name]))
        found[name] = Estimate(
            value,
            None if low is None else max(low, least),
            None if high is None else min(high, most),
            n,
        )
    return found


def convention(units: int, what: str = "rows") -> str:
    """How the interval was made, for people."""
    return _made(f"bootstrap of {what}") if units <= EXACT_UNITS else many(what)


def many(what: str = "rows") -> str:
    """The same where sums are drawn instead of what was summed up."""
    return _made(f"bootstrap of the sums over {what}, of which there are many")


def _made(how: str) -> str:
    return f"95% interval by {how}: {DRAWS:,} resamples, percentiles less their bias."


def over(top: NDArray[Any], bottom: NDArray[Any]) -> Floats:
    """The ratio; not a number where the lower part is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(bottom == 0, np.nan, top / np.where(bottom == 0, 1.0, bottom))
    return found
