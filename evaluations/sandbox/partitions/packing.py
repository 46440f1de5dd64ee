"""Counts as JSON, for another process to add up. Nothing but counts comes out of it, whoever wrote it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from evaluations.metrics.counted_calibration import Forecast
from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.number_histogram import NumberHistogram
from evaluations.metrics.stability.counted import Categories
from evaluations.metrics.statistics import Sums
from evaluations.sandbox.partitions.counted import Counted, Part, Statistic, Tally

NAMES = {kind.__name__: kind for kind in (Tally, Categories, ScoreHistogram, NumberHistogram, Sums, Forecast)}
NUMBERS = {"int64": np.int64, "float64": np.float64}


def packed(counted: Counted) -> dict[str, Any]:
    """The counts out of JSON's own types."""
    return {
        "columns": list(counted.columns),
        "parts": [[list(part), _packed(held)] for part, held in sorted(counted.parts.items(), key=_order)],
        "numeric": sorted(counted.numeric),
        "banded": sorted(counted.banded),
        "left_out": dict(counted.left_out),
        "facts": counted.facts,
    }


def unpacked(given: Mapping[str, Any]) -> Counted:
    """What `packed` made."""
    return Counted(
        tuple(given["columns"]),
        {Part(*part): _unpacked(held) for part, held in given["parts"]},
        set(given["numeric"]),
        set(given["banded"]),
        Counter(given["left_out"]),
        dict(given["facts"]),
    )


def _order(item: tuple[Part, Statistic]) -> tuple[str, str, str]:
    return item[0].what, item[0].column, str(item[0].value)


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"is": value.dtype.name, "shape": list(value.shape), "values": value.reshape(-1).tolist()}
    if isinstance(value, Counter):
        items = sorted(value.items(), key=str)
        return {"is": "counts", "items": [[_plain(key), int(rows)] for key, rows in items]}
    if type(value).__name__ in NAMES:
        held = {field.name: _packed(getattr(value, field.name)) for field in fields(value)}
        return {"is": type(value).__name__, **held}
    return _plain(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _unpacked(given: Any) -> Any:
    if isinstance(given, list):
        return tuple(given)
    if not isinstance(given, dict):
        return given
    held = dict(given)
    kind = held.pop("is")
    if kind in NUMBERS:
        return np.array(held["values"], dtype=NUMBERS[kind]).reshape(held["shape"])
    if kind == "counts":
        return Counter({_unpacked(key): rows for key, rows in held["items"]})
    return NAMES[kind](**{name: _unpacked(value) for name, value in held.items()})
