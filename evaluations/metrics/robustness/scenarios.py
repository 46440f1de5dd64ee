"""Stress scenarios: named changes of columns that somebody wrote down."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evaluations.metrics.robustness.disturb import Disturbance
from evaluations.metrics.robustness.features import numbers_in, with_numbers, with_value
from evaluations.metrics.values import CannotMeasure

MOST, VERBS = 50, ("set", "add", "multiply")
SHAPE = 'Write [{"name": "Rates up", "add": {"rate": 2}, "multiply": {"income": 0.9}, "set": {"region": "North"}}].'
CONVENTION = "Applied to every row: multiply, then add, then set. Whole numbers are rounded."


def scenarios(given: Sequence[Any], rows: pd.DataFrame) -> list[Disturbance]:
    """The scenarios of the settings; refused with the reason where one does not fit the columns."""
    if len(given) > MOST:
        raise CannotMeasure(f"There are {len(given)} scenarios; at most {MOST} are run at once.")
    found = [_scenario(one, rows) for one in given]
    names = [one.label for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CannotMeasure(f"Two scenarios are called {twice}. Give each a name of its own.")
    return found


def _scenario(given: Any, rows: pd.DataFrame) -> Disturbance:
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str) or not given["name"].strip():
        raise CannotMeasure(f"Each scenario is a mapping with a name. {SHAPE}")
    name = given["name"].strip()
    unknown = sorted(set(given) - {"name", *VERBS})
    if unknown:
        raise CannotMeasure(
            f"Scenario {name} holds {unknown[0]}, which is none of {', '.join(VERBS)}. {SHAPE}"
        )
    changes = {verb: given.get(verb, {}) for verb in VERBS}
    if not any(changes.values()) or not all(isinstance(change, Mapping) for change in changes.values()):
        raise CannotMeasure(f"Scenario {name} changes no column. {SHAPE}")
    for verb, change in changes.items():
        for column, value in change.items():
            _check(name, verb, str(column), value, rows)
    return Disturbance("scenario", name, lambda frame, _: applied(frame, changes))


def _check(name: str, verb: str, column: str, value: Any, rows: pd.DataFrame) -> None:
    if column not in rows.columns:
        raise CannotMeasure(
            f"Scenario {name} changes the column {column}, which the model does not take. It takes "
            f"{', '.join(map(str, rows.columns))}."
        )
    kind = rows[column].dtype
    number = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
    given = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if verb != "set" and not (number and given):
        raise CannotMeasure(
            f"Scenario {name}: {verb} needs a column of numbers and a number, not {column} and {value}."
        )
    if verb == "set" and number != given:
        wanted = "a number" if number else "text"
        raise CannotMeasure(f"Scenario {name} sets {column} to {value}, and the column holds {wanted}.")


def applied(rows: pd.DataFrame, changes: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The rows after a scenario."""
    changed = rows.copy()
    for verb in ("multiply", "add"):
        for column, value in changes[verb].items():
            values = numbers_in(changed[column])
            moved = values * value if verb == "multiply" else values + value
            changed[column] = with_numbers(rows[column], moved)
    for column, value in changes["set"].items():
        changed = with_value(changed, column, value)
    return changed
