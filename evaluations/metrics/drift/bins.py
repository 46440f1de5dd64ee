"""Bins that come from a reference and count anything else: the bins of PSI and its like."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluations.metrics.groups import is_missing, text_of
from evaluations.metrics.values import Floats, Ints, Texts

QUANTILES, MOST_CATEGORIES = 10, 50
RARER, UNSEEN, MISSING = "rarer ones", "not in the reference", "missing"
CONVENTION = (
    f"Numbers: up to {QUANTILES} bins between the reference's quantiles, closed on the right, open at both ends; "
    "a constant reference has three bins (below, equal, above). Categories: the "
    f"{MOST_CATEGORIES} most frequent of the reference, its rarer ones, and those that it does not have. Missing "
    "values are a bin of their own."
)


@dataclass(frozen=True, slots=True)
class NumberBins:
    """Bins between `edges`, shape (k,): k + 1 of them, then one for missing values."""

    edges: Floats

    @property
    def names(self) -> list[str]:
        """Each bin in words."""
        if len(self.edges) == 0:
            return ["any value", MISSING]
        if len(self.edges) == 2 and self.edges[0] == np.nextafter(self.edges[1], -np.inf):
            return [
                f"below {self.edges[1]:.4g}",
                f"{self.edges[1]:.4g}",
                f"above {self.edges[1]:.4g}",
                MISSING,
            ]
        inner = [f"{a:.4g} to {b:.4g}" for a, b in zip(self.edges[:-1], self.edges[1:], strict=True)]
        return [f"up to {self.edges[0]:.4g}", *inner, f"above {self.edges[-1]:.4g}", MISSING]

    def counts(self, values: Floats) -> Ints:
        """Rows in each bin, shape (k + 2,). Infinite values fall into the outer bins."""
        missing = np.isnan(values)
        place = np.searchsorted(self.edges, values[~missing], side="left")
        found = np.bincount(place, minlength=len(self.edges) + 1)
        return np.append(found, missing.sum()).astype(np.int64)


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """A bin for each of `categories`, then for the reference's rarer ones, for what it lacks, for missing."""

    categories: tuple[str, ...]
    rarer: frozenset[str]

    @property
    def names(self) -> list[str]:
        """Each bin in words."""
        return [*self.categories, RARER, UNSEEN, MISSING]

    def counts(self, values: Texts) -> Ints:
        """Rows in each bin, shape (categories + 3,)."""
        return self.counts_of(tally(values))

    def counts_of(self, tallied: Mapping[str | None, int]) -> Ints:
        """The same of values that are counted already."""
        place = {name: index for index, name in enumerate(self.categories)}
        found = np.zeros(len(self.categories) + 3, dtype=np.int64)
        for name, count in tallied.items():
            if name is None:
                found[-1] += count
            else:
                found[place.get(name, len(place) if name in self.rarer else len(place) + 1)] += count
        return found


Bins = NumberBins | CategoryBins


def number_bins(reference: Floats, *, quantiles: int = QUANTILES) -> NumberBins:
    """Bins between the reference's quantiles; equal quantiles are one edge."""
    known = reference[np.isfinite(reference)]
    if len(known) == 0:
        return NumberBins(np.empty(0))
    least, most = float(known.min()), float(known.max())
    if least == most:
        return NumberBins(np.array([np.nextafter(least, -np.inf), least]))
    edges = np.unique(np.quantile(known, np.arange(1, quantiles) / quantiles))
    inside = edges[edges < most]  # an edge at the largest value would leave nothing above it
    return NumberBins(inside if len(inside) else np.array([least]))


def category_bins(reference: Texts, *, most: int = MOST_CATEGORIES) -> CategoryBins:
    """The reference's most frequent values, those of equal frequency in the order of their names."""
    return category_bins_of(tally(reference), most=most)


def category_bins_of(tallied: Mapping[str | None, int], *, most: int = MOST_CATEGORIES) -> CategoryBins:
    """The same of values that are counted already."""
    counts = [(-count, name) for name, count in tallied.items() if name is not None]
    names = [name for _, name in sorted(counts)]
    return CategoryBins(tuple(names[:most]), frozenset(names[most:]))


def tally(values: Texts) -> dict[str | None, int]:
    """How often each value occurs, as text; None for missing ones."""
    raw: dict[object, int] = {}
    for value in values.tolist():
        raw[value] = raw.get(value, 0) + 1
    found: dict[str | None, int] = {}
    for value, count in raw.items():  # NaN is not equal to itself, but every one of them ends up as None
        name = None if is_missing(value) else text_of(value)
        found[name] = found.get(name, 0) + count
    return found
