"""How the values of a column fare against what the schema asks, checked by pandera.

pandera says which rows pass (one truth value for each); counts, row numbers and values are read from that.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from registry.rows import SHOWN_ROWS
from registry.table_reader.profile import clean

COLUMN = "value"
MADE: dict[str, Callable[[Any], pa.Check]] = {
    "min": pa.Check.ge,
    "max": pa.Check.le,
    "allowed": pa.Check.isin,
    "regex": lambda pattern: pa.Check.str_matches(whole(pattern)),
}
KINDS = ("type", "nullable", "unique", "min", "max", "allowed", "regex")


def refuse_bad_pattern(pattern: str) -> str:
    """What is wrong with a regular expression, in a sentence; "" for a sound one."""
    try:
        pl.Series([""]).str.contains(whole(pattern))
    except pl.exceptions.ComputeError as error:
        return str(error).splitlines()[0][:200]
    return ""


def whole(pattern: str) -> str:
    """The pattern for the whole value: half a match is none."""
    return f"^(?:{pattern})$"


def checked(
    asked: Mapping[str, Any], values: pl.Series, written: pl.Series, *, tell: bool
) -> list[dict[str, Any]]:
    """Each check of a column with how many rows fail it, the first of them, and their values if `tell`.

    `values` have the type that is asked for and are null where they cannot; `written` is what stands in the file.
    """
    unreadable = values.is_null() & written.is_not_null()
    failing = {"type": unreadable} if "type" in asked else {}
    failing |= _failing(asked, values, ~unreadable)
    return [_told(kind, asked[kind], failing[kind], written, tell=tell) for kind in KINDS if kind in failing]


def _failing(asked: Mapping[str, Any], values: pl.Series, readable: pl.Series) -> dict[str, pl.Series]:
    """By check: which rows fail it. A cell that is not of the type fails only that."""
    wanted = {kind: make(asked[kind]) for kind, make in MADE.items() if kind in asked}
    column = pa.Column(
        values.dtype,
        nullable=asked.get("nullable", True),
        unique=asked.get("unique", False),
        checks=list(wanted.values()),
    )
    failed: dict[str, pl.Series] = {}
    try:
        pa.DataFrameSchema({COLUMN: column}).validate(values.alias(COLUMN).to_frame(), lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            failed[_kind(error.check, wanted)] = ~error.check_output.to_series().fill_null(True)
    nobody = pl.repeat(False, len(values), dtype=pl.Boolean, eager=True)
    if "unique" in failed:
        failed["unique"] &= values.is_not_null()  # two empty cells are not the same value
    kinds = [*wanted, *(kind for kind in ("nullable", "unique") if kind in asked)]
    return {kind: failed.get(kind, nobody) & readable for kind in kinds}


def _kind(check: object, wanted: Mapping[str, Any]) -> str:
    if isinstance(check, str):
        return {"not_nullable": "nullable", "field_uniqueness": "unique"}[check]
    return next(kind for kind, made in wanted.items() if made is check or made == check)


def _told(kind: str, asked: Any, failing: pl.Series, written: pl.Series, *, tell: bool) -> dict[str, Any]:
    places = failing.arg_true()
    found: dict[str, Any] = {"check": kind, "asked": asked, "failing": len(places)}
    first = places.head(SHOWN_ROWS)
    found["rows"] = [place + 1 for place in first.to_list()]
    if tell:
        found["values"] = ["" if value is None else clean(value) for value in written.gather(first).to_list()]
    return found
