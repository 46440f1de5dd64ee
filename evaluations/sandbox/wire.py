"""Tables and answers as bytes, between the child that measures and the one that holds the model.

A message is the length of its header in eight bytes, the header in JSON, and the arrays that it lists, end to end.
Nothing is unpickled on either side, and nothing is believed that does not fit: the other side may be hostile. The two
may have different versions of numpy and pandas.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

LONGEST_HEADER = 1 << 28
MOST_AXES = 2
NUMBERS = "biuf"
WIDTHS = (1, 2, 4, 8)
NULLABLE = frozenset(
    ["string", "boolean", "Float32", "Float64"]
    + [f"{sign}{bits}" for sign in ("Int", "UInt") for bits in (8, 16, 32, 64)]
)
"""Types of pandas that know a missing value of their own."""
Packed = dict[str, Any]
Arrays = list[Any]


class Unsendable(Exception):
    """A value that no message can hold."""


class BadMessage(Exception):
    """What came is no message."""


def send(stream: BinaryIO, header: Mapping[str, Any], arrays: Sequence[Any] = ()) -> None:
    """Write one message."""
    parts: Arrays = [np.ascontiguousarray(array) for array in arrays]
    shapes = [[part.dtype.str, list(part.shape)] for part in parts]
    text = json.dumps({**header, "arrays": shapes}).encode()
    stream.write(len(text).to_bytes(8, "big") + text)
    for part in parts:
        if part.size:
            stream.write(memoryview(part).cast("B"))
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], Arrays] | None:
    """The next message; None where the other side has ended. Raises BadMessage."""
    length = int.from_bytes(begun, "big") if len(begun := stream.read(8)) == 8 else 0
    if not begun:
        return None
    if not 0 < length <= LONGEST_HEADER:
        raise BadMessage
    try:
        header = json.loads(stream.read(length))
        arrays = [_array(stream, kind, shape) for kind, shape in header.pop("arrays")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadMessage from error
    return header, arrays


def pack_frame(rows: pd.DataFrame) -> tuple[Packed, Arrays]:
    """A table as header and arrays. Raises Unsendable, naming the column."""
    arrays: Arrays = []
    columns = []
    for name, (_, values) in zip(rows.columns, rows.items(), strict=True):
        try:
            columns.append([name, _packed_column(values, arrays)])
        except Unsendable as problem:
            raise Unsendable(f"column {name} holds {problem}") from problem
    return {"columns": columns, "rows": len(rows)}, arrays


def unpack_frame(packed: Packed, arrays: Arrays) -> pd.DataFrame:
    """The table of `pack_frame`, numbered from 0."""
    data = {name: _unpacked_column(column, arrays) for name, column in packed["columns"]}
    return pd.DataFrame(data, index=range(packed["rows"]))


def pack(values: Any) -> tuple[Packed, Arrays]:
    """Numbers of any shape up to two axes, or one row of labels. Raises Unsendable."""
    arrays: Arrays = []
    found = np.asarray(values)
    if found.dtype.kind in NUMBERS and found.ndim <= MOST_AXES:
        return _packed_numbers(found, arrays), arrays
    return _packed_levels(pd.Series(found.reshape(-1)).astype(object), arrays), arrays


def unpack(packed: Packed, arrays: Arrays) -> Any:
    """The array of `pack`. Raises BadMessage."""
    try:
        return _array_of(packed, arrays)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise BadMessage from error


def _packed_column(values: "pd.Series[Any]", arrays: Arrays) -> Packed:
    kind: Any = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        arrays.append(values.cat.codes.to_numpy().astype(np.int32))
        levels = [_scalar(level) for level in kind.categories.astype(object)]
        return {"as": "category", "at": len(arrays) - 1, "levels": levels, "ordered": bool(kind.ordered)}
    if isinstance(kind, np.dtype) and kind.kind in NUMBERS:
        return _packed_numbers(values.to_numpy(), arrays)
    if isinstance(kind, np.dtype) and kind.kind in "mM":
        arrays.append(values.to_numpy().view(np.int64))
        return {"as": "time", "at": len(arrays) - 1, "kind": kind.str}
    packed = _packed_levels(values.astype(object), arrays)
    return {**packed, "kind": str(kind)} if str(kind) in NULLABLE else packed


def _packed_numbers(values: Any, arrays: Arrays) -> Packed:
    fits = values.dtype.itemsize in WIDTHS
    arrays.append(values if fits else values.astype(np.float64))
    return {"as": "numbers", "at": len(arrays) - 1}


def _packed_levels(values: "pd.Series[Any]", arrays: Arrays) -> Packed:
    try:
        codes, levels = pd.factorize(values)
    except TypeError as error:  # lists, sets and their like
        raise Unsendable("values that are no single ones") from error
    arrays.append(codes.astype(np.int32))
    return {"as": "levels", "at": len(arrays) - 1, "levels": [_scalar(level) for level in levels]}


def _unpacked_column(packed: Packed, arrays: Arrays) -> Any:
    if packed["as"] == "category":
        levels: Any = [_value(level) for level in packed["levels"]]
        return pd.Categorical.from_codes(arrays[packed["at"]], levels, ordered=packed["ordered"])
    if packed["as"] == "time":
        return arrays[packed["at"]].view(packed["kind"])
    values = _array_of(packed, arrays)
    return pd.array(list(values), dtype=packed["kind"]) if packed.get("kind") in NULLABLE else values


def _array_of(packed: Packed, arrays: Arrays) -> Any:
    if packed["as"] == "numbers":
        return arrays[packed["at"]]
    known = np.empty(len(packed["levels"]) + 1, dtype=object)
    known[:-1] = [_value(level) for level in packed["levels"]]
    known[-1] = math.nan  # what the code -1, a missing value, stands for
    return known[arrays[packed["at"]]]


def _scalar(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, str | bool | int | float):
        return plain
    if isinstance(plain, Decimal):
        return ["decimal", str(plain)]
    if type(plain) is date:
        return ["date", plain.isoformat()]
    raise Unsendable(f"values of the type {type(plain).__name__}")


def _value(given: Any) -> Any:
    if isinstance(given, list):
        kind, text = given
        return Decimal(text) if kind == "decimal" else date.fromisoformat(text)
    return given


def _array(stream: BinaryIO, kind: str, shape: Iterable[int]) -> Any:
    dtype, sizes = np.dtype(kind), tuple(shape)
    plain = dtype.kind in NUMBERS and dtype.itemsize in WIDTHS and dtype.names is None
    if not plain or len(sizes) > MOST_AXES or not all(type(size) is int and size >= 0 for size in sizes):
        raise BadMessage
    array: Any = np.empty(sizes, dtype)
    if array.size:
        room = memoryview(array.reshape(-1)).cast("B")
        if stream.readinto(room) != len(room):  # type: ignore[attr-defined]
            raise BadMessage
    return array
