"""Holds rows against the schema that was declared for the data set (registry/schemas.py says its form)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.groups import text_of
from evaluations.metrics.values import Bools

YES_NO = frozenset(["true", "false", "True", "False", "TRUE", "FALSE"])


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that the schema asks of a column: how many rows fail it; None where the column is not there."""

    column: str
    asked: str
    failing: int | None


def schema_failures(schema: Mapping[str, Any], rows: pd.DataFrame) -> tuple[list[Failure], Bools]:
    """Every check that the schema makes, and which rows pass all of them, shape (n,)."""
    passed = np.ones(len(rows), dtype=np.bool_)
    found = []
    named = set()
    for asked in schema.get("columns", []):
        name = str(asked["name"])
        named.add(name)
        if name not in rows.columns:
            if not asked.get("optional"):
                found.append(Failure(name, "is there", None))
            continue
        for words, failing in _checks(asked, rows[name]):
            found.append(Failure(name, words, int(failing.sum())))
            passed &= ~failing
    if schema.get("other_columns", "allow") != "allow":
        found += [
            Failure(str(name), "is named in the schema", None) for name in rows.columns if name not in named
        ]
    return found, passed


def _checks(asked: Mapping[str, Any], column: "pd.Series[Any]") -> list[tuple[str, Bools]]:
    """What is asked in words, and the rows that fail it. A cell that is not of the type fails only that."""
    missing = column.isna().to_numpy()
    kind = str(asked.get("type", ""))
    values = pd.to_numeric(column, errors="coerce") if kind in {"integer", "number"} else column
    wrong = _wrong_type(kind, column, values) & ~missing
    there = ~missing & ~wrong
    found = [(f"is of type {kind}", wrong)] if kind else []
    if asked.get("nullable") is False:
        found.append(("has no missing cell", missing))
    if asked.get("unique"):
        found.append(("holds no value twice", column.duplicated(keep="first").to_numpy() & ~missing))
    if "min" in asked:
        found.append(
            (f"is at least {asked['min']}", _where(there, values.to_numpy(), lambda v: v < asked["min"]))
        )
    if "max" in asked:
        found.append(
            (f"is at most {asked['max']}", _where(there, values.to_numpy(), lambda v: v > asked["max"]))
        )
    if "allowed" in asked:
        allowed = {text_of(value) for value in asked["allowed"]}
        found.append(
            ("is one of the allowed values", there & ~_distinct(column, lambda text: text in allowed))
        )
    if "regex" in asked:
        pattern = re.compile(asked["regex"])
        fits = _distinct(column, lambda text: pattern.fullmatch(text) is not None)
        found.append(("has the form that is asked for", there & ~fits))
    return found


def _wrong_type(kind: str, column: "pd.Series[Any]", values: "pd.Series[Any]") -> Bools:
    if kind in {"integer", "number"}:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = ~np.isfinite(numbers)
        if kind == "integer":
            wrong |= np.isfinite(numbers) & (numbers != np.floor(numbers))
        return np.asarray(wrong, dtype=np.bool_)
    if kind == "boolean" and not pd.api.types.is_bool_dtype(column.dtype):
        return ~_distinct(column, lambda text: text in YES_NO)
    return np.zeros(len(column), dtype=np.bool_)


def _where(there: Bools, values: Any, fails: Any) -> Bools:
    found = np.zeros(len(there), dtype=np.bool_)
    found[there] = fails(values[there].astype(np.float64))
    return found


def _distinct(column: "pd.Series[Any]", holds: Any) -> Bools:
    """Whether it holds of each cell as text, asked once of each distinct value; of a missing one it does not."""
    places, distinct = pd.factorize(column)
    answers = np.array([*(bool(holds(text_of(value))) for value in distinct), False], dtype=np.bool_)
    found: Bools = answers[np.asarray(places)]
    return found
