"""Columns of a batch of Parquet rows as codes and numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from evaluations.metrics.groups import is_missing, text_of
from evaluations.metrics.number_histogram import NumberHistogram
from evaluations.metrics.stability.counted import Categories, Distribution
from evaluations.metrics.stability.shifts import floats_of
from evaluations.metrics.values import Bools, Floats
from evaluations.sandbox.job import CannotEvaluate
from evaluations.sandbox.partitions.counted import Key, Tally

NARROW = 1 << 12
"""Whole numbers that lie no further apart are their own codes."""
Codes = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Axis:
    """Values of rows: `levels` as text (None: missing), and for each row the place of its own, shape (n,)."""

    levels: list[str | None]
    place: Codes

    @classmethod
    def of(cls, column: pa.Array) -> "Axis":
        """A column's values; levels that no row has are left out."""
        values, place = codes(column)
        there = np.flatnonzero(np.bincount(place, minlength=len(values)))
        if len(there) < len(values):
            smaller = np.zeros(len(values), dtype=place.dtype)
            smaller[there] = np.arange(len(there))
            values, place = [values[at] for at in there], smaller[place]
        return cls([_text(value) for value in values], place)

    def is_one(self, level: str | None) -> Bools:
        """Which rows have this value."""
        return np.array([value == level for value in self.levels], dtype=np.bool_)[self.place]

    def known(self) -> Bools | None:
        """Which rows have a value; None where all have one."""
        there = np.array([value is not None for value in self.levels], dtype=np.bool_)
        return None if there.all() else there[self.place]

    def rows(self) -> Counter[str | None]:
        """How many rows each value has."""
        found: Counter[str | None] = Counter()
        for level, rows in zip(self.levels, np.bincount(self.place, minlength=len(self.levels)), strict=True):
            if rows:
                found[level] += int(rows)
        return found


def codes(column: pa.Array) -> tuple[list[Any], Codes]:
    """The distinct values of a column, and for each row the place of its value, shape (n,)."""
    if pa.types.is_boolean(column.type) and not column.null_count:
        return [False, True], column.cast(pa.uint8()).to_numpy(zero_copy_only=False)
    if pa.types.is_integer(column.type) and not column.null_count and len(column):
        values = column.to_numpy(zero_copy_only=False)
        low, high = int(values.min()), int(values.max())
        if high - low < NARROW:
            return list(range(low, high + 1)), (values - np.int64(low)).astype(np.uint16)
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    levels = encoded.dictionary.to_pylist()
    index = encoded.indices
    if index.null_count:
        index = pc.fill_null(index, len(levels))
        levels.append(None)
    return levels, index.to_numpy(zero_copy_only=False)


def tallied(axes: Sequence[Axis]) -> Tally:
    """How many rows have each combination of values."""
    shape = tuple(len(axis.levels) for axis in axes)
    size = prod(shape)
    kind = np.dtype(np.uint16 if size < 1 << 16 else np.int64)  # of the small ones four times as many fit
    place: Codes = np.zeros(len(axes[0].place), dtype=kind)
    for axis in axes:
        np.multiply(place, kind.type(len(axis.levels)), out=place)
        np.add(place, axis.place.astype(kind, copy=False), out=place)
    rows = np.bincount(place, minlength=size)
    found: Counter[Key] = Counter()
    for at in np.flatnonzero(rows):
        where = np.unravel_index(at, shape)
        found[tuple(axis.levels[int(spot)] for axis, spot in zip(axes, where, strict=True))] += int(rows[at])
    return Tally(found)


def distribution(column: pa.Array) -> Distribution:
    """Numbers and dates as a histogram, all else by value."""
    if is_quantity(column.type):
        return NumberHistogram.count(floats_of(column.to_pandas()))
    return Categories.of(Axis.of(column).rows())


def is_quantity(kind: pa.DataType) -> bool:
    """Whether the column holds numbers or times, as pandas reads it."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_timestamp(kind))


def is_number(kind: pa.DataType) -> bool:
    """Whether the column holds numbers of any kind."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def finite(column: pa.Array, name: str) -> Floats:
    """The score column as numbers; raises CannotEvaluate where one is missing or infinite."""
    score: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if not np.isfinite(score.sum()):
        bad = int((~np.isfinite(score)).sum())
        if bad:
            raise CannotEvaluate(
                f"The score column {name} holds {bad:,} values or more that are no finite number."
            )
    return score


def range_of(file: pq.ParquetFile, name: str) -> tuple[float, float]:
    """The least and the largest value, as the file itself says; 0 and 1 where it does not."""
    place = file.schema_arrow.names.index(name) if name in file.schema_arrow.names else -1
    if place < 0:
        raise CannotEvaluate(f"The data set lacks the score column {name}.")
    meta = file.metadata
    held = [meta.row_group(group).column(place).statistics for group in range(meta.num_row_groups)]
    if not held or any(one is None or not one.has_min_max for one in held):
        return 0.0, 1.0
    return min(float(one.min) for one in held), max(float(one.max) for one in held)


def mean_of(file: pq.ParquetFile, name: str) -> float:
    """The mean of a column of numbers, missing ones left out; 0 where there are none."""
    total, rows = 0.0, 0
    for group in range(file.num_row_groups):
        column = file.read_row_group(group, columns=[name]).column(0)
        values = pd.to_numeric(column.to_pandas(), errors="coerce").to_numpy(dtype=np.float64)
        known = values[np.isfinite(values)]
        total, rows = total + float(known.sum()), rows + len(known)
    return total / rows if rows else 0.0


def _text(value: Any) -> str | None:
    return None if is_missing(value) else text_of(value)
