"""A table opened, whatever its format: its columns by place, each as values with a type and as what is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from accounts.refusals import Invalid
from registry.table_reader import csv_text, kinds

AT_ONCE = 256 << 20  # bytes of cells that are held at a time
VIEW = 24  # bytes of one cell beside its text


@dataclass(frozen=True)
class Column:
    """One column: `written` has what stands in the file and null where nothing does, `values` has the type `kind`."""

    name: str
    kind: str
    values: pl.Series
    written: pl.Series

    def read_as(self, kind: str) -> pl.Series:
        """The values as another type; null where that fails."""
        if kind in {self.kind, "other"} or (kind, self.kind) == ("number", "integer"):
            return self.values
        if self.written.dtype == pl.String:
            return kinds.read_as(self.written, kind)
        if (kind, self.kind) == ("integer", "number"):
            return self.values.set(self.values.floor() != self.values, None)
        return pl.repeat(None, len(self.values), dtype=pl.Null, eager=True)


@dataclass(frozen=True)
class Table:
    """Rows, names, and a plan to read any of the columns."""

    rows: int
    names: list[str]
    plan: pl.LazyFrame
    is_csv: bool
    size: int

    def columns(self) -> Iterator[Column]:
        """Each column in the order of the file, a few of them in memory at a time."""
        held = max(self.size // max(len(self.names), 1) + self.rows * VIEW, 1)
        at_once = max(AT_ONCE // held, 1)
        for start in range(0, len(self.names), at_once):
            places = range(start, min(start + at_once, len(self.names)))
            frame = self.plan.select(pl.nth(*places)).collect()
            for place, series in zip(places, frame.iter_columns(), strict=True):
                yield self._column(place, series)

    def head(self, rows: int, columns: int) -> list[list[object]]:
        """The first rows of the first columns."""
        picked = self.plan.select(pl.nth(*range(min(columns, len(self.names)))))
        return [list(row) for row in picked.head(rows).collect().rows()]

    def _column(self, place: int, series: pl.Series) -> Column:
        if self.is_csv:
            kind, values = kinds.understood(series)
            return Column(self.names[place], kind, values, series.set(series == "", None))
        values = series.fill_nan(None) if series.dtype.is_float() else series
        if series.dtype in (pl.Categorical, pl.Enum):
            values = series.cast(pl.String)
        return Column(self.names[place], kinds.kind_of(series.dtype), values, values)


def open_csv(path: Path, header: list[str], scratch: Path) -> Table:
    """A CSV file with this header. Raises Invalid naming its broken rows."""
    plan, rows = csv_text.cells_of(path, header, scratch)
    return Table(rows, header, plan, True, path.stat().st_size)


def open_parquet(path: Path, name: str) -> Table:
    """A Parquet file. Raises Invalid for one that cannot be read and for columns of columns."""
    try:
        plan = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        schema = plan.collect_schema()
        rows = plan.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(name, error) from error
    csv_text.refuse_bad_header(schema.names())
    for column, column_type in schema.items():
        if isinstance(column_type, kinds.NESTED):
            raise Invalid(
                f"The column {column} of {name} is nested: each cell holds {_held(column_type)}.",
                "Spread it over columns of plain values, or leave it out.",
                field="file",
            )
    csv_text.refuse_no_rows(rows)
    widest = sum(16 if held == pl.String else 8 for held in schema.dtypes())
    return Table(rows, schema.names(), plan, False, max(path.stat().st_size, rows * widest))


def unreadable(name: str, error: Exception) -> Invalid:
    """The refusal of a file that is no sound Parquet."""
    said = (str(error).splitlines() or [""])[0].replace(name, "the file")[:200]
    return Invalid(f"{name} cannot be read as Parquet: {said}", "Save it again.", field="file")


def _held(column_type: pl.DataType) -> str:
    if isinstance(column_type, pl.Struct):
        return f"a structure of {', '.join(field.name for field in column_type.fields[:5])}"
    return "a list"
