"""Millions of scores as a histogram: what AUC, KS, Brier score and calibration error need, with the error that it
costs.

A histogram of two parts of the rows, added, is that of the whole. Bins are of equal width over `span` and closed on
the right, the first on both sides: bin = max(ceil((score - low) / (high - low) * bins) - 1, 0). Over probabilities
ten neighbours in a row of `BINS` make exactly one bin of the calibration error.
"""

from dataclasses import dataclass

import numpy as np

from evaluations.metrics.statistics import DRAWS, resampled
from evaluations.metrics.values import Bools, CannotMeasure, Floats, Ints

BINS = 4100
"""The first number from 4,096 up of which a tenth is whole: bins of 0.1 then end where bins end."""
ECE_BINS = 10
RESAMPLED_BINS = 410
"""Intervals are drawn from coarser bins: the spread of a metric needs less than its value."""
CHUNK = 1 << 15
"""Rows that are counted at once: what is in the cache is counted several times as fast."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A metric from a histogram: the exact value lies within [low, high]."""

    value: float | None
    low: float | None
    high: float | None

    @property
    def error(self) -> float | None:
        """How far off the value is at most."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return max(self.high - self.value, self.value - self.low)


NONE = Bounded(None, None, None)


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """Rows by label (0 negative, 1 positive) and score. `rows`, `weight` and `square` (of the weights) and
    `score` (weight times score) are of shape (2, bins); `squared` is the sum of weight × (score - outcome)²."""

    span: tuple[float, float]
    rows: Ints
    weight: Floats
    square: Floats
    score: Floats
    squared: float

    @classmethod
    def count(
        cls,
        actual: Bools,
        score: Floats,
        weights: Floats | None = None,
        *,
        span: tuple[float, float] = (0.0, 1.0),
        bins: int = BINS,
    ) -> "ScoreHistogram":
        """Count rows; arrays of shape (n,), score finite and within the span."""
        rows, weight, square, total = np.zeros((4, 2 * bins))
        squared = 0.0
        buffer = np.empty(CHUNK, dtype=np.int64), np.empty(CHUNK)
        for start in range(0, len(score), CHUNK):
            part = slice(start, start + CHUNK)
            given, truth = score[part], actual[part]
            if given.min() < span[0] or given.max() > span[1]:
                raise CannotMeasure(f"A score lies outside {span[0]:g} to {span[1]:g}.")
            place = _bins(given, span, bins, *buffer)
            place += truth * np.int64(bins)
            rows += np.bincount(place, minlength=2 * bins)
            if weights is None:
                total += np.bincount(place, given, 2 * bins)
                squared += float(given @ given)
                continue
            heavy = weights[part]
            weight += np.bincount(place, heavy, 2 * bins)
            square += np.bincount(place, heavy * heavy, 2 * bins)
            total += np.bincount(place, heavy * given, 2 * bins)
            squared += float(heavy @ (given * given))
        if weights is None:
            weight = square = rows
        squared += float(weight[bins:].sum() - 2 * total[bins:].sum())  # (s - 1)² = s² - 2 s + 1
        counts = rows.astype(np.int64).reshape(2, bins)
        shape = (2, bins)
        return cls(span, counts, weight.reshape(shape), square.reshape(shape), total.reshape(shape), squared)

    def __add__(self, other: "ScoreHistogram") -> "ScoreHistogram":
        """The histogram of both parts together."""
        if self.span != other.span or self.rows.shape != other.rows.shape:
            raise CannotMeasure("Histograms over different bins cannot be added.")
        return ScoreHistogram(
            self.span,
            self.rows + other.rows,
            self.weight + other.weight,
            self.square + other.square,
            self.score + other.score,
            self.squared + other.squared,
        )

    @property
    def n(self) -> int:
        """How many rows were counted."""
        return int(self.rows.sum())

    def auc(self) -> Bounded:
        """Area under the ROC curve. Pairs within a bin count half; they are what the error consists of."""
        negative, positive = self.weight
        pairs = positive.sum() * negative.sum()
        if pairs == 0:
            return NONE
        below = np.cumsum(negative) - negative
        tied = float(positive @ negative / pairs)
        value = float(positive @ below / pairs) + tied / 2
        return Bounded(value, value - tied / 2, value + tied / 2)

    def ks(self) -> Bounded:
        """Largest difference of the shares of positive and negative rows above a score. Inside a bin it can be
        higher by no more than the bin's positives, coming from above, or its negatives, from below."""
        negative, positive = self.weight
        if positive.sum() == 0 or negative.sum() == 0:
            return NONE
        found, missed = positive[::-1] / positive.sum(), negative[::-1] / negative.sum()
        ends = np.cumsum(found - missed)
        starts = ends - (found - missed)
        value = max(float(ends.max()), 0.0)
        inside = np.minimum(starts + found, ends + missed)
        return Bounded(value, value, max(float(inside.max()), value))

    def average_precision(self) -> Bounded:
        """Sum of precision over the steps of recall. Its bounds put a bin's negatives, or positives, first."""
        negative, positive = self.weight[:, ::-1]
        if positive.sum() == 0:
            return NONE
        hits, misses = np.cumsum(positive), np.cumsum(negative)
        before, missed = hits - positive, misses - negative
        there = positive > 0
        share = positive[there] / positive.sum()
        value = share @ (hits[there] / (hits[there] + misses[there]))
        high = share @ (hits[there] / (hits[there] + missed[there]))
        low = share @ (before[there] / np.maximum(before[there] + misses[there], 1e-300))
        return Bounded(float(value), float(low), float(high))

    def brier(self) -> Bounded:
        """Mean squared difference of score and outcome; exact, because the squares were added up."""
        total = float(self.weight.sum())
        value = self.squared / total if total else None
        return Bounded(value, value, value)

    def ece(self) -> Bounded:
        """Calibration error over ten bins of equal width; exact, because they consist of whole bins."""
        total = float(self.weight.sum())
        if not total:
            return NONE
        gaps = (self.weight[1] - self.score.sum(axis=0)).reshape(ECE_BINS, -1).sum(axis=1)
        value = float(np.abs(gaps).sum() / total)
        return Bounded(value, value, value)

    def coarse(self, bins: int = RESAMPLED_BINS) -> "ScoreHistogram":
        """The same rows in fewer bins, of which each holds as many of the old ones."""
        rows, weight, square, score = (
            part.reshape(2, bins, -1).sum(axis=2)
            for part in (self.rows, self.weight, self.square, self.score)
        )
        return ScoreHistogram(self.span, rows.astype(np.int64), weight, square, score, self.squared)

    def resampled(self, *, seed: int, draws: int = DRAWS) -> Floats:
        """Weights of label and bin in each resample of the rows, shape (draws, 2, bins)."""
        return resampled(self.rows, self.weight, self.square, np.random.default_rng(seed), draws)


def _bins(score: Floats, span: tuple[float, float], bins: int, whole: Ints, scaled: Floats) -> Ints:
    """The bin of each score, in memory that is there already: asking for new costs more than the counting."""
    low, high = span
    whole, scaled = whole[: len(score)], scaled[: len(score)]
    if low:
        np.subtract(score, low, out=scaled)
        np.multiply(scaled, bins / ((high - low) or 1.0), out=scaled)
    else:
        np.multiply(score, bins / (high or 1.0), out=scaled)
    np.ceil(scaled, out=scaled)
    np.copyto(whole, scaled, casting="unsafe")
    whole -= 1
    np.maximum(whole, 0, out=whole)
    np.minimum(whole, bins - 1, out=whole)
    return whole
