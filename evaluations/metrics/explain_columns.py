"""Columns of a table while their values are exchanged: as codes, changed in place, and in words."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.groups import is_missing, text_of
from evaluations.metrics.values import Floats

MISSING = "missing"


class Coding:
    """Columns as numbers and back: shap's maskers mix rows only as numbers."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._columns = list(rows.columns)
        self._types = dict(rows.dtypes)
        self._known: dict[Any, list[Any]] = {
            name: different(rows[name]) for name in rows if not is_number(rows[name])
        }

    def encode(self, rows: pd.DataFrame) -> Floats:
        """Numbers as they are, anything else as its place among the different values."""
        found = np.empty(rows.shape, dtype=np.float64)
        for place, name in enumerate(self._columns):
            if name in self._known:
                code = {value: index for index, value in enumerate(self._known[name])}
                found[:, place] = [code[None if is_missing(value) else value] for value in rows[name]]
            else:
                found[:, place] = rows[name].to_numpy(dtype=np.float64)
        return found

    def decode(self, codes: Floats) -> pd.DataFrame:
        """The rows again, with their types."""
        columns = {}
        for place, name in enumerate(self._columns):
            if name in self._known:
                known = pd.array(self._known[name], dtype=self._types[name])
                columns[name] = pd.Series(known.take(codes[:, place].astype(np.int64)))
            else:
                columns[name] = pd.Series(codes[:, place]).astype(self._types[name])
        return pd.DataFrame(columns, columns=self._columns)


def is_number(column: "pd.Series[Any]") -> bool:
    """Whether its values have an order and distances."""
    return column.dtype.kind in "iuf" and isinstance(column.dtype, np.dtype)


def different(column: "pd.Series[Any]") -> list[Any]:
    """Its different values in the order in which they come; None for missing ones."""
    return list(dict.fromkeys(None if is_missing(value) else value for value in column))


def levels(column: "pd.Series[Any]", most: int) -> list[Any]:
    """Its most common values, the most common first; None for missing ones."""
    counts = Counter(None if is_missing(value) else value for value in column)
    return sorted(counts, key=lambda value: (-counts[value], said(value)))[:most]


def said(value: object) -> str:
    """A value for people."""
    if is_missing(value):
        return MISSING
    if isinstance(value, float | np.floating):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
    return text_of(value)


def changed(rows: pd.DataFrame, name: str, values: Any) -> pd.DataFrame:
    """The rows with other values (a list of one each, or one for all) in a column, in the column's type where that
    holds them."""
    given = list(values) if isinstance(values, list | np.ndarray) else [values] * len(rows)
    column = pd.Series(given, index=rows.index, dtype=object)
    return rows.assign(**{name: _as_before(column, rows[name].dtype)})


def _as_before(column: "pd.Series[Any]", known: Any) -> "pd.Series[Any]":
    gaps = bool(column.isna().any())
    if isinstance(known, pd.CategoricalDtype):
        strange = ~column.isna() & ~column.isin(known.categories)
        return column if strange.any() else column.astype(known)
    if gaps and known.kind in "biu" and isinstance(known, np.dtype):
        return column if known.kind == "b" else column.astype(np.float64)
    if known.kind in "iu" and isinstance(known, np.dtype):
        numbers = column.astype(np.float64)  # half a child stays half a child
        return column.astype(known) if (numbers % 1 == 0).all() else numbers
    try:
        return column.astype(known)
    except (TypeError, ValueError):  # a value that the type does not know
        return column
