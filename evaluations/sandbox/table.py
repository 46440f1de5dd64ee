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


def read_table(job: Job) -> Table:
    """All columns of the data set; rows without a label are left out and counted."""
    path = Path(job.data_path)
    with path.open("rb") as file:
        parquet = file.read(4) == PARQUET_MAGIC
    rows = pd.read_parquet(path) if parquet else pd.read_csv(path, low_memory=False)
    rows.columns = rows.columns.astype(str)
    need_columns(rows, [job.label], "the label column")
    need_columns(rows, job.sensitive, "the sensitive column")
    kept = rows[rows[job.label].notna()].reset_index(drop=True)
    if kept.empty:
        raise CannotEvaluate(f"The data set has no row with a label in column {job.label}.")
    return Table(kept, len(rows) - len(kept))


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
