"""What is known of each input column, and how a column is changed without breaking its type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from evaluations.metrics.groups import FEWEST_NUMBERS
from evaluations.metrics.values import Floats

MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Feature:
    """A column: a number with its standard deviation and range, a category with its values (most frequent first), or
    something else (a date), which only goes missing."""

    name: str
    kind: Literal["number", "category", "other"]
    text: bool = False
    spread: float = 0.0
    low: float = 0.0
    high: float = 0.0
    values: Sequence[Any] = ()


def features_of(rows: pd.DataFrame) -> list[Feature]:
    """Every column of the rows."""
    return [feature_of(str(name), rows[name]) for name in rows.columns]


def feature_of(name: str, column: "pd.Series[Any]") -> Feature:
    """Numbers with few different values are codes, and so categories."""
    known = column.dropna()
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind) or known.empty:
        return Feature(name, "other")
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        values = known.to_numpy(dtype=np.float64)
        values = values[np.isfinite(values)]
        if len(np.unique(values)) >= FEWEST_NUMBERS:
            return Feature(
                name,
                "number",
                spread=float(values.std()),
                low=float(values.min()),
                high=float(values.max()),
            )
    counts = known.value_counts()
    order = sorted(counts.index, key=lambda value: (-int(counts[value]), str(value)))
    text = not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind))
    return Feature(name, "category", text=text, values=tuple(order[:MOST_VALUES]))


def with_numbers(column: "pd.Series[Any]", values: Floats) -> "pd.Series[Any]":
    """The column with these numbers; whole numbers stay whole, and missing ones missing."""
    if pd.api.types.is_integer_dtype(column.dtype) and np.isfinite(values).all():
        return pd.Series(np.rint(values).astype(np.int64), index=column.index, name=column.name)
    return pd.Series(values, index=column.index, name=column.name)


def numbers_in(column: "pd.Series[Any]") -> Floats:
    """The column as floats."""
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def without(column: "pd.Series[Any]", rows: Any) -> "pd.Series[Any]":
    """The column with these rows missing."""
    return column.mask(pd.Series(rows, index=column.index))


def with_value(rows: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    """A copy in which the column holds the one value, of the type that the column has."""
    changed = rows.copy()
    kind = rows[name].dtype
    if pd.api.types.is_integer_dtype(kind) and float(value) == round(float(value)):
        changed[name] = pd.Series(np.full(len(rows), int(value)), index=rows.index, dtype=kind)
    elif pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        changed[name] = float(value)
    else:
        changed[name] = pd.Series([value] * len(rows), index=rows.index, dtype=kind)
    return changed
