"""Seeded bootstrap: rows drawn with replacement, as a weight (0, 1, 2, ...) for each row."""

from collections.abc import Iterator

import numpy as np

from evaluations.metrics.values import Floats

MOST_DRAWS, FEWEST_DRAWS, WORK = 1000, 200, 20_000_000


def draws_for(n: int) -> int:
    """How many resamples: fewer for many rows, whose intervals are narrow anyway."""
    return int(min(MOST_DRAWS, max(FEWEST_DRAWS, WORK // max(n, 1))))


def resampled_weights(n: int, *, seed: int) -> Iterator[Floats]:
    """Weights, shape (n,), of one resample after another."""
    generator = np.random.default_rng(seed)
    for _ in range(draws_for(n)):
        yield np.bincount(generator.integers(0, n, n), minlength=n).astype(np.float64)


def bounds(value: float | None, drawn: Floats) -> tuple[float | None, float | None]:
    """Percentile interval less the bootstrap's bias, so that metrics that resampling inflates (ECE, KS) keep
    theirs.

    Efron and Tibshirani (1993), chapters 10 and 13.
    """
    finite = drawn[np.isfinite(drawn)]
    if value is None or len(finite) < FEWEST_DRAWS / 2 or np.ptp(finite) == 0:
        return None, None  # resampling rows that are all alike cannot tell how sure the number is
    shift = value - float(finite.mean())
    low, high = np.percentile(finite, [2.5, 97.5]) + shift
    return min(float(low), value), max(float(high), value)


def convention(n: int) -> str:
    """How the interval was made, for people."""
    return f"95% interval by bootstrap of rows: {draws_for(n):,} resamples, percentiles less their bias."
