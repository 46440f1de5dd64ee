"""Reading a table once: what it holds, a profile, a preview, and how it fares against a schema."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from accounts.refusals import Invalid
from registry.rows import SHOWN_ROWS
from registry.table_reader import csv_text
from registry.table_reader.job import MOST_SHOWN_COLUMNS, MOST_VALUES, PREVIEW_ROWS, Job
from registry.table_reader.profile import TOP_GROUPS, clean, commonest, profile_of
from registry.table_reader.table import Column, Table, open_csv, open_parquet, unreadable


def read(job: Job, scratch: Path) -> dict[str, Any]:
    """Everything that the web process wants to know. Raises Invalid, with the form's field."""
    path = Path(job.path)
    if path.suffix.lower() == ".parquet":
        table = open_parquet(path, job.name)
        _refuse_missing(job.needed, table.names)
    else:
        header = csv_text.read_header(path)
        _refuse_missing(job.needed, header)
        table = open_csv(path, header, scratch)
    try:
        return _read_columns(job, table)
    except pl.exceptions.PolarsError as error:
        if table.is_csv:
            raise
        raise unreadable(job.name, error) from error


def _read_columns(job: Job, table: Table) -> dict[str, Any]:
    asked = {column["name"]: column for column in job.schema.get("columns", [])}
    answer: dict[str, Any] = {"rows": table.rows, "columns": [], "watched": {}, "checks": {}}
    profile: dict[str, Any] = {"rows": table.rows, "columns": [], "groups": {}, "balance": []}
    for column in table.columns():
        answer["columns"].append([column.name, column.kind])
        if column.name in job.watch:
            answer["watched"][column.name] = _watched(column)
        if len(profile["columns"]) < MOST_SHOWN_COLUMNS or column.name in job.watch:
            profile["columns"].append(profile_of(column.name, column.kind, column.values))
        _count_groups(job, column, profile)
        if column.name in asked:
            answer["checks"][column.name] = _checked(job, column, asked[column.name])
    profile["preview"] = {
        "columns": table.names[:MOST_SHOWN_COLUMNS],
        "rows": [
            ["" if cell is None else clean(cell) for cell in row]
            for row in table.head(PREVIEW_ROWS, MOST_SHOWN_COLUMNS)
        ],
    }
    return answer | {"profile": profile}


def _watched(column: Column) -> dict[str, Any]:
    """Values as text with their counts (the commonest ones), and which rows are empty."""
    empty = column.written.is_null().arg_true()
    return {
        "values": dict(commonest(column.written.drop_nulls(), MOST_VALUES)),
        "empty": len(empty),
        "empty_rows": [place + 1 for place in empty.head(SHOWN_ROWS).to_list()],
    }


def _count_groups(job: Job, column: Column, profile: dict[str, Any]) -> None:
    """How the label and the sensitive columns divide the rows, where they have few enough values."""
    if column.name != job.label and column.name not in job.sensitive:
        return
    filled = column.written.drop_nulls()
    if filled.n_unique() > TOP_GROUPS:
        return
    groups = [{"value": clean(value), "count": count} for value, count in commonest(filled, TOP_GROUPS)]
    if column.name == job.label:
        profile["balance"] = groups
    else:
        profile["groups"][column.name] = groups


def _checked(job: Job, column: Column, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    from registry.table_reader import checks  # half a second that a table without a schema need not wait

    if problem := checks.refuse_bad_pattern(asked.get("regex", "")):
        raise Invalid(
            f"The pattern of {column.name} in the schema cannot be read: {problem}.", field="schema"
        )
    values = column.read_as(asked["type"]) if "type" in asked else column.values
    return checks.checked(asked, values, column.written, tell=column.name not in job.confidential)


def _refuse_missing(needed: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raises Invalid for the first name that is no column, with the columns that there are."""
    for name, place in needed.items():
        if name not in columns:
            there = ", ".join(columns[:30]) + (" …" if len(columns) > 30 else "")
            raise Invalid(
                f"There is no column {name}; the columns are {there}.", "Capitals count.", field=place
            )
