"""The structure of a CSV file: its header, and its cells as text.

polars splits a file fast but forgives much: it fills up short rows and guesses at stray quotation marks. So it gets
only files without quotation marks, blank lines and odd line ends, in which the commas of all rows add up. Everything
else is read by Python's csv module, strictly, which names the broken rows.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import polars as pl

from accounts.refusals import Invalid
from registry.rows import SHOWN_ROWS, rows_in_words

CHUNK = 8 << 20
CELLS_AT_ONCE = 600_000
LONGEST_CELL = 10 << 20
MOST_COLUMNS = 2_000
LONGEST_NAME = 120
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
WHERE_ROWS_START = "Correct or remove them. Rows are counted from the first one after the header."


def read_header(path: Path) -> list[str]:
    """The names of the columns. Raises Invalid when the header cannot be one."""
    with _rows(path) as rows:
        header = next(rows, None)
    if header is None:
        raise Invalid("The file is empty.", "The first line names the columns.", field="file")
    refuse_bad_header(header)
    return header


def refuse_bad_header(header: Sequence[str]) -> None:
    """Raises Invalid for too many columns and for names that are missing, unusable or given twice."""
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
        if "\0" in name or len(name) > LONGEST_NAME:
            raise Invalid(
                f"The name of column {position} is too long or unreadable.", "Rename it.", field="file"
            )
    twice = next((name for name, times in Counter(header).items() if times > 1), None)
    if twice is not None:
        raise Invalid(f"Two columns are called {twice}.", "Give each column its own name.", field="file")


def cells_of(path: Path, header: Sequence[str], scratch: Path) -> tuple[pl.LazyFrame, int]:
    """Every cell as text in columns called "0", "1" …, and how many rows. Raises Invalid naming broken rows."""
    places = [str(place) for place in range(len(header))]
    count = plain_rows(path, len(header))
    if count > 0:
        cells = pl.scan_csv(
            path,
            has_header=False,
            skip_lines=1,
            schema=dict.fromkeys(places, pl.String),
            empty_string_is_null=False,
            quote_char=None,
            glob=False,
        )
        try:
            if cells.select(pl.all().null_count(), rows=pl.len()).collect()["rows"].item() == count:
                return cells, count
        except (
            pl.exceptions.ComputeError
        ):  # a long row beside a short one, or not UTF-8: the slow way says where
            pass
    return _read_strictly(path, header, scratch)


def plain_rows(path: Path, width: int) -> int:
    """How many rows a file has in which each line is a row and each comma a boundary; 0 for any other file."""
    commas = lines = 0
    last = b"\n"  # so that a blank first line is seen as one
    with path.open("rb") as file:
        if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
            file.seek(0)
        while chunk := file.read(CHUNK):
            seen = last + chunk
            lone = seen.count(b"\r", 0, len(seen) - 1) != seen.count(b"\r\n")
            if lone or b'"' in chunk or b"\n\n" in seen or b"\n\r" in seen:
                return 0
            commas += chunk.count(b",")
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    lines += last != b"\n"
    return lines - 1 if commas == lines * (width - 1) and last != b"\r" else 0


def _read_strictly(path: Path, header: Sequence[str], scratch: Path) -> tuple[pl.LazyFrame, int]:
    places = [str(place) for place in range(len(header))]
    at_once = max(CELLS_AT_ONCE // len(header), 1)
    parts: list[Path] = []
    broken: list[int] = []
    broken_count = first_width = count = 0
    with _rows(path) as rows:
        next(rows)
        while batch := list(islice(rows, at_once)):
            if not all(map(len(header).__eq__, map(len, batch))):
                for row, cells in enumerate(batch, start=count + 1):
                    if len(cells) != len(header):
                        broken_count += 1
                        first_width = first_width or len(cells)
                        broken += [row] * (len(broken) < SHOWN_ROWS)
            count += len(batch)
            if not broken:
                parts.append(scratch / f"{len(parts)}.parquet")
                columns = dict(zip(places, zip(*batch, strict=True), strict=True))
                frame = pl.DataFrame(columns, schema=dict.fromkeys(places, pl.String))
                frame.write_parquet(parts[-1], compression="lz4", statistics=False)
    _refuse_broken(broken, broken_count, first_width, len(header))
    refuse_no_rows(count)
    return pl.scan_parquet(parts, glob=False), count


@contextmanager
def _rows(path: Path) -> Iterator[Iterator[list[str]]]:
    """Rows that hold something, the header first. Raises Invalid for bytes and quotes that cannot be read."""
    csv.field_size_limit(LONGEST_CELL)
    number = -1

    def counted(reader: Iterator[list[str]]) -> Iterator[list[str]]:
        nonlocal number
        for cells in reader:
            if cells:
                number += 1
                yield cells

    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield counted(csv.reader(lines, strict=True))
    except csv.Error as error:
        where = "The header" if number < 0 else f"Row {number + 1:,}"
        raise Invalid(
            f"{where} cannot be read: {error}.", "Check its quotation marks.", field="file"
        ) from error
    except UnicodeDecodeError as error:
        line = _line_of_bad_byte(path)
        raise Invalid(
            f"The file is not UTF-8 text near line {line:,}.", "Save it as CSV in UTF-8.", field="file"
        ) from error


def _line_of_bad_byte(path: Path) -> int:
    """The first line that is not UTF-8, counted from 1 with the header."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _refuse_broken(broken: list[int], count: int, width: int, expected: int) -> None:
    if broken:
        verb = "has" if count == 1 else "have"
        first = f"{width} values" if count == 1 else f"a wrong number of values ({width} in the first)"
        raise Invalid(
            f"{rows_in_words(broken, count)} {verb} {first}; the header names {expected} columns.",
            WHERE_ROWS_START,
            field="file",
        )


def refuse_no_rows(count: int) -> None:
    """Raises Invalid for a table that is only a header."""
    if count == 0:
        raise Invalid("The file has a header but no rows.", "Send it with its rows.", field="file")
