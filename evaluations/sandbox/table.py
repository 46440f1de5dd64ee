"""The rows that are measured: read, checked against what the job asks for, and turned into arrays."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.groups import text_of
from evaluations.metrics.values import Bools, Floats, Texts
from evaluations.sandbox.job import CannotEvaluate, Job

SHOWN_NAMES = 30
PARQUET_MAGIC = b"PAR1"
ONE = {("0", "1"): "1", ("False", "True"): "True", ("false", "true"): "true"}
"""A model or a column that was trained on "is it positive?" answers 0 and 1 whatever the label is called."""


@dataclass(frozen=True, slots=True)
class Table:
    """The data set's rows that have a label."""

    rows: pd.DataFrame
    left_out: int


def read_table(job: Job, *, labelled: bool = True) -> Table:
    """All columns of the data set; with `labelled`, rows without a label are left out and counted."""
    rows = read_rows(Path(job.data_path))
    if job.predictions_path is not None:
        rows = with_answers(job, rows, Path(job.predictions_path))
    need_columns(rows, [job.label] if labelled or job.label else [], "the label column")
    need_columns(rows, job.sensitive, "the sensitive column")
    if not labelled:
        return Table(rows, 0)
    kept = rows[rows[job.label].notna()].reset_index(drop=True)
    if kept.empty:
        raise CannotEvaluate(f"The data set has no row with a label in column {job.label}.")
    return Table(kept, len(rows) - len(kept))


def read_rows(path: Path) -> pd.DataFrame:
    """All columns of a Parquet or CSV file."""
    with path.open("rb") as file:
        parquet = file.read(4) == PARQUET_MAGIC
    rows = pd.read_parquet(path) if parquet else pd.read_csv(path, low_memory=False)
    rows.columns = rows.columns.astype(str)
    return rows


def with_answers(job: Job, rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The rows with the answers of a file of their own: by the column that both share, or row by row."""
    answers = read_rows(path)
    wanted = [name for name in (job.prediction, job.score) if name is not None]
    need_columns(answers, wanted, "in its file of predictions the column")
    if job.join is None:
        if len(answers) != len(rows):
            raise CannotEvaluate(
                f"There are {len(answers):,} predictions for {len(rows):,} rows, and no column to join them by."
            )
        return rows.assign(**{name: answers[name].to_numpy() for name in wanted})
    need_columns(answers, [job.join], "in its file of predictions the column")
    need_columns(rows, [job.join], "the column to join by,")
    keys, asked = pd.Index(texts(answers[job.join])), texts(rows[job.join])
    if not keys.is_unique:
        twice = listed(keys[keys.duplicated()].unique()[:3])
        raise CannotEvaluate(f"Column {job.join} of the predictions names a row more than once: {twice}.")
    place = keys.get_indexer(pd.Index(asked))
    if missing := int((place < 0).sum()):
        raise CannotEvaluate(
            f"{missing:,} of {len(rows):,} rows have no prediction; the first is {job.join} = {asked[place < 0][0]}."
        )
    return rows.assign(**{name: answers[name].to_numpy()[place] for name in wanted})


def need_columns(rows: pd.DataFrame, wanted: Iterable[str], what: str) -> None:
    """Raises CannotEvaluate, naming those that are missing and those that there are."""
    missing = [name for name in wanted if name not in rows.columns]
    if missing:
        raise CannotEvaluate(
            f"The data set lacks {what} {listed(missing)}. Its columns are {listed(rows.columns)}."
        )


def listed(names: Iterable[object]) -> str:
    """Names for a sentence, not endlessly many."""
    given = [str(name) for name in names]
    more = f" and {len(given) - SHOWN_NAMES} more" if len(given) > SHOWN_NAMES else ""
    return ", ".join(given[:SHOWN_NAMES]) + more


def texts(column: Any) -> Texts:
    """Each value as text, shape (n,)."""
    return np.array([text_of(value) for value in np.asarray(column, dtype=object).reshape(-1)], dtype=object)


def numbers(column: "pd.Series[Any]", what: str) -> Floats:
    """The column as finite floats, or a sentence that it is not numeric."""
    found = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    bad = int((~np.isfinite(found)).sum())
    if bad:
        raise CannotEvaluate(f"{what} {column.name} holds {bad:,} values that are no finite number.")
    return found


def group_values(column: "pd.Series[Any]") -> Any:
    """A sensitive column as floats where it holds numbers, else as objects."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.to_numpy(dtype=object)


def truth(job: Job, rows: pd.DataFrame) -> Bools:
    """Which rows are positive."""
    found = texts(rows[job.label])
    there = sorted(set(found))
    if job.positive is None:
        raise CannotEvaluate("The data set does not say which label is the positive one.")
    if job.positive not in there:
        raise CannotEvaluate(
            f"No row has the positive label {job.positive} in column {job.label}. The labels there are "
            f"{listed(there)}."
        )
    if len(there) > 2:
        raise CannotEvaluate(
            f"Column {job.label} has {len(there)} different labels ({listed(there)}); binary classification "
            "has two."
        )
    return np.asarray(found == job.positive, dtype=np.bool_)


def positive_among(known: Collection[str], positive: str, whose: str) -> str:
    """The positive label as those who answer write it; 1 or True where they only know 0 and 1."""
    if positive in known:
        return positive
    for pair, one in ONE.items():
        if known and set(known) <= set(pair):
            return one
    raise CannotEvaluate(f"{whose} {listed(sorted(known))}; the positive label {positive} is not among them.")


def sensitive_columns(job: Job, rows: pd.DataFrame) -> dict[str, Any]:
    """The sensitive columns' values, by name."""
    return {name: group_values(rows[name]) for name in job.sensitive}
