"""Dot and interval for each group: ratios of selection rates, and one metric by slice."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table
from evaluations.charts.dots import FOUR_FIFTHS, WIDTH, Block, Row, dots

WIDEST_RATIO = 2.0
MOST_GROUPS = 14
MOST_BLOCKS = 4

SHORT = {"mae": "MAE", "mean_gap": "gap"}
SLICED = {
    "roc_auc": "AUC",
    "accuracy": "Accuracy",
    "micro_f1": "Micro F1",
    "ndcg": "NDCG",
    "mase": "MASE",
    "mae": "Mean absolute error",
    "mean_gap": "Mean probability less rate",
}
LOWER_IS_BETTER = ("mae", "mase")


def fairness(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Selection rate of each group of each attribute, as a ratio to the reference group's."""
    return _ratios(result, prefix, columns=1, title="Selection rate by group, as a ratio to the reference")


def fairness_combined(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """The same for two attributes together."""
    return _ratios(result, prefix, columns=2, title="Two attributes together, as a ratio to the reference")


def slices(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """The leading metric in each group."""
    groups = result.get("groups", [])
    name = next((name for name in SLICED if any(name in group["metrics"] for group in groups)), None)
    return None if name is None else _sliced(result, prefix, name)


def gap_by_group(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """In each group, by how much probabilities are too high or too low."""
    there = any("mean_gap" in group["metrics"] for group in result.get("groups", []))
    return _sliced(result, prefix, "mean_gap") if there else None


def _sliced(result: Mapping[str, Any], prefix: str, name: str) -> Chart | None:
    groups = result.get("groups", [])
    blocks = []
    for attribute, found in by_attribute(groups, columns=1).items():
        blocks.append((attribute, [_slice_row(group, name) for group in found if name in group["metrics"]]))
    known = [row for _, rows in blocks for row in rows if row.value is not None]
    if not known:
        return None
    low = min(row.low if row.low is not None else row.value or 0.0 for row in known)
    high = max(row.high if row.high is not None else row.value or 0.0 for row in known)
    across = svg.ticks(low, high) if high > low else [low, low + 1]
    step = across[1] - across[0] if len(across) > 1 else 1.0
    span = (math.floor(low / step) * step, math.ceil(high / step) * step)
    overall = result.get("overall", {}).get(name, {}).get("value")
    line = () if overall is None else ((overall, "all rows"),)
    judged = [row for row in known if not row.hollow] or known
    if name == "mean_gap":
        worst, said = max(judged, key=lambda row: abs(row.value or 0.0)), "Farthest off"
    elif name in LOWER_IS_BETTER:
        worst, said = max(judged, key=lambda row: row.value or 0.0), "Highest"
    else:
        worst, said = min(judged, key=lambda row: row.value or 0.0), "Lowest"
    title = f"{SLICED[name]} by group"
    finding = f"{said}: {worst.name}, {worst.words}, n {worst.n:,}."
    parts, height = dots(
        blocks, span, lines=line, heading=f"{SHORT.get(name, SLICED[name])} [95% CI]", combined=False
    )
    table = Table(
        ("Group", "n", SLICED[name], "95% CI"),
        [
            (f"{attribute}: {row.name}", f"{row.n:,}", _figure(row.value), _bounds(row))
            for attribute, rows in blocks
            for row in rows
        ],
    )
    drawn = svg.drawing(prefix, WIDTH, height, title, finding, parts)
    return Chart(
        drawn, title, f"{finding} Bar: 95% interval. Line: all rows. Hollow: too few rows.", table, wide=True
    )


def _ratios(result: Mapping[str, Any], prefix: str, *, columns: int, title: str) -> Chart | None:
    selected = [group for group in result.get("groups", []) if "selection_rate" in group["metrics"]]
    found = by_attribute(selected, columns=columns)
    stated = _stated(result)
    blocks = [(name, [_ratio_row(group, stated) for group in groups]) for name, groups in found.items()]
    if not blocks:
        return None
    drawn = [(name, _most_telling(rows)) for name, rows in _widest(blocks)]
    lines = ((FOUR_FIFTHS, "four-fifths, 0.80"), (1.0, "parity"))
    shown = [row for _, rows in drawn for row in rows]
    parts, height = dots(drawn, _span(shown), lines=lines, heading="ratio [95% CI]", combined=columns > 1)
    left_out = sum(len(rows) for _, rows in blocks) - len(shown)
    note = (
        "Dot: ratio of selection rates. Bar: 95% interval (log ratio, Katz). Diamond: the reference group, stated "
        "by the data set or the one with the highest rate. Hollow: too few people to judge. The four-fifths line is "
        "a statistic that starts a conversation; it does not decide whether the law is met."
    )
    if left_out:
        fewer = len(drawn) < len(blocks)
        note += f" The table has {left_out} more, smaller ones{' or of attributes less far apart' * fewer}."
    picture = svg.drawing(prefix, WIDTH, height, title, _finding(blocks), parts)
    return Chart(picture, title, note, _ratio_table(found, stated), wide=True)


def by_attribute(groups: Sequence[Mapping[str, Any]], *, columns: int) -> dict[str, list[Mapping[str, Any]]]:
    """Groups of so many columns together, under the names of the columns."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        if len(group["by"]) == columns:
            found.setdefault(" and ".join(named(column) for column in group["by"]), []).append(group)
    return found


def named(column: str) -> str:
    """A column's name as words."""
    words = column.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _stated(result: Mapping[str, Any]) -> Collection[frozenset[str]]:
    """Attributes, alone or together, whose reference group the data set states."""
    found = result.get("curves", {}).get("references", [])
    return {frozenset(row["columns"]) for row in found if row["stated"]}


def _widest(blocks: Sequence[Block]) -> Sequence[Block]:
    """Of many blocks those with the lowest ratio, in their own order."""

    def lowest(block: Block) -> float:
        judged = [row.value for row in block[1] if row.value is not None and not row.hollow]
        return min([min(value, 1 / value) if value else 0.0 for value in judged], default=1.0)

    kept = sorted(blocks, key=lowest)[:MOST_BLOCKS]
    return [block for block in blocks if block in kept]


def _ratio_row(group: Mapping[str, Any], stated: Collection[frozenset[str]]) -> Row:
    name = " · ".join(group["by"].values())
    found = group["metrics"].get("selection_rate_ratio") or {}
    value, low, high = found.get("value"), found.get("low"), found.get("high")
    if group.get("reference"):
        why = "stated reference" if frozenset(group["by"]) in stated else "highest rate"
        return Row(name, group["n"], 1.0, None, None, why, reference=True)
    if value is None:
        return Row(name, group["n"], None, None, None, "nobody selected to compare with", hollow=True)
    words = _ratio(value)
    if low is not None and high is not None:
        words += f" [{svg.number(low)}, {svg.number(high)}]"
    return Row(name, group["n"], value, low, high, words, hollow=bool(group.get("too_few")))


def _ratio(value: float) -> str:
    """Two decimals, unless they would round a ratio under four fifths up to it."""
    return svg.number(value, 3 if value < FOUR_FIFTHS <= round(value, 2) else 2)


def _slice_row(group: Mapping[str, Any], name: str) -> Row:
    found = group["metrics"][name]
    value, low, high = found["value"], found["low"], found["high"]
    words = "not defined here" if value is None else _figure(value)
    if low is not None and high is not None:
        words += f" [{_figure(low)}, {_figure(high)}]"
    hollow = bool(group.get("too_few"))
    return Row(" · ".join(group["by"].values()), group["n"], value, low, high, words, hollow=hollow)


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return svg.number(value, 2 if value < 0 else 3 if abs(value) < 10 else 1)


def _bounds(row: Row) -> str:
    return "" if row.low is None or row.high is None else f"{_figure(row.low)} to {_figure(row.high)}"


def _most_telling(rows: Sequence[Row]) -> Sequence[Row]:
    """The reference, the lowest judged and the largest groups, in their own order."""
    if len(rows) <= MOST_GROUPS:
        return rows
    judged = [row for row in rows if row.value is not None and not row.hollow and not row.reference]
    kept = [row for row in rows if row.reference] + sorted(judged, key=lambda row: row.value or 0.0)[:1]
    kept += [row for row in sorted(rows, key=lambda row: -row.n) if row not in kept][
        : MOST_GROUPS - len(kept)
    ]
    return [row for row in rows if row in kept]


def _span(rows: Sequence[Row]) -> tuple[float, float]:
    """From at least 0.70 to 1.10, wider where a judged group's interval or any group's dot needs it."""
    lows = [row.low for row in rows if row.low is not None and not row.hollow]
    highs = [row.high for row in rows if row.high is not None and not row.hollow]
    dots = [row.value for row in rows if row.value is not None]
    low = min([0.7, *lows, *dots])
    high = min(max([1.1, *highs, *dots]), WIDEST_RATIO)
    return max(math.floor(low * 10 + 1e-9) / 10, 0.0), math.ceil(high * 10 - 1e-9) / 10


def _finding(blocks: Sequence[Block]) -> str:
    judged = [
        (row, attribute)
        for attribute, rows in blocks
        for row in rows
        if row.value is not None and not row.hollow and not row.reference
    ]
    few = sum(row.hollow for _, rows in blocks for row in rows)
    said = "No two groups are large enough to compare."
    if judged:
        row, attribute = min(judged, key=lambda pair: pair[0].value or 0.0)
        said = f"Lowest ratio {row.words}: {attribute}, {row.name}, n {row.n:,}."
    return said + (f" {few} {'group is' if few == 1 else 'groups are'} too small to judge." if few else "")


def _ratio_table(
    found: Mapping[str, Sequence[Mapping[str, Any]]], stated: Collection[frozenset[str]]
) -> Table:
    rows = []
    for attribute, groups in found.items():
        for group in groups:
            row, rate = _ratio_row(group, stated), group["metrics"]["selection_rate"]
            bounds = (
                f"{svg.number(row.low)} to {svg.number(row.high)}" if row.low is not None and row.high else ""
            )
            ratio = "reference" if row.reference else "–" if row.value is None else _ratio(row.value)
            selected = "–" if rate["value"] is None else f"{rate['value']:.1%}"
            rows.append((f"{attribute}: {row.name}", f"{row.n:,}", selected, ratio, bounds))
    return Table(("Group", "n", "Selected", "Ratio", "95% CI"), rows)
