"""Rows sorted into groups by a sensitive column."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from evaluations.metrics.values import Bools, CannotMeasure, Texts

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


def texts_of(values: NDArray[np.generic]) -> Texts:
    """Each value as text, shape (n,); missing ones as "Not stated"."""
    return np.array([NOT_STATED if is_missing(value) else text_of(value) for value in values], dtype=object)


def grouped(name: str, values: NDArray[np.generic]) -> tuple[dict[str, Bools], bool]:
    """Rows of each group, shape (n,) each, in a readable order; and whether numbers were banded."""
    numeric = values.dtype.kind in "iuf"
    if numeric and len(np.unique(values[~np.isnan(values.astype(np.float64))])) >= FEWEST_NUMBERS:
        return _banded(values.astype(np.float64)), True
    texts = texts_of(values)
    found = sorted(set(texts), key=lambda text: (text == NOT_STATED, _number_or_text(text)))
    if len(found) > MOST_GROUPS:
        raise CannotMeasure(
            f"Column {name} has {len(found):,} different values; a sensitive column may have at most "
            f"{MOST_GROUPS}."
        )
    return {text: texts == text for text in found}, False


def intersection(first: Mapping[str, Bools], second: Mapping[str, Bools]) -> dict[tuple[str, ...], Bools]:
    """Rows of each pair of groups that somebody is in."""
    pairs: dict[tuple[str, ...], Bools] = {(a, b): first[a] & second[b] for a in first for b in second}
    return {pair: rows for pair, rows in pairs.items() if rows.any()}


def band_names() -> list[str]:
    """Names of the bands, lowest first."""
    inner = [f"{low}–{high - 1}" for low, high in zip(BANDS, BANDS[1:], strict=False)]
    return [f"under {BANDS[0]}", *inner, f"{BANDS[-1]} and over"]


def _banded(values: NDArray[np.float64]) -> dict[str, Bools]:
    missing = np.isnan(values)
    place = np.searchsorted(BANDS, values, side="right")
    found = {name: (place == index) & ~missing for index, name in enumerate(band_names())}
    found[NOT_STATED] = missing
    return {name: rows for name, rows in found.items() if rows.any()}


def _number_or_text(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text
