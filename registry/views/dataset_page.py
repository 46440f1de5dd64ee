"""The parts of a data set's page: its facts, columns, groups, report and preview, as far as the reader may see."""

from collections.abc import Collection, Mapping
from typing import Any

from accounts.models import User
from registry import masking, plots
from registry.access import may_see_confidential
from registry.dataset_changes import changes_since
from registry.models import Dataset
from registry.queries import version_before
from registry.validation import asked_in_words

SHOWN_TOP = 3
Rows = list[dict[str, Any]]


def page_of(dataset: Dataset, user: User) -> dict[str, Any]:
    """What the template shows of the content, as far as the person may see it."""
    may_see = may_see_confidential(user, dataset)
    profile = masking.profile_for(dataset, may_see)
    hidden = masking.hidden_columns(dataset, may_see)
    before = version_before(dataset)
    return {
        "columns": _columns(dataset, profile, hidden),
        "profiled": bool(profile),
        "groups": _groups(dataset, profile),
        "report": _report(masking.validation_for(dataset, may_see)),
        "preview": masking.preview_for(dataset, may_see),
        "before": before,
        "changes": changes_since(dataset, before, {*hidden, *_also_hidden(before, user)}) if before else [],
        "held_back": masking.reason_of(dataset) if hidden else "",
        "facts": facts_of(dataset, hidden),
    }


def facts_of(dataset: Dataset, hidden: Collection[str]) -> Rows:
    """The facts beside it, without values of hidden columns."""
    stated = masking.reference_groups_for(dataset, hidden)
    references = [f"{column}: {group}" for column, group in stated.items()]
    positive = masking.positive_for(dataset, hidden)
    rows: Rows = [
        {"term": "Role", "value": dataset.get_role_display()},
        {"term": "Rows", "value": f"{dataset.rows:,}"},
        {"term": "Columns", "value": len(dataset.columns)},
        {
            "term": "Label",
            "value": dataset.label,
            "note": f"{positive} counts as yes" if positive else "",
        },
        {"term": "Prediction", "value": dataset.prediction},
        {"term": "Score", "value": dataset.score},
        {"term": "Sensitive", "value": ", ".join(dataset.sensitive)},
        {
            "term": "Reference groups",
            "value": ", ".join(references),
            "note": "as the owner states them",
        },
        {"term": "Classification", "value": dataset.get_classification_display()},
        {"term": "Confidential columns", "value": ", ".join(dataset.confidential)},
        {"term": "Legal basis", "value": dataset.legal_basis or ("Not stated" if dataset.sensitive else "")},
        {"term": "Owner", "value": dataset.owner.name, "note": "cannot sign for what was trained on it"},
        {"term": "Digest", "value": "", "digest": dataset.digest},
    ]
    return [row for row in rows if row["value"] or row.get("digest")]


def _also_hidden(before: Dataset | None, user: User) -> frozenset[str]:
    """The version before may be another's."""
    return masking.hidden_columns(before, may_see_confidential(user, before)) if before else frozenset()


def _columns(dataset: Dataset, profile: Mapping[str, Any], hidden: frozenset[str]) -> Rows:
    found = {column["name"]: column for column in profile.get("columns", [])}
    return [
        {
            **column,
            "roles": _roles(dataset, column["name"]),
            "confidential": column["name"] in dataset.confidential,
            "hidden": column["name"] in hidden,
            "profile": _told(f"c{place}", dataset.rows, found.get(column["name"], {})),
        }
        for place, column in enumerate(dataset.columns)
    ]


def _told(prefix: str, rows: int, column: Mapping[str, Any]) -> dict[str, Any]:
    """One column's figures in words, with its plot."""
    if not column:
        return {}
    told: dict[str, Any] = {"missing": column["missing"], "missing_share": _percent(column["missing"], rows)}
    if "distinct" in column:
        told["distinct"] = ("about " if column["distinct_estimated"] else "") + f"{column['distinct']:,}"
    name = column["name"]
    if numbers := column.get("numbers"):
        middle = numbers["quantiles"]["0.5"]
        told["words"] = f"{_figure(numbers['min'])} to {_figure(numbers['max'])}"
        told["note"] = f"median {_figure(middle)}, mean {_figure(numbers['mean'])}"
        if numbers["min"] == numbers["max"]:
            told |= {"words": f"always {_figure(middle)}", "note": ""}
        finding = f"{told['words']}, {told['note']}."
        told["plot"] = plots.histogram(
            prefix, f"Distribution of {name}", column["histogram"]["counts"], finding
        )
    elif "range" in column:
        told["words"] = f"{column['range']['min']} to {column['range']['max']}"
    elif top := column.get("top"):
        filled = rows - column["missing"]
        first = [(_value(entry["value"]), _percent(entry["count"], filled)) for entry in top[:SHOWN_TOP]]
        told["words"] = ", ".join(f"{value} {share}" for value, share in first)
        more = column["distinct"] - SHOWN_TOP
        told["note"] = f"and {more:,} more" if more > 0 else ""
        counts = [entry["count"] for entry in top]
        told["plot"] = plots.shares(
            prefix, f"Commonest values of {name}", counts, filled, f"{told['words']}."
        )
    elif column.get("distinct"):
        told["words"] = "" if column.get("hidden") else "nearly every value is different"
    return told


def _groups(dataset: Dataset, profile: Mapping[str, Any]) -> Rows:
    """Class balance first, then the size of each sensitive group."""
    tables = []
    if profile.get("balance"):
        tables.append((dataset.label, "label", profile["balance"], dataset.positive, "counts as yes"))
    for column, groups in profile.get("groups", {}).items():
        tables.append((column, "sensitive", groups, dataset.reference_groups.get(column, ""), "reference"))
    return [
        {
            "column": column,
            "kind": kind,
            "rows": [
                {
                    "value": _value(group["value"]),
                    "count": group["count"],
                    "share": _percent(group["count"], dataset.rows),
                    "mark": mark if group["value"] == marked else "",
                    "plot": plots.shares(
                        f"g{place}-{row}",
                        f"Share of {group['value']}",
                        [group["count"]],
                        dataset.rows,
                        f"{_percent(group['count'], dataset.rows)} of the rows.",
                    ),
                }
                for row, group in enumerate(groups)
            ],
        }
        for place, (column, kind, groups, marked, mark) in enumerate(tables)
    ]


def _report(report: Mapping[str, Any]) -> dict[str, Any]:
    """Failing checks, each a line, and how many passed."""
    failing = [
        {
            "column": column["name"],
            "asked": asked_in_words(check),
            "failing": check["failing"],
            "rows": ", ".join(f"{row:,}" for row in check["rows"]),
            "values": ", ".join(check["values"])
            if "values" in check and check["check"] != "nullable"
            else None,
        }
        for column in report.get("columns", [])
        for check in column["checks"]
        if check["failing"]
    ]
    if not report:
        return {}
    return {"failing": failing, "passed": report["checks"] - len(failing), **report}


def _roles(dataset: Dataset, column: str) -> list[str]:
    """What a column means here."""
    meanings = [("label", dataset.label), ("prediction", dataset.prediction), ("score", dataset.score)]
    roles = [role for role, name in meanings if name == column]
    return [*roles, "sensitive"] if column in dataset.sensitive else roles


def _value(text: str) -> str:
    return text if text.strip() else "(empty)"


def _percent(part: int, whole: int) -> str:
    if not whole or not part:
        return "0%"
    share = part / whole
    return "under 0.1%" if share < 0.001 else f"{share:.1%}"


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}".replace("-", "−")
    return (f"{value:,.2f}" if 100 <= abs(value) < 1e15 else f"{value:.4g}").replace("-", "−")
