"""What a column holds, in figures: missing, distinct, ranges, a histogram, its commonest values."""

import math
from typing import Any

import polars as pl

EXACT_DISTINCT = 5_000_000  # rows up to which distinct values are counted, not estimated
MOST_DISTINCT_COUNTED = 100_000
TOP = 10
TOP_GROUPS = 50
BINS = 20
LONGEST_TEXT = 80
LARGEST_FLOAT = 1e300  # beyond it the width of a bin overflows
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def profile_of(name: str, kind: str, values: pl.Series) -> dict[str, Any]:
    """The profile of one column; `values` has its type and null where it is missing."""
    filled = values.drop_nulls()
    if values.dtype.is_float():
        filled = filled.drop_nans()
    found: dict[str, Any] = {"name": name, "type": kind, "missing": len(values) - len(filled)}
    if kind == "other" and not values.dtype.is_temporal():
        return found
    if kind in {"integer", "number"}:
        filled = _narrow(filled).sort()  # once: distinct values, range and quantiles are then read off
    estimated = len(filled) > EXACT_DISTINCT
    distinct = int(_plain(filled.approx_n_unique())) if estimated else filled.n_unique()
    found |= {"distinct": distinct, "distinct_estimated": estimated}
    if filled.is_empty():
        return found
    if kind in {"integer", "number"}:
        found |= _numbers(filled, kind)
    elif kind == "other":
        found["range"] = {"min": clean(filled.min()), "max": clean(filled.max())}
    elif distinct <= MOST_DISTINCT_COUNTED:
        top = [(clean(value), count) for value, count in commonest(filled, TOP)]
        spelled = str.lower if kind == "boolean" else str
        found["top"] = [{"value": spelled(value), "count": count} for value, count in top]
    return found


def commonest(filled: pl.Series, most: int) -> list[tuple[str, int]]:
    """Values as text with their counts, commonest first; of a column of all different values only a part."""
    if _plain(filled.approx_n_unique()) > MOST_DISTINCT_COUNTED:
        filled = filled.head(MOST_DISTINCT_COUNTED)
    rows = filled.rename("value").value_counts(sort=True, name="count").head(most + TOP_GROUPS).rows()
    pairs = sorted(((str(value), count) for value, count in rows), key=lambda pair: (-pair[1], pair[0]))
    return pairs[:most]


def clean(value: object) -> str:
    """A value to show: short, on one line, without characters that a database or XML cannot hold."""
    words = "".join(letter if letter.isprintable() else "\ufffd" for letter in str(value)[: LONGEST_TEXT + 1])
    return words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1]}…"


def _narrow(filled: pl.Series) -> pl.Series:
    """Numbers of a kind that everything can be measured of."""
    wide = filled.dtype.is_decimal() or filled.dtype in (pl.Int128, pl.UInt128, pl.Float16)
    return filled.cast(pl.Float64) if wide else filled


def _quantile(ordered: pl.Series, share: float) -> float:
    """Between the two nearest values, in proportion."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below]) * (1 - place + below) + float(ordered[above]) * (place - below)


def _numbers(filled: pl.Series, kind: str) -> dict[str, Any]:
    finite = filled.filter(filled.is_finite()) if filled.dtype.is_float() else filled
    found: dict[str, Any] = {"not_finite": len(filled) - len(finite)}
    if finite.is_empty():
        return found
    exact = int if kind == "integer" else float
    low, high = finite[0], finite[-1]
    deviation = finite.std() if len(finite) > 1 else 0.0
    found["numbers"] = {
        "min": exact(low),
        "max": exact(high),
        "mean": finite.mean(),
        "deviation": deviation,
        "quantiles": {f"{share:g}": _float(_quantile(finite, share)) for share in QUANTILES},
    }
    found["numbers"] |= {name: _float(found["numbers"][name]) for name in ("mean", "deviation")}
    found["histogram"] = _histogram(finite, float(low), float(high), kind)
    return found


def _histogram(finite: pl.Series, low: float, high: float, kind: str) -> dict[str, Any]:
    """Counts in at most BINS bins of equal width; whole numbers that are few get a bin each."""
    if high - low > LARGEST_FLOAT:
        return {"low": low, "high": high, "counts": []}
    bins = BINS
    if kind == "integer" and high - low < BINS:
        bins, low, high = int(high - low) + 1, low - 0.5, high + 0.5
    elif high == low:
        bins = 1
    width = (high - low) / bins or 1.0
    places = ((finite.cast(pl.Float64) - low) / width).floor().clip(0, bins - 1).cast(pl.Int64)
    found = dict(places.rename("place").value_counts(name="count").rows())
    return {"low": low, "high": high, "counts": [found.get(place, 0) for place in range(bins)]}


def _plain(found: Any) -> Any:
    """What a series answers; its stubs allow for every type that a cell may have."""
    return found


def _float(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
