"""The published schema of a result (JSON Schema 2020-12), and holding a reported result against it."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from accounts.refusals import Invalid
from policy.metrics import OF_KIND

NAME = "^[A-Za-z][A-Za-z0-9_]{0,79}$"
LONGEST_TEXT = 4_000
FEW_ROWS = 30  # as evaluations/metrics/values.py has it, which would bring numpy along
MOST_GROUPS, MOST_LINES = 500, 500
REPORTABLE = ("overall", "groups", "conventions", "checks", "notes")
"""What somebody else may report. Curves, explanations and tables are drawn as they are, so only ours are taken."""

NUMBER = {"type": ["number", "null"]}
TEXT = {"type": "string", "maxLength": LONGEST_TEXT}
ESTIMATE = {
    "description": "A figure, its 95% interval and the rows behind it. null: it could not be computed.",
    "type": "object",
    "properties": {
        "value": NUMBER,
        "low": NUMBER,
        "high": NUMBER,
        "n": {"type": ["integer", "null"], "minimum": 0},
    },
    "required": ["value"],
    "additionalProperties": False,
}
ESTIMATES = {
    "type": "object",
    "propertyNames": {"pattern": NAME},
    "additionalProperties": {"$ref": "#/$defs/estimate"},
}
GROUP = {
    "description": "A group of rows: the columns and the values that make it.",
    "type": "object",
    "properties": {
        "by": {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
        "n": {"type": "integer", "minimum": 0},
        "metrics": {"$ref": "#/$defs/estimates"},
        "reference": {"type": "boolean"},
        "too_few": {"type": "boolean"},
    },
    "required": ["by", "n", "metrics"],
    "additionalProperties": False,
}
TABLE = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "title": TEXT,
        "note": TEXT,
        "columns": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "label": TEXT,
                    "kind": {"enum": ["text", "number", "count", "share", "p", "interval"]},
                },
                "required": ["label", "kind"],
                "additionalProperties": False,
            },
        },
        "rows": {"type": "array", "items": {"type": "array"}},
    },
    "required": ["id", "title", "note", "columns", "rows"],
    "additionalProperties": False,
}
CHECK = {
    "description": "Something that holds or does not; null where it could not be told.",
    "type": "object",
    "properties": {
        "id": TEXT,
        "title": TEXT,
        "passed": {"type": ["boolean", "null"]},
        "said": TEXT,
        "about": TEXT,
    },
    "required": ["id", "title", "passed", "said"],
    "additionalProperties": False,
}
RESULT_SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Result of an evaluation",
    "description": "What one run measured. The figures of each kind and what they mean are in the documentation.",
    "type": "object",
    "properties": {
        "overall": {"$ref": "#/$defs/estimates"},
        "groups": {"type": "array", "maxItems": 100_000, "items": {"$ref": "#/$defs/group"}},
        "conventions": {
            "description": "How each figure was computed.",
            "type": "object",
            "additionalProperties": TEXT,
        },
        "curves": {"description": "What charts draw.", "type": "object"},
        "explanations": {"description": "What charts of explanations draw.", "type": "object"},
        "tables": {"type": "array", "items": {"$ref": "#/$defs/table"}},
        "checks": {"type": "array", "items": {"$ref": "#/$defs/check"}},
        "notes": {"description": "To be read before the figures.", "type": "array", "items": TEXT},
    },
    "required": ["overall"],
    "additionalProperties": False,
    "$defs": {"estimate": ESTIMATE, "estimates": ESTIMATES, "group": GROUP, "table": TABLE, "check": CHECK},
}
VALIDATOR = Draft202012Validator(RESULT_SCHEMA)


def reported_result(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A result that somebody else measured, if it can be taken. Raises Invalid with the place."""
    for error in VALIDATOR.iter_errors(given):
        place = "/".join(str(part) for part in error.absolute_path) or "the result"
        raise Invalid(f"{place}: {error.message[:200]}.", "See the schema of a result.", field="result")
    for part, content in given.items():
        if part not in REPORTABLE and content:
            raise Invalid(
                f"A reported result holds no {part}.", f"Report {', '.join(REPORTABLE)}.", field="result"
            )
    groups = given.get("groups", [])
    lines = max(len(given.get(part, ())) for part in ("conventions", "checks", "notes"))
    if len(groups) > MOST_GROUPS or lines > MOST_LINES:
        raise Invalid(f"Report at most {MOST_GROUPS} groups and {MOST_LINES} lines each.", field="result")
    if not any(found["value"] is not None for found in given["overall"].values()):
        raise Invalid("The result holds no figure.", "Report at least one under overall.", field="result")
    for figures in (given["overall"], *(group["metrics"] for group in groups)):
        _refuse_odd_figures(kind, figures)
    told = {part: given[part] for part in REPORTABLE if part in given}
    told["overall"] = _whole(given["overall"], 0)
    told["groups"] = [_whole_group(group) for group in groups]
    return told


def _whole(figures: Mapping[str, Mapping[str, Any]], n: int) -> dict[str, dict[str, Any]]:
    """Figures with each of their parts, as ours have; no rows told are 0."""
    empty = {"value": None, "low": None, "high": None}
    return {name: {**empty, **found, "n": found.get("n") or n} for name, found in figures.items()}


def _whole_group(group: Mapping[str, Any]) -> dict[str, Any]:
    few = {"reference": False, "too_few": group["n"] < FEW_ROWS}
    return {**few, **group, "metrics": _whole(group["metrics"], group["n"])}


def _refuse_odd_figures(kind: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
    known = OF_KIND.get(kind, {})
    for name, found in figures.items():
        if name not in known:
            raise Invalid(
                f"There is no figure {name} of {kind}.", f"They are {', '.join(known)}.", field="result"
            )
        value, low, high = found["value"], found.get("low"), found.get("high")
        if value is None and (low is not None or high is not None):
            raise Invalid(f"{name} has an interval and no value.", field="result")
        if (low is not None and low > value) or (high is not None and high < value):
            raise Invalid(f"The value of {name} lies outside its interval.", field="result")
