"""The disturbances: each makes the rows a little less as they should be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluations.metrics.robustness.features import Feature, numbers_in, with_numbers, without
from evaluations.metrics.values import Ints

NOISE = (0.05, 0.1, 0.25)
SWAPS, GAPS, STRANGE = (0.05, 0.2), (0.05, 0.2), 0.05
UNITS = (10.0, 100.0, 1000.0, 0.1, 0.01, 0.001)
SHIFTS = (0.25, 0.5, -0.25, -0.5)
BEYOND = 3.0
COLUMNS_ALONE = 20
UNSEEN = "value never seen"
FAMILIES = {
    "noise": "Noise: each number moved by a normal draw with this part of its column's standard deviation.",
    "swap": "Swaps: this part of the categories exchanged for another one of the same column, drawn by frequency.",
    "missing": "Missing: this part of all values removed at random; or one column removed from every row.",
    "range": f"Out of range: {STRANGE:.0%} of the numbers {BEYOND:g} standard deviations beyond the column's range.",
    "unit": "Wrong unit: one number of each row, drawn at random, multiplied or divided.",
    "unseen": f"Unseen: {STRANGE:.0%} of the text values exchanged for one that the column never held.",
    "shift": "Shift: every number of every row moved by this part of its column's standard deviation.",
}


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A way to change rows: its family, what people call it, and the change itself."""

    family: str
    label: str
    change: Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
    column: str = ""


def catalogue(features: Sequence[Feature], noise: Sequence[float] = NOISE) -> list[Disturbance]:
    """All that these columns allow."""
    numeric = [feature for feature in features if feature.kind == "number" and feature.spread > 0]
    coded = [feature for feature in features if feature.kind == "category" and len(feature.values) > 1]
    text = [feature for feature in features if feature.kind == "category" and feature.text]
    found = []
    if numeric:
        found += [Disturbance("noise", f"Noise of {part:.0%}", _noise(numeric, part)) for part in noise]
        found += [Disturbance("shift", f"All numbers {part:+.0%}", _shift(numeric, part)) for part in SHIFTS]
        found.append(Disturbance("range", f"{STRANGE:.0%} of numbers out of range", _beyond(numeric)))
        found += [
            Disturbance("unit", f"One number {_times(factor)}", _unit(numeric, factor)) for factor in UNITS
        ]
    if coded:
        found += [
            Disturbance("swap", f"{part:.0%} of categories swapped", _swap(coded, part)) for part in SWAPS
        ]
    if text:
        found.append(Disturbance("unseen", f"{STRANGE:.0%} of categories unseen", _unseen(text, STRANGE)))
    found += [Disturbance("missing", f"{part:.0%} of values missing", _gaps(features, part)) for part in GAPS]
    found += [
        Disturbance("missing", f"{feature.name} missing", _gaps([feature], 1.0), feature.name)
        for feature in features[:COLUMNS_ALONE]
    ]
    return found


def probes(features: Sequence[Feature], family: str) -> list[Disturbance]:
    """One column at a time: which of them makes the model fail."""
    if family == "unseen":
        chosen = [feature for feature in features if feature.kind == "category" and feature.text]
        return [Disturbance(family, "unseen categories", _unseen([f], 1.0), f.name) for f in chosen]
    if family == "missing":
        return [Disturbance(family, "missing values", _gaps([f], 0.5), f.name) for f in features]
    return []


def _times(factor: float) -> str:
    return f"× {factor:g}" if factor > 1 else f"÷ {1 / factor:g}"


Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def _noise(numeric: Sequence[Feature], part: float) -> Change:
    def change(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        changed = rows.copy()
        for feature in numeric:
            moved = numbers_in(rows[feature.name]) + generator.normal(0, part * feature.spread, len(rows))
            changed[feature.name] = with_numbers(rows[feature.name], moved)
        return changed

    return change


def _shift(numeric: Sequence[Feature], part: float) -> Change:
    def change(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        changed = rows.copy()
        for feature in numeric:
            moved = numbers_in(rows[feature.name]) + part * feature.spread
            changed[feature.name] = with_numbers(rows[feature.name], moved)
        return changed

    return change


def _beyond(numeric: Sequence[Feature]) -> Change:
    def change(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        changed = rows.copy()
        for feature in numeric:
            draw = generator.random(len(rows))
            values = numbers_in(rows[feature.name])
            values = np.where(draw < STRANGE, feature.high + BEYOND * feature.spread, values)
            values = np.where(draw < STRANGE / 2, feature.low - BEYOND * feature.spread, values)
            changed[feature.name] = with_numbers(rows[feature.name], values)
        return changed

    return change


def _unit(numeric: Sequence[Feature], factor: float) -> Change:
    def change(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        changed = rows.copy()
        chosen: Ints = generator.integers(0, len(numeric), len(rows))
        for place, feature in enumerate(numeric):
            values = numbers_in(rows[feature.name])
            values = np.where(chosen == place, values * factor, values)
            changed[feature.name] = with_numbers(rows[feature.name], values)
        return changed

    return change


def _swap(coded: Sequence[Feature], part: float) -> Change:
    def change(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        changed = rows.copy()
        for feature in coded:
            column = rows[feature.name]
            codes = pd.factorize(column)[0]
            source = _another(codes, generator)
            hit = (generator.random(len(rows)) < part) & (codes >= 0)
            taken = column.take(np.where(hit, source, np.arange(len(rows))))
            changed[feature.name] = taken.set_axis(rows.index)
        return changed

    return change


def _another(codes: Ints, generator: np.random.Generator) -> Ints:
    """For each row the place of a row with another category; any row where its category is missing."""
    known = np.flatnonzero(codes >= 0)
    known = known[np.argsort(codes[known], kind="stable")]
    counts = np.bincount(codes[known])
    starts = np.cumsum(counts) - counts
    own = np.where(codes >= 0, counts[codes], 0)
    drawn = generator.integers(0, np.maximum(len(known) - own, 1))
    drawn += np.where((codes >= 0) & (drawn >= starts[codes]), own, 0)
    return np.asarray(known[np.minimum(drawn, len(known) - 1)], dtype=np.int64)


def _unseen(text: Sequence[Feature], part: float) -> Change:
    def change(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        changed = rows.copy()
        for feature in text:
            hit = pd.Series(generator.random(len(rows)) < part, index=rows.index)
            column = rows[feature.name]
            if isinstance(column.dtype, pd.CategoricalDtype):
                column = column.astype(object)
            changed[feature.name] = column.mask(hit, UNSEEN)
        return changed

    return change


def _gaps(features: Sequence[Feature], part: float) -> Change:
    def change(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        changed = rows.copy()
        for feature in features:
            changed[feature.name] = without(rows[feature.name], generator.random(len(rows)) < part)
        return changed

    return change
