"""What of a data set's content is shown to somebody, and what is held back with its reason.

Held back from those who may not see confidential columns (registry/access.py): every value of a confidential column
in previews, profiles, reports and schemas. Of a restricted data set there is no preview for them, and columns other
than the label and the sensitive ones, whose counts evaluations show anyway, are held back as confidential ones are.
How many cells are missing and how many values differ is told of each column: those are no values.
"""

from collections.abc import Collection, Mapping
from typing import Any

from registry.models import Classification, Dataset

OPEN_OF_A_COLUMN = ("name", "type", "missing", "distinct", "distinct_estimated")
OPEN_OF_A_CHECK = ("check", "failing", "rows")
OPEN_OF_A_WISH = ("name", "type", "nullable", "unique", "optional", "on_failure")
WITHOUT_VALUES = {"type", "nullable", "unique", "present", "named"}
CONFIDENTIAL = "Confidential: shown to the owner of the data set, risk and compliance officers."
RESTRICTED = "Restricted: shown to the owner of the data set, risk and compliance officers."


def hidden_columns(dataset: Dataset, may_see: bool) -> frozenset[str]:
    """The columns whose values are held back."""
    if may_see:
        return frozenset()
    hidden = set(dataset.confidential)
    if dataset.classification == Classification.RESTRICTED:
        hidden |= {column["name"] for column in dataset.columns} - {dataset.label, *dataset.sensitive}
    return frozenset(hidden)


def not_row_by_row(dataset: Dataset) -> frozenset[str]:
    """The columns of which no single value may stand where every reader sees it.

    Of a restricted data set these are all: the label and the sensitive columns are open as counts only.
    """
    if dataset.classification == Classification.RESTRICTED:
        return frozenset(column["name"] for column in dataset.columns)
    return hidden_columns(dataset, may_see=False)


def reason_of(dataset: Dataset) -> str:
    """Why values are held back, and who sees them."""
    return RESTRICTED if dataset.classification == Classification.RESTRICTED else CONFIDENTIAL


def profile_for(dataset: Dataset, may_see: bool) -> dict[str, Any]:
    """The profile without what is held back, and without the preview. {} when there is none."""
    profile = {name: part for name, part in dataset.profile.items() if name != "preview"}
    if not profile:
        return {}
    hidden = hidden_columns(dataset, may_see)
    profile["columns"] = [
        _some(column, OPEN_OF_A_COLUMN) if column["name"] in hidden else {**column, "hidden": False}
        for column in profile["columns"]
    ]
    profile["groups"] = {name: groups for name, groups in profile["groups"].items() if name not in hidden}
    if dataset.label in hidden:
        profile["balance"] = []
    return profile


def validation_for(dataset: Dataset, may_see: bool) -> dict[str, Any]:
    """The validation report without what is held back. {} when nothing was checked."""
    hidden = hidden_columns(dataset, may_see)
    report = dict(dataset.validation)
    if report:
        report["columns"] = [
            {**column, "checks": [_check(check) for check in column["checks"]]}
            if column["name"] in hidden
            else column
            for column in report["columns"]
        ]
    return report


def schema_for(dataset: Dataset, may_see: bool) -> dict[str, Any]:
    """The schema without the bounds that would tell what is held back. {} when there is none."""
    hidden = hidden_columns(dataset, may_see)
    schema = dict(dataset.schema)
    if schema:
        schema["columns"] = [
            _some(column, OPEN_OF_A_WISH) if column["name"] in hidden else {**column, "hidden": False}
            for column in schema["columns"]
        ]
    return schema


def preview_for(dataset: Dataset, may_see: bool) -> dict[str, Any]:
    """The first rows: {"columns": [{"name", "hidden"}], "rows", "withheld"}; a hidden cell is None.

    `withheld` says why there are no rows at all, or is "".
    """
    found = dataset.profile.get("preview", {})
    names = found.get("columns", [])
    if not may_see and dataset.classification == Classification.RESTRICTED:
        return {"columns": [], "rows": [], "withheld": RESTRICTED}
    hidden = hidden_columns(dataset, may_see)
    rows = [
        [None if name in hidden else cell for name, cell in zip(names, row, strict=True)]
        for row in found.get("rows", [])
    ]
    return {
        "columns": [{"name": name, "hidden": name in hidden} for name in names],
        "rows": rows,
        "withheld": "",
    }


def _check(check: Mapping[str, Any]) -> dict[str, Any]:
    names = (*OPEN_OF_A_CHECK, "asked") if check["check"] in WITHOUT_VALUES else OPEN_OF_A_CHECK
    return {name: value for name, value in check.items() if name in names}


def _some(column: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in column.items() if name in names} | {"hidden": True}


def positive_for(dataset: Dataset, hidden: Collection[str]) -> str:
    """The label's positive value; "" where the label is hidden."""
    return "" if dataset.label in hidden else dataset.positive


def reference_groups_for(dataset: Dataset, hidden: Collection[str]) -> dict[str, str]:
    """The groups compared with, without those of hidden columns."""
    return {column: group for column, group in dataset.reference_groups.items() if column not in hidden}
