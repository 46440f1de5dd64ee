"""Reading a table's columns, types and rows without loading it: CSV here, Parquet in a process of its own."""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from django.conf import settings

from accounts.refusals import Invalid

PARQUET_SECONDS = 60
MOST_COLUMNS = 2_000
MOST_VALUES = 200
SHOWN_ROWS = 5
INTEGER = re.compile(r"[+-]?\d+")
BOOLEANS = frozenset({"true", "false"})
PARQUET_MAGIC = b"PAR1"
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass
class Watched:
    """What a column that means something holds: values as text with counts, and which rows leave it empty."""

    values: Counter[str] = field(default_factory=Counter)
    empty_rows: list[int] = field(default_factory=list)
    empty: int = 0

    def see(self, value: str, row: int) -> None:
        """Count one cell."""
        if value == "":
            self.empty += 1
            if len(self.empty_rows) < SHOWN_ROWS:
                self.empty_rows.append(row)
        elif value in self.values or len(self.values) < MOST_VALUES:
            self.values[value] += 1


@dataclass(frozen=True)
class Table:
    """Rows, columns with their type (integer, number, boolean, text, other) and the watched columns."""

    rows: int
    columns: tuple[tuple[str, str], ...]
    watched: dict[str, Watched]

    def type_of(self, name: str) -> str:
        """The type of a column."""
        return dict(self.columns)[name]


def read_table(path: Path, name: str, watch: Mapping[str, str]) -> Table:
    """Read the file that came in as `name`; `watch` maps columns that mean something to the form's field.

    Raises Invalid naming the missing column or the broken rows.
    """
    with path.open("rb") as opened:
        is_parquet = opened.read(4) == PARQUET_MAGIC
    suffix = Path(name).suffix.lower()
    if suffix not in {".csv", ".parquet"}:
        raise Invalid(f"{name} is neither a .csv nor a .parquet file.", "Send one of these.", field="file")
    if is_parquet != (suffix == ".parquet"):
        raise Invalid(
            f"The content of {name} is not what its ending says.", "Rename it or save it again.", field="file"
        )
    return _read_parquet(path, name, watch) if is_parquet else _read_csv(path, watch)


def refuse_missing(watch: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raises Invalid for the first name that is no column, with the columns that there are."""
    for name, place in watch.items():
        if name not in columns:
            there = ", ".join(columns[:30]) + (" …" if len(columns) > 30 else "")
            raise Invalid(
                f"There is no column {name}; the columns are {there}.", "Capitals count.", field=place
            )


def rows_in_words(rows: Sequence[int], total: int) -> str:
    """'Row 17', 'Rows 17 and 19', 'Rows 17, 19, 23 and 4 more'."""
    shown = [f"{row:,}" for row in rows[:SHOWN_ROWS]]
    if total > len(shown):
        return f"Rows {', '.join(shown)} and {total - len(shown):,} more"
    if len(shown) == 1:
        return f"Row {shown[0]}"
    return f"Rows {', '.join(shown[:-1])} and {shown[-1]}"


def _read_csv(path: Path, watch: Mapping[str, str]) -> Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            return _scan(opened, watch)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1 if path.stat().st_size < 1 << 26 else None
        where = f" near line {line:,}" if line else ""
        raise Invalid(
            f"The file is not UTF-8 text{where}.", "Save it as CSV in UTF-8.", field="file"
        ) from error


def _scan(opened: TextIO, watch: Mapping[str, str]) -> Table:
    reader = csv.reader(opened, strict=True)
    rows = _rows(reader)
    header = next(rows, None)
    if header is None:
        raise Invalid("The file is empty.", "The first line names the columns.", field="file")
    _refuse_bad_header(header)
    refuse_missing(watch, header)
    types = ["" for _ in header]
    seen = {name: Watched() for name in watch}
    places = [(header.index(name), watched) for name, watched in seen.items()]
    broken: list[int] = []
    broken_count = count = first_width = 0
    for count, cells in enumerate(rows, start=1):
        if len(cells) != len(header):
            broken_count += 1
            first_width = first_width or len(cells)
            if len(broken) < SHOWN_ROWS:
                broken.append(count)
            continue
        for index, cell in enumerate(cells):
            if types[index] != "text" and cell:
                types[index] = _wider(types[index], cell)
        for index, watched in places:
            watched.see(cells[index], count)
    _refuse_broken(broken, broken_count, first_width, len(header))
    _refuse_no_rows(count)
    columns = tuple((name, kind or "text") for name, kind in zip(header, types, strict=True))
    return Table(count, columns, seen)


def _rows(reader: "Iterator[list[str]]") -> Iterator[list[str]]:
    """Rows that hold something. Row 1 is the first one after the header."""
    number = -1
    try:
        for cells in reader:
            if cells:
                number += 1
                yield cells
    except csv.Error as error:
        where = "The header" if number < 0 else f"Row {number + 1:,}"
        raise Invalid(
            f"{where} cannot be read: {error}.", "Check its quotation marks.", field="file"
        ) from error


def _wider(known: str, cell: str) -> str:
    """The type that holds what was seen so far and this cell too."""
    if cell.lower() in BOOLEANS:
        found = "boolean"
    elif INTEGER.fullmatch(cell):
        found = "integer"
    else:
        try:
            float(cell)
            found = "number"
        except ValueError:
            return "text"
    if known in {"", found}:
        return found
    return "number" if {known, found} == {"integer", "number"} else "text"


def _refuse_bad_header(header: list[str]) -> None:
    if len(header) == 1:
        for separator, word in OTHER_SEPARATORS.items():
            if separator in header[0]:
                raise Invalid(f"The columns are separated by {word}.", "Save it with commas.", field="file")
    if len(header) > MOST_COLUMNS:
        raise Invalid(f"The file has {len(header):,} columns; the limit is {MOST_COLUMNS:,}.", field="file")
    for position, name in enumerate(header, start=1):
        if not name.strip():
            raise Invalid(
                f"Column {position} has no name.", "The first line names each column.", field="file"
            )
        if "\0" in name or len(name) > 120:
            raise Invalid(
                f"The name of column {position} is too long or unreadable.", "Rename it.", field="file"
            )
    twice = next((name for name, times in Counter(header).items() if times > 1), None)
    if twice is not None:
        raise Invalid(f"Two columns are called {twice}.", "Give each column its own name.", field="file")


def _refuse_broken(broken: list[int], count: int, width: int, expected: int) -> None:
    if broken:
        verb = "has" if count == 1 else "have"
        first = f"{width} values" if count == 1 else f"a wrong number of values ({width} in the first)"
        raise Invalid(
            f"{rows_in_words(broken, count)} {verb} {first}; the header names {expected} columns.",
            "Correct or remove them. Rows are counted from the first one after the header.",
            field="file",
        )


def _refuse_no_rows(count: int) -> None:
    if count == 0:
        raise Invalid("The file has a header but no rows.", "Send it with its rows.", field="file")


def _read_parquet(path: Path, name: str, watch: Mapping[str, str]) -> Table:
    """pyarrow takes half a second to load and parses foreign bytes in C++: not in the web process."""
    command = [sys.executable, "-m", "registry.parquet_columns", str(path), *watch]
    try:
        done = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=PARQUET_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise Invalid(
            f"{name} cannot be read as Parquet.", "Save it again, or send CSV.", field="file"
        ) from error
    if "error" in answer:
        raise Invalid(f"{name} cannot be read as Parquet: {answer['error']}", "Save it again.", field="file")
    header = [column for column, _ in answer["columns"]]
    _refuse_bad_header(header)
    refuse_missing(watch, header)
    _refuse_no_rows(answer["rows"])
    seen = {
        column: Watched(Counter(found["values"]), found["empty_rows"], found["empty"])
        for column, found in answer["watched"].items()
    }
    return Table(answer["rows"], tuple((column, kind) for column, kind in answer["columns"]), seen)
