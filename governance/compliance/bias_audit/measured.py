"""What a fairness run holds for a bias audit: its columns of people, and counts by value."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.models import EvaluationKind, EvaluationRun, JobStatus, PredictionSource
from governance.compliance.bias_audit.table import CATEGORIES, Count
from governance.compliance.models import AuditRate
from registry.models import RegisteredModel

NAMED_SO = {"sex": ("sex", "gender"), "race": ("race", "ethnicity", "race_ethnicity", "ethnic_group")}
"""Columns that are taken for one of the two unless somebody says otherwise."""
SAID_SO = {
    "m": "Male",
    "man": "Male",
    "f": "Female",
    "woman": "Female",
    "x": "Other",
    "non-binary": "Other",
    "black": "Black or African American",
    "african american": "Black or African American",
    "hispanic": "Hispanic or Latino",
    "latino": "Hispanic or Latino",
    "two or more": "Two or More Races",
    "amer-indian-eskimo": "Native American or Alaska Native",
}
"""Spellings of values, in lower case, that leave no doubt. Everything else a person maps."""
Result = Mapping[str, Any]


def runs_for(model: RegisteredModel) -> list[EvaluationRun]:
    """Fairness runs that were measured, with their results, newest first."""
    rows = EvaluationRun.objects.filter(
        version__model=model, kind=EvaluationKind.FAIRNESS, status=JobStatus.SUCCEEDED
    ).exclude(source=PredictionSource.REPORTED)
    return list(rows.select_related("version__model", "dataset").order_by("-pk")[:50])


def columns_of(result: Result) -> list[str]:
    """The columns by which people were grouped."""
    names = [name for row in result.get("groups", []) if len(row["by"]) == 1 for name in row["by"]]
    return list(dict.fromkeys(names))


def values_of(result: Result, column: str) -> list[str]:
    """The values of a column, as they were grouped."""
    return [row["by"][column] for row in result.get("groups", []) if list(row["by"]) == [column]]


def guessed_columns(result: Result) -> dict[str, str]:
    """Which column is sex and which is race, by its name; "" where none is called so."""
    found = columns_of(result)
    return {
        part: next((name for name in found if name.lower() in names), "") for part, names in NAMED_SO.items()
    }


def guessed_category(part: str, value: str) -> str:
    """The category that a value names beyond doubt; "" where it names none."""
    known = {name.lower(): name for name in CATEGORIES[part]}
    word = value.strip().lower()
    said = SAID_SO.get(word, "")
    return known.get(word) or (said if said in CATEGORIES[part] else "")


def counts_by(result: Result, columns: Sequence[str], rate: str) -> list[Count]:
    """People by the values of these columns; hits are those selected, or those above the median score."""
    if rate == AuditRate.SCORING:
        return _scored(result, columns)
    found = []
    for row in result.get("groups", []):
        figure = row["metrics"].get("selection_rate", {})
        if set(row["by"]) == set(columns) and figure.get("value") is not None:
            values = tuple(row["by"][name] for name in columns)
            found.append(Count(values, row["n"], round(figure["value"] * row["n"])))
    return found


def _scored(result: Result, columns: Sequence[str]) -> list[Count]:
    table = next((one for one in result.get("tables", []) if one["id"] == "scoring_ratios"), None)
    if table is None:
        return []
    groups = [row["by"] for row in result.get("groups", []) if set(row["by"]) == set(columns)]
    by_name = {" · ".join(by.values()): tuple(by[name] for name in columns) for by in groups}
    title = " and ".join(groups[0]) if groups else ""
    return [
        Count(by_name[row[1]], row[2], round(row[4] * row[2]))
        for row in table["rows"]
        if row[0] == title and row[1] in by_name
    ]


def people_in(result: Result) -> int:
    """How many people the run compared: every column says something of each of them."""
    sizes = [
        sum(row["n"] for row in result.get("groups", []) if list(row["by"]) == [name])
        for name in columns_of(result)
    ]
    return max(sizes, default=0)
