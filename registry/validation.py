"""The report on how a table fares against its schema, and the refusal when that matters."""

from collections.abc import Mapping
from typing import Any

from accounts.refusals import Invalid
from registry.rows import rows_in_words
from registry.schemas import ALLOW, REFUSE, refuses
from registry.tables import Table

SHOWN_FAILURES = 3
ASKED = {
    "type": "asked for type {}",
    "nullable": "asked for no empty cell",
    "unique": "asked for no value twice",
    "min": "asked at least {}",
    "max": "asked at most {}",
    "allowed": "asked for one of {}",
    "regex": "asked to fit {}",
    "present": "asked to be there",
    "named": "the schema names no such column",
}


def report_of(schema: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """Every check of every column with the count of failing rows and the first of them; {} without a schema."""
    if not schema:
        return {}
    there = dict(table.columns)
    columns = []
    for asked in schema["columns"]:
        name = asked["name"]
        found = list(table.checks.get(name, []))
        if name not in there and not asked.get("optional"):
            found = [{"check": "present", "asked": True, "failing": table.rows, "rows": []}]
        columns.append({"name": name, "refuses": refuses(schema, asked), "checks": found})
    if schema["other_columns"] != ALLOW:
        named = {asked["name"] for asked in schema["columns"]}
        fault = {"check": "named", "asked": True, "failing": table.rows, "rows": []}
        columns += [
            {"name": name, "refuses": schema["other_columns"] == REFUSE, "checks": [fault]}
            for name in there
            if name not in named
        ]
    checks = [check for column in columns for check in column["checks"]]
    failed = sum(1 for check in checks if check["failing"])
    return {"origin": schema["origin"], "checks": len(checks), "failed": failed, "columns": columns}


def refuse_failures(report: Mapping[str, Any], file: str) -> None:
    """Raises Invalid for checks that refuse, naming column, rows and, where they may be told, values."""
    failures = [
        failure_in_words(column["name"], check)
        for column in report.get("columns", [])
        for check in column["checks"]
        if column["refuses"] and check["failing"]
    ]
    if not failures:
        return
    more = (
        f" And {len(failures) - SHOWN_FAILURES:,} more checks fail." if len(failures) > SHOWN_FAILURES else ""
    )
    raise Invalid(
        f"{file} does not hold what its schema asks. {' '.join(failures[:SHOWN_FAILURES])}{more}",
        "Correct the rows, or write on_failure: warn to register them anyway.",
        field="file",
    )


def failure_in_words(column: str, check: Mapping[str, Any]) -> str:
    """'Row 17 of age is 212, asked at most 120.' 'Rows 3, 9 and 40 more of age are …'"""
    asked = asked_in_words(check)
    if check["check"] == "present":
        return f"There is no column {column}, {asked}."
    if check["check"] == "named":
        return f"The column {column} is there, but {asked}."
    where = f"{rows_in_words(check['rows'], check['failing'])} of {column}"
    if check["check"] == "nullable":
        return f"{where} {'is' if check['failing'] == 1 else 'are'} empty, {asked}."
    if "values" not in check:
        return f"{where} {'fails' if check['failing'] == 1 else 'fail'}: {asked}."
    if check["failing"] == 1:
        return f"{where} is {check['values'][0]}, {asked}."
    return f"{where} fail, the first with {check['values'][0]}: {asked}."


def asked_in_words(check: Mapping[str, Any]) -> str:
    """'asked at most 120'; only the kind of check where its bound is hidden."""
    words = ASKED[check["check"]]
    if "asked" not in check:
        return words.replace(" {}", " what is hidden here")
    asked = check["asked"] if isinstance(check["asked"], list) else [check["asked"]]
    shown = ", ".join(f"{value:.6g}" if isinstance(value, float) else str(value) for value in asked[:10])
    return words.format(shown + (" …" if len(asked) > 10 else ""))
