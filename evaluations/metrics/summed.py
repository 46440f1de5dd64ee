"""Metrics that are functions of sums over rows (queries, blocks of time): of one model, and of its rivals on the
same rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluations.metrics import comparison, resampling
from evaluations.metrics.comparison import Rival
from evaluations.metrics.resampling import EXACT_UNITS, Figures, Ranges, Units
from evaluations.metrics.statistics import Sums
from evaluations.metrics.values import Estimate, Floats, Table

Function = Callable[[Floats], Figures]
Found = tuple[dict[str, Estimate], dict[str, str], list[Table]]


@dataclass(frozen=True, slots=True)
class Summed:
    """A family of metrics: `function` makes them of sums, shape (draws, k); `conventions` say how each is computed,
    `labels` what tables call it, `told` which differences become figures, `units` what is drawn."""

    function: Function
    conventions: Mapping[str, str]
    labels: Mapping[str, str]
    told: Sequence[str]
    units: str = "rows"
    ranges: Ranges = field(default_factory=dict)

    def measured(
        self,
        ours: Floats,
        rivals: Sequence[tuple[Rival, Floats, str, Floats | None]],
        *,
        n: int,
        seed: int,
    ) -> Found:
        """Figures, conventions and tables of one model's values, shape (units, k), against rivals: each with its
        values, words on it, and ours on the same units where those are fewer."""
        (point,), (drawn,) = paired([ours], self.function, seed=seed)
        overall = resampling.estimates(point, drawn, n=n, ranges=self.ranges)
        how = resampling.convention(len(ours), self.units)
        said = {name: f"{self.conventions[name]} {how}" for name in overall}
        tables = []
        for rival, theirs, words, same in rivals:
            both = [ours if same is None else same, theirs]
            points, draws = paired(both, self.function, seed=seed)
            found = comparison.differences(*points, *draws, n=n)
            told, how_told, table = comparison.compared(
                rival, found, points[0], points[1], self.labels, told=self.told, how=f"{words} {how}".strip()
            )
            overall |= told
            said |= how_told
            tables.append(table)
        return overall, said, tables

    def of_sums(self, sums: Sums, rivals: Sequence[tuple[Rival, str]], *, seed: int) -> Found:
        """The same out of merged sums of our values and then of every rival's on the same rows, as many of each."""
        width = (len(sums.total) - 1) // (1 + len(rivals))
        overall = self.only(sums.part(0, width), seed=seed)
        many = resampling.many(self.units)
        said = {name: f"{self.conventions[name]} {many}" for name in overall}
        tables = []
        whole, drawn = paired_sums(sums, seed=seed)
        parts = [slice(start, start + width) for start in range(0, whole.shape[1], width)]
        points, draws = ([self.function(side[:, part]) for part in parts] for side in (whole, drawn))
        for place, (rival, words) in enumerate(rivals, start=1):
            found = comparison.differences(points[0], points[place], draws[0], draws[place], n=sums.n)
            told, how_told, table = comparison.compared(
                rival,
                found,
                points[0],
                points[place],
                self.labels,
                told=self.told,
                how=f"{words} {many}".strip(),
            )
            overall |= told
            said |= how_told
            tables.append(table)
        return overall, said, tables

    def only(self, sums: Sums, *, seed: int) -> dict[str, Estimate]:
        """Only the figures of merged sums, as for a slice."""
        whole, drawn = paired_sums(sums, seed=seed)
        return resampling.estimates(self.function(whole), self.function(drawn), n=sums.n, ranges=self.ranges)

    def of(self, values: Floats, *, n: int, seed: int) -> dict[str, Estimate]:
        """Only the figures, as for a slice."""
        (point,), (drawn,) = paired([values], self.function, seed=seed)
        return resampling.estimates(point, drawn, n=n, ranges=self.ranges)


def paired(models: list[Floats], function: Function, *, seed: int) -> tuple[list[Figures], list[Figures]]:
    """The metrics of each model's values, shape (units, k), and on each resample of the units, the same for all.

    Up to EXACT_UNITS units the units themselves are drawn; beyond, their sums from the normal distribution that
    has the bootstrap's own mean and covariance, which is what the central limit theorem makes of so many.
    """
    values = np.concatenate(models, axis=1)
    units, width = len(values), models[0].shape[1]
    if units <= EXACT_UNITS:
        sums = np.concatenate([w @ values for w in Units.single(units, None).drawn(seed=seed)])
    else:
        sums = paired_sums(Sums.of(values), seed=seed)[1]
    whole = values.sum(axis=0, keepdims=True)
    parts = [slice(start, start + width) for start in range(0, values.shape[1], width)]
    return [function(whole[:, part]) for part in parts], [function(sums[:, part]) for part in parts]


def paired_sums(sums: Sums, *, seed: int) -> tuple[Floats, Floats]:
    """Merged sums of the values, shape (1, k), and those of resamples of the units, shape (draws, k)."""
    return sums.total[None, 1:], sums.resampled(seed=seed) * sums.n
