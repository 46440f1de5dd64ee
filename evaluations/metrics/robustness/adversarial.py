"""Black-box search for a small change of the numbers of a row that changes the decision about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.binary import rate
from evaluations.metrics.robustness.answers import Ask, Undisturbed
from evaluations.metrics.robustness.features import Feature, numbers_in, with_numbers
from evaluations.metrics.values import Bools, Column, Estimate, Floats, Ints, Table

ROWS, BOUND, CORNERS, HALVINGS, EXAMPLES = 300, 0.1, 12, 6, 5
CONVENTION = (
    "Numbers only, each within {bound:.0%} of its column's standard deviation and inside the column's range; whole "
    "numbers stay whole. "
    f"{CORNERS} random corners of that box, then one pass over the columns that keeps each step towards another "
    f"decision, then {HALVINGS} halvings of what changed it. {{n}} rows drawn with the run's seed. A search finds "
    "examples; that it finds none proves nothing."
)


@dataclass(frozen=True, slots=True)
class Attack:
    """How many decisions could be changed, how far the nearest change was, and some of them."""

    flipped: Estimate
    smallest: Estimate  # median over the flipped rows of the largest step, in standard deviations
    examples: Table
    bound: float
    n: int


def attack(
    ask: Ask, base: Undisturbed, features: Sequence[Feature], *, bound: float, seed: int
) -> Attack | None:
    """Try to change the decisions about a sample of rows; None where there are no numbers to change."""
    numeric = [feature for feature in features if feature.kind == "number" and feature.spread > 0]
    if not numeric:
        return None
    generator = np.random.default_rng(seed)
    picked: Ints = np.sort(generator.permutation(len(base.rows))[:ROWS])
    search = _Search(ask, base, numeric, picked, bound)
    for _ in range(CORNERS):
        search.try_steps(generator.choice([-1.0, 1.0], (len(picked), len(numeric))))
    search.climb()
    search.shrink()
    found = search.found
    sizes = search.sizes()[found]
    middle = float(np.median(sizes)) if len(sizes) else None
    return Attack(
        flipped=rate(int(found.sum()), len(picked)),
        smallest=Estimate(middle, *_median_bounds(sizes), int(found.sum())),
        examples=search.table(),
        bound=bound,
        n=len(picked),
    )


def _median_bounds(sizes: Floats) -> tuple[float | None, float | None]:
    """Interval of a median by order statistics (normal approximation of the binomial ranks)."""
    n = len(sizes)
    if n < 10:
        return None, None
    half = 1.96 * np.sqrt(n) / 2
    ordered = np.sort(sizes)
    low, high = int(np.floor(n / 2 - half)), int(np.ceil(n / 2 + half))
    return float(ordered[max(low, 0)]), float(ordered[min(high, n - 1)])


class _Search:
    """Steps are in units of the bound: a row's change is step × bound × standard deviation, shape (rows, columns)."""

    def __init__(
        self, ask: Ask, base: Undisturbed, numeric: Sequence[Feature], picked: Ints, bound: float
    ) -> None:
        self._ask, self._base, self._numeric, self._picked = ask, base, numeric, picked
        self._rows = base.rows.iloc[picked].reset_index(drop=True)
        self._start = np.column_stack([numbers_in(self._rows[feature.name]) for feature in numeric])
        self._reach = bound * np.array([feature.spread for feature in numeric])
        low, high = np.array([(f.low, f.high) for f in numeric]).T
        self._low, self._high = np.minimum(low, self._start), np.maximum(high, self._start)  # NaN stays
        self._steps = np.zeros_like(self._start)
        self._best = np.full(len(picked), -np.inf)
        self.found: Bools = np.zeros(len(picked), dtype=np.bool_)

    def moved(self, steps: Floats) -> pd.DataFrame:
        """The rows after these steps."""
        changed = self._rows.copy()
        values = np.clip(self._start + steps * self._reach, self._low, self._high)
        for place, feature in enumerate(self._numeric):
            column, inside = self._rows[feature.name], values[:, place]
            if pd.api.types.is_integer_dtype(column.dtype):  # towards the start, so that the bound holds
                inside = self._start[:, place] + np.trunc(inside - self._start[:, place])
            changed[feature.name] = with_numbers(column, inside)
        return changed

    def try_steps(self, steps: Floats) -> None:
        """Keep the steps of the rows for which they come closer to another decision than anything before."""
        after = self._ask(self.moved(steps))
        flipped = self._base.flipped(after, self._picked)
        pressure = self._base.pressure(after, self._picked)
        better = (flipped & ~self.found) | ((flipped == self.found) & (pressure > self._best))
        self._steps[better] = steps[better]
        self._best[better] = pressure[better]
        self.found |= flipped

    def climb(self) -> None:
        """One pass over the columns: either end and the start of each, the best is kept."""
        for place in range(len(self._numeric)):
            for end in (-1.0, 1.0, 0.0):
                steps = self._steps.copy()
                steps[:, place] = end
                self.try_steps(steps)

    def shrink(self) -> None:
        """Bring what changed a decision as near to the row as halving can."""
        keep, fail = np.ones(len(self._picked)), np.zeros(len(self._picked))
        for _ in range(HALVINGS):
            middle = (keep + fail) / 2
            after = self._ask(self.moved(self._steps * middle[:, None]))
            flipped = self._base.flipped(after, self._picked)
            keep, fail = np.where(flipped, middle, keep), np.where(flipped, fail, middle)
        self._steps *= keep[:, None]

    def sizes(self) -> Floats:
        """The largest step of each row, in standard deviations of its column."""
        spreads = np.array([feature.spread for feature in self._numeric])
        moved = np.abs(self._values() - self._start) / spreads
        return np.asarray(np.where(np.isfinite(moved), moved, 0.0).max(axis=1), dtype=np.float64)

    def _values(self) -> Floats:
        changed = self.moved(self._steps)
        return np.column_stack([numbers_in(changed[feature.name]) for feature in self._numeric])

    def table(self) -> Table:
        """The rows whose decision took the smallest change."""
        sizes, values = self.sizes(), self._values()
        order = [int(row) for row in np.argsort(sizes, kind="stable") if self.found[row]][:EXAMPLES]
        before = self._base.answers.score[self._picked]
        after = self._ask(self.moved(self._steps)).score if order else before
        rows = [
            (self._change(row, values), float(before[row]), float(after[row]), float(sizes[row]))
            for row in order
        ]
        columns = (
            Column("Change"),
            Column("Output before", "number"),
            Column("Output after", "number"),
            Column("Largest step, in standard deviations", "number"),
        )
        note = "The decisions that took the smallest change of the numbers to become another one."
        return Table("adversarial", "Smallest changes that change a decision", note, columns, rows)

    def _change(self, row: int, values: Floats) -> str:
        said: list[Any] = []
        for place, feature in enumerate(self._numeric):
            old, new = self._start[row, place], values[row, place]
            if np.isfinite(old) and abs(new - old) > 1e-9 * max(abs(old), feature.spread):
                said.append(f"{feature.name} {old:.5g} → {new:.5g}")
        return "; ".join(said) or "nothing"
