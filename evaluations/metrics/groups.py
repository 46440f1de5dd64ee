"""Rows sorted into groups by a sensitive column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluations.metrics.values import Bools, CannotMeasure, Ints

BANDS = (25, 35, 45, 55, 65)
BANDS_CONVENTION = (
    f"Numbers are banded, closed on the left, at {', '.join(map(str, BANDS))}: exactly 25 is in 25–34."
)
FEWEST_NUMBERS = 11
"""A numeric column with fewer different values than this is a code (0 and 1 for no and yes), not a
quantity."""
MOST_GROUPS = 100
NOT_STATED = "Not stated"


def text_of(value: object) -> str:
    """A label as text, so that the 1 of a CSV, the 1.0 of a column with gaps and the "1" of a form are the
    same."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)


def is_missing(value: object) -> bool:
    """None, NaN, NaT and pandas' NA."""
    return (
        value is None
        or type(value).__name__ in {"NAType", "NaTType"}
        or (isinstance(value, float | np.floating) and np.isnan(value))
    )


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as integers: `small`, shape (n,), are places in `levels`. `banded`: numbers were put into bands.

    Of a Categorical, levels may name categories that no row has.
    """

    levels: tuple[str, ...]
    small: NDArray[np.integer[Any]]
    banded: bool = False

    @property
    def codes(self) -> Ints:
        """The places as integers to reckon with; `small` ones overflow."""
        return self.small.astype(np.int64)


def coded(name: str, values: Any) -> Coded:
    """The groups of a column (array, Series or Categorical, shape (n,)), in a readable order.

    Each distinct value is turned into text once, however many rows there are. Missing ones are a group of their
    own. Raises CannotMeasure where there are more than MOST_GROUPS groups.
    """
    if isinstance(values, pd.Series) and _is_number(values.dtype):
        values = values.to_numpy(dtype=np.float64, na_value=np.nan)
    places, distinct, missing = _factorized(values)
    banded = np.asarray(distinct).dtype.kind in "iuf" and len(distinct) >= FEWEST_NUMBERS
    texts = _bands_of(np.asarray(distinct, np.float64)) if banded else [text_of(value) for value in distinct]
    levels = tuple(in_order({*texts, *([NOT_STATED] if missing else [])}))
    if len(levels) > MOST_GROUPS:
        raise CannotMeasure(
            f"Column {name} has {len(levels):,} different values; a sensitive column may have at most "
            f"{MOST_GROUPS}."
        )
    place_of = {level: place for place, level in enumerate(levels)}
    table = np.array([*(place_of[text] for text in texts), place_of.get(NOT_STATED, -1)], dtype=np.int16)
    if not missing and np.array_equal(table[:-1], np.arange(len(levels))):
        return Coded(levels, places, banded)
    return Coded(levels, np.take(table, places, mode="wrap"), banded)  # -1 takes the last one


def grouped(name: str, values: Any) -> tuple[dict[str, Bools], bool]:
    """Rows of each group, shape (n,) each, in a readable order; and whether numbers were banded."""
    found = coded(name, values)
    rows = {level: found.small == place for place, level in enumerate(found.levels)}
    return {level: those for level, those in rows.items() if those.any()}, found.banded


def banded_from(distinct: int) -> bool:
    """Whether a column of numbers with so many different ones is put into bands."""
    return distinct >= FEWEST_NUMBERS


def in_order(levels: Iterable[str]) -> list[str]:
    """Bands from young to old, numbers, then words; what is not stated comes last."""
    bands = {name: index for index, name in enumerate(band_names())}

    def place(text: str) -> tuple[bool, int, float, str]:
        if text in bands:
            return False, 0, bands[text], text
        return text == NOT_STATED, *_number_or_text(text)

    return sorted(levels, key=place)


def intersection(first: Mapping[str, Bools], second: Mapping[str, Bools]) -> dict[tuple[str, ...], Bools]:
    """Rows of each pair of groups that somebody is in."""
    pairs: dict[tuple[str, ...], Bools] = {(a, b): first[a] & second[b] for a in first for b in second}
    return {pair: rows for pair, rows in pairs.items() if rows.any()}


def band_names() -> list[str]:
    """Names of the bands, lowest first."""
    inner = [f"{low}–{high - 1}" for low, high in zip(BANDS, BANDS[1:], strict=False)]
    return [f"under {BANDS[0]}", *inner, f"{BANDS[-1]} and over"]


def band_of(number: float) -> str:
    """The band that a number falls into."""
    return band_names()[int(np.searchsorted(BANDS, number, side="right"))]


def _factorized(values: Any) -> tuple[NDArray[np.integer[Any]], Any, bool]:
    """A place for each row, -1 where the value is missing; the distinct values; whether any is missing.

    Categories are coded already.
    """
    if isinstance(values, pd.Series) and isinstance(values.dtype, pd.CategoricalDtype):
        values = values.array
    if isinstance(values, pd.Categorical):
        if len(values.categories) > MOST_GROUPS:
            values = values.remove_unused_categories()
        places, distinct = values.codes, values.categories
    else:
        places, distinct = pd.factorize(values)
    places = np.asarray(places)
    return places, distinct, bool(len(places)) and int(places.min()) < 0


def _is_number(dtype: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype))


def _bands_of(distinct: NDArray[np.float64]) -> list[str]:
    names = band_names()
    return [names[place] for place in np.searchsorted(BANDS, distinct, side="right")]


def _number_or_text(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text
