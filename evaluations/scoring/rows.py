"""Rows out of a data set's file and answers into one. The only module here that loads numerical libraries."""

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluations.scoring.answers import Answers
from evaluations.scoring.job import PREDICTION, SCORE, CannotScore

PARQUET_MAGIC = b"PAR1"
ROWS_AT_ONCE = 50_000
WORDS = {"true": True, "false": False}


def batches(
    path: Path, columns: Sequence[str], types: Mapping[str, str], size: int, most: int
) -> Iterator[list[list[Any]]]:
    """At most `most` rows, `size` at a time: values of the columns in JSON's types, None for missing ones."""
    left = most
    for values in _columns(path, columns, types, size):
        rows = [list(row) for row in zip(*values, strict=True)][:left]
        left -= len(rows)
        if rows:
            yield rows
        if left <= 0:
            return


def _columns(
    path: Path, columns: Sequence[str], types: Mapping[str, str], size: int
) -> Iterator[list[list[Any]]]:
    with path.open("rb") as file:
        parquet = file.read(4) == PARQUET_MAGIC
    if parquet:
        for batch in pq.ParquetFile(path).iter_batches(size, columns=list(columns)):
            yield [[plain(value) for value in batch.column(name).to_pylist()] for name in columns]
        return
    # As text, and then by the type of the whole column: chunks would guess each for itself.
    for chunk in pd.read_csv(path, usecols=list(columns), dtype=str, chunksize=size):
        yield [[_typed(value, types[name], name) for value in chunk[name].tolist()] for name in columns]


def plain(value: Any) -> Any:
    """A Parquet value as JSON has it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        found = float(value)
        return found if math.isfinite(found) else None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise CannotScore(f"A column holds a value of type {type(value).__name__}, which cannot be sent.")


def _typed(value: Any, kind: str, name: str) -> Any:
    if not isinstance(value, str):  # a missing cell
        return None
    try:
        if kind == "integer":
            return int(value)
        if kind == "number":
            return plain(float(value))
        return WORDS[value.strip().lower()] if kind == "boolean" else value
    except (ValueError, KeyError) as error:
        raise CannotScore(f"Column {name} holds {value[:40]!r}, which is no {kind}.") from error


class AnswerFile:
    """A Parquet file with the answers in the order of the rows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._waiting: dict[str, list[Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._write()
        if self._writer is not None:
            self._writer.close()

    def add(self, answers: Answers) -> None:
        """Keep the answers to one batch."""
        for name, values in ((PREDICTION, answers.predictions), (SCORE, answers.scores)):
            if values is not None:
                self._waiting.setdefault(name, []).extend(values)
        if max(map(len, self._waiting.values())) >= ROWS_AT_ONCE:
            self._write()

    def _write(self) -> None:
        if not self._waiting:
            return
        table = pa.table(self._waiting)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)
        self._waiting = {}
