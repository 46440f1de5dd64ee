"""Types of columns, in our words: integer, number, boolean, text, other."""

import polars as pl

INTEGER = r"^[+-]?[0-9]+$"
NESTED = (pl.List, pl.Array, pl.Struct)


def kind_of(column_type: pl.DataType) -> str:
    """The type of a Parquet column."""
    if column_type == pl.Boolean:
        return "boolean"
    if column_type.is_integer():
        return "integer"
    if column_type.is_float() or column_type.is_decimal():
        return "number"
    return "text" if column_type in (pl.String, pl.Categorical, pl.Enum) else "other"


def understood(cells: pl.Series) -> tuple[str, pl.Series]:
    """The narrowest type that holds every cell of a CSV column, and the values; an empty cell is a missing one.

    Whole numbers too large for 64 bits are still integers; their values come as floats.
    """
    held = cells.set(cells == "", None)
    filled = held.drop_nulls()
    if filled.is_empty():
        return "text", held
    if filled[0].lower() in {"true", "false"}:
        lower = held.str.to_lowercase()
        if lower.drop_nulls().is_in(["true", "false"]).all():
            return "boolean", lower == "true"
        return "text", held
    return _number(held)


def _number(held: pl.Series) -> tuple[str, pl.Series]:
    whole = held.cast(pl.Int64, strict=False)
    rest = held.filter(whole.is_null() & held.is_not_null())
    if rest.is_empty():
        return "integer", whole
    if rest.head(1).str.strip_chars().cast(pl.Float64, strict=False).null_count():
        return "text", held
    floats = held.str.strip_chars().cast(pl.Float64, strict=False)
    if floats.null_count() > held.null_count():
        return "text", held
    return ("integer" if rest.str.contains(INTEGER).all() else "number"), floats


def read_as(cells: pl.Series, kind: str) -> pl.Series:
    """The cells of a CSV column as another type than the one that they seem to have; null where that fails."""
    held = cells.set(cells == "", None)
    if kind in {"integer", "number"}:
        found, values = _number(held)
        if found == kind or (found, kind) == ("integer", "number"):
            return values
        return held.str.strip_chars().cast(pl.Int64 if kind == "integer" else pl.Float64, strict=False)
    if kind == "boolean":
        lower = held.str.to_lowercase()
        return lower.set(~lower.is_in(["true", "false"]), None) == "true"
    return held
