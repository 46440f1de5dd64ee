"""Rates by group, out of counts of label and prediction.

Names and definitions are the field's: Barocas, Hardt and Narayanan, Fairness and Machine Learning (2023), chapter 3;
Verma and Rubin (2018), Fairness Definitions Explained.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluations.metrics.closed_form import katz, newcombe, wilson
from evaluations.metrics.fairness.cells import Numbers
from evaluations.metrics.values import Bools, Estimate

TN, FP, FN, TP = (0, 0), (0, 1), (1, 0), (1, 1)
"""Places in a table label × prediction."""
Cells = tuple[tuple[int, int], ...]
ALL: Cells = (TN, FP, FN, TP)

RATES: Mapping[str, tuple[Cells, Cells]] = {
    "selection_rate": ((FP, TP), ALL),
    "true_positive_rate": ((TP,), (TP, FN)),
    "false_positive_rate": ((FP,), (FP, TN)),
    "false_negative_rate": ((FN,), (TP, FN)),
    "precision": ((TP,), (TP, FP)),
    "false_discovery_rate": ((FP,), (TP, FP)),
    "false_omission_rate": ((FN,), (FN, TN)),
    "accuracy": ((TN, TP), ALL),
    "base_rate": ((FN, TP), ALL),
}
"""Rate → the cells that are hits, and the cells that count at all."""
NOTHING = Estimate(None, None, None, 0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits out of n rows, for one rate of one group."""

    hits: float
    n: float

    @property
    def rate(self) -> float:
        """Not to be asked for where n is 0."""
        return self.hits / self.n


@dataclass(frozen=True, slots=True)
class Gap:
    """The lowest and the highest of some groups: their places, and the difference and the ratio between them."""

    lowest: int
    highest: int
    difference: Estimate
    ratio: Estimate


def hits_and_n(table: Numbers, name: str) -> tuple[Numbers, Numbers]:
    """Hits and denominators of a rate; `table` of shape (…, 2, 2) counts label × prediction."""
    hits, among = RATES[name]
    return (
        sum((table[(..., *cell)] for cell in hits[1:]), table[(..., *hits[0])]),
        sum((table[(..., *cell)] for cell in among[1:]), table[(..., *among[0])]),
    )


def rates_of(table: Numbers, name: str) -> Numbers:
    """The rate, shape (…); NaN where nobody counts."""
    hits, n = hits_and_n(table, name)
    found: Numbers = np.divide(hits, n, out=np.full(np.shape(n), np.nan), where=n > 0)
    return found


def counts_of(table: Numbers, name: str) -> list[Counts]:
    """Hits and denominator of each group."""
    hits, n = hits_and_n(table, name)
    return [Counts(hit, all_of_them) for hit, all_of_them in zip(hits.tolist(), n.tolist(), strict=True)]


def rate(counts: Counts) -> Estimate:
    """A rate with Wilson's interval; None where nobody counts."""
    value = counts.rate if counts.n else None
    return Estimate(value, *wilson(counts.hits, _whole(counts.n)), int(counts.n))


def ratio(counts: Counts, reference: Counts) -> Estimate:
    """Ratio of two rates with Katz's interval. From whole counts: 12/20 to 15/20 is 0.8, not
    0.7999999999999999."""
    if counts.n == 0 or reference.n == 0 or reference.hits == 0:
        return Estimate(None, None, None, int(counts.n))
    value = (counts.hits * reference.n) / (counts.n * reference.hits)
    low, high = katz(_whole(counts.hits), _whole(counts.n), _whole(reference.hits), _whole(reference.n))
    return Estimate(value, low, high, int(counts.n))


def difference(counts: Counts, reference: Counts) -> Estimate:
    """First rate less the second, with Newcombe's interval."""
    if counts.n == 0 or reference.n == 0:
        return NOTHING
    low, high = newcombe(_whole(counts.hits), _whole(counts.n), _whole(reference.hits), _whole(reference.n))
    return Estimate(counts.rate - reference.rate, low, high, int(counts.n + reference.n))


def widest(counts: list[Counts], min_n: int) -> Gap | None:
    """The groups with the lowest and the highest rate, of those whose denominator is large enough; None where there
    are not two."""
    enough = [place for place, found in enumerate(counts) if found.n >= max(min_n, 1)]
    if len(enough) < 2:
        return None
    in_order = sorted(enough, key=lambda place: counts[place].rate)
    lowest, highest = in_order[0], in_order[-1]
    found = difference(counts[highest], counts[lowest])
    low = None if found.low is None else max(found.low, 0.0)
    return Gap(
        lowest,
        highest,
        Estimate(found.value, low, found.high, found.n),
        ratio(counts[lowest], counts[highest]),
    )


def spread(table: Numbers, name: str, judged: Bools) -> tuple[Numbers, Numbers]:
    """Difference and ratio between highest and lowest rate of the judged groups, for each table of many.

    `table` has the shape (draws, groups, 2, 2). NaN where a judged group has no rows that count.
    """
    found = rates_of(table[:, judged], name)
    if found.shape[1] < 2:
        nothing = np.full(len(found), np.nan)
        return nothing, nothing
    lowest, highest = found.min(axis=1), found.max(axis=1)
    both = np.divide(lowest, highest, out=np.full(len(found), np.nan), where=highest > 0)
    return highest - lowest, both


def _whole(count: float) -> int:
    return round(count)
