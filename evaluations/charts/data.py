"""Columns that tell the label or a sensitive column, and groups whose training rows can be told."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table
from evaluations.charts.dots import WIDTH, Block, Row, dots

MOST_ROWS = 12
CHANCE = 0.5


def leaks(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """How well each single column tells the label."""
    found = result.get("explanations", {}).get("leaks") or []
    n = result.get("overall", {}).get("strongest_feature", {}).get("n", 0)
    blocks = [("Told by", [_row(one, n) for one in found[:MOST_ROWS]])] if found else []
    return _drawn(
        blocks, prefix, "Single columns against the label", "A column close to 1 may give the label away."
    )


def proxies(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """How well each single column tells each sensitive one."""
    found = result.get("explanations", {}).get("proxies") or []
    n = result.get("overall", {}).get("strongest_proxy", {}).get("n", 0)
    by: dict[str, list[Row]] = {}
    for one in found:
        rows = by.setdefault(str(one.get("of", "")), [])
        if len(rows) < MOST_ROWS // 2:
            rows.append(_row(one, n))
    said = "A column far above chance stands for the sensitive one, even where that is left out of the model."
    return _drawn(list(by.items()), prefix, "Columns that tell sensitive ones", said)


def told_members(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """How well the membership attack does, on all rows and by group."""
    overall = result.get("overall", {}).get("membership_auc") or {}
    if overall.get("value") is None:
        return None
    blocks: dict[str, list[Row]] = {"All": [_row({"name": "all rows", **overall}, overall["n"])]}
    for group in result.get("groups", []):
        (column, name), *_ = group["by"].items()
        told = group["metrics"].get("membership_auc")
        if told:
            row = _row({"name": name, **told}, group["n"], hollow=bool(group.get("too_few")))
            blocks.setdefault(column, []).append(row)
    said = "At 0.5 nobody can tell the rows that the model learnt from. Hollow: too few rows to judge."
    return _drawn(list(blocks.items()), prefix, "Training rows told by an attacker", said)


def _row(one: Mapping[str, Any], n: int, *, hollow: bool = False) -> Row:
    value, low, high = one.get("value"), one.get("low"), one.get("high")
    words = "not defined here" if value is None else svg.number(value, 3)
    if low is not None and high is not None:
        words += f" [{svg.number(low, 3)}, {svg.number(high, 3)}]"
    return Row(str(one["name"]), int(n), value, low, high, words, hollow=hollow)


def _drawn(blocks: Sequence[Block], prefix: str, title: str, note: str, what: str = "AUC") -> Chart | None:
    rows = [(name, row) for name, found in blocks for row in found]
    values = [row.value for _, row in rows if row.value is not None]
    if not values:
        return None
    lows = [row.low for _, row in rows if row.low is not None]
    span = (0.0 if what != "AUC" or min([*values, *lows]) < 0.4 else 0.4, 1.0)
    lines = ((CHANCE, "chance"),) if what == "AUC" else ()
    parts, height = dots(blocks, span, lines=lines, heading=f"{what} [95% CI]", combined=False)
    best = max((row for _, row in rows if row.value is not None), key=lambda row: row.value or 0.0)
    finding = f"Highest: {best.name}, {best.words}."
    table = Table(
        ("Of", "Name", f"{what} [95% CI]", "n"),
        [(name, row.name, row.words, f"{row.n:,}") for name, row in rows],
    )
    drawn = svg.drawing(prefix, WIDTH, height, title, finding, parts)
    return Chart(drawn, title, f"{finding} {note} Bar: 95% interval.", table, wide=True)
