"""Judging what an endpoint answered: one usable answer for each row, or a sentence that says which is not."""

import math
from dataclasses import dataclass
from typing import Any

from evaluations.scoring.job import NUMBERS, PROBABILITIES, CannotScore, Endpoint

LONGEST_LABEL = 200
MISSING = object()


@dataclass(frozen=True, slots=True)
class Answers:
    """Of a batch: predictions as text (labels) or floats (numbers), and scores; None where none were asked for."""

    predictions: list[str] | list[float] | None
    scores: list[float] | None


def read_answers(endpoint: Endpoint, content: Any, first: int, rows: int) -> Answers:
    """The answers to a batch whose first row has this number, counted from 1. Raises CannotScore."""
    found = at(content, endpoint.answers_path)
    where = f"at {endpoint.answers_path}" if endpoint.answers_path else "as its whole answer"
    if not isinstance(found, list):
        raise CannotScore(f"The endpoint was to answer a list {where}; {_kind(found)} stands there.")
    if len(found) != rows:
        raise CannotScore(
            f"The endpoint gave {len(found):,} answers for {rows:,} rows, from row {first:,} on."
        )
    numbered = list(enumerate(found, start=first))
    if endpoint.answers == PROBABILITIES:
        path = endpoint.score_path or ""
        return Answers(None, [_probability(at(one, path), row) for row, one in numbered])
    path = endpoint.prediction_path
    if endpoint.answers == NUMBERS:
        return Answers([_number(at(one, path), row) for row, one in numbered], None)
    labels = [_label(at(one, path), row) for row, one in numbered]
    if endpoint.score_path is None:
        return Answers(labels, None)
    return Answers(labels, [_probability(at(one, endpoint.score_path), row) for row, one in numbered])


def at(value: Any, path: str) -> Any:
    """What a path leads to: names and numbers with dots between them. MISSING where it leads nowhere."""
    for part in path.split(".") if path else ():
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def _label(value: Any, row: int) -> str:
    if isinstance(value, bool) or (isinstance(value, str) and value.strip()):
        text = str(value)
    elif isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        text = str(int(value))
    else:
        raise CannotScore(f"The endpoint gave no label for row {row:,}, but {_kind(value)}.")
    if len(text) > LONGEST_LABEL:
        raise CannotScore(f"The endpoint's label for row {row:,} has more than {LONGEST_LABEL} characters.")
    return text


def _number(value: Any, row: int) -> float:
    try:
        found = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        found = math.nan
    if not math.isfinite(found):
        raise CannotScore(f"The endpoint gave no finite number for row {row:,}, but {_kind(value)}.")
    return found


def _probability(value: Any, row: int) -> float:
    found = _number(value, row)
    if not 0 <= found <= 1:
        raise CannotScore(f"The endpoint gave {found:g} for row {row:,}, which is no probability.")
    return found


def _kind(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, bool | int | float):
        return str(value)[:40]
    return "a list" if isinstance(value, list) else "an object"
