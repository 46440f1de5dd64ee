"""Rates, errors and calibration of each group, each with its interval."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table
from evaluations.charts.dots import WIDTH, Block, Row, dots
from evaluations.charts.groups import by_attribute, named

MOST_ROWS = 12
FEW = "Hollow: too few rows to judge."
ERRORS = {"false_positive_rate": "false positive rate", "false_negative_rate": "false negative rate"}


def selection_rates(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Which part of each group is selected."""
    blocks = _blocks(result, {"selection_rate": ""}, percent=True)
    overall = result.get("overall", {}).get("selection_rate", {}).get("value")
    lines = [] if overall is None else [(overall, "all rows")]
    return _drawn(prefix, "Selection rate by group", blocks, lines, f"Line: all rows. {FEW}", percent=True)


def error_rates(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """How often each group is wrongly selected, or wrongly passed over."""
    blocks = _blocks(result, ERRORS, percent=True)
    note = f"n: negative rows, or positive ones, of which the rate is a part. {FEW}"
    return _drawn(prefix, "Error rates by group", blocks, [], note, percent=True)


def mean_errors(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """How much too high or too low each group is predicted."""
    blocks = _blocks(result, {"mean_residual": ""})
    note = f"Prediction less truth: right of the line too high, left of it too low. {FEW}"
    return _drawn(prefix, "Mean error by group", blocks, [(0.0, "no error")], note)


def mean_predictions(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """What each group is predicted on average."""
    return _drawn(prefix, "Mean prediction by group", _blocks(result, {"mean_prediction": ""}), [], FEW)


def calibration_by_group(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Mean probability less observed rate of each group."""
    blocks: dict[str, list[Row]] = {}
    for found in result.get("curves", {}).get("calibration_by_group") or []:
        column, value = next(iter(found["by"].items()))
        row = _row(
            value, found["n"], found["gap"], found["low"], found["high"], found["too_few"], percent=True
        )
        blocks.setdefault(named(column), []).append(row)
    note = f"Mean probability less observed rate: right of the line the model expects too many. {FEW}"
    return _drawn(
        prefix, "Calibration by group", list(blocks.items()), [(0.0, "calibrated")], note, percent=True
    )


def class_gaps(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """For each class the widest gap between groups in how often it is predicted."""
    blocks: dict[str, list[Row]] = {}
    for found in result.get("curves", {}).get("class_gaps") or []:
        value = found["difference"], found["low"], found["high"]
        blocks.setdefault(named(found["column"]), []).append(
            _row(found["class"], found["n"], *value, percent=True)
        )
    note = "Widest difference between two groups in how often the class is predicted; the table says which groups."
    return _drawn(prefix, "Gap between groups by class", list(blocks.items()), [], note, percent=True)


def _blocks(result: Mapping[str, Any], rates: Mapping[str, str], *, percent: bool = False) -> list[Block]:
    blocks: list[Block] = []
    least = result.get("curves", {}).get("min_n", 0)
    for attribute, groups in by_attribute(result.get("groups", []), columns=1).items():
        for rate, words in rates.items():
            rows = []
            for group in groups:
                found = group["metrics"].get(rate)
                if found is not None:
                    value = found["value"], found["low"], found["high"]
                    few = bool(group.get("too_few")) or found["n"] < least
                    rows.append(
                        _row(next(iter(group["by"].values())), found["n"], *value, few, percent=percent)
                    )
            if rows:
                blocks.append((f"{attribute}, {words}" if words else attribute, rows))
    return blocks


def _row(
    name: str,
    n: int,
    value: float | None,
    low: float | None,
    high: float | None,
    few: bool = False,
    *,
    percent: bool = False,
) -> Row:
    words = "no rows to count" if value is None else _short(value, percent) + ("%" if percent else "")
    if low is not None and high is not None:
        words += f" [{_short(low, percent)}, {_short(high, percent)}]"
    return Row(name, n, value, low, high, words, hollow=few)


def _drawn(
    prefix: str,
    title: str,
    blocks: Sequence[Block],
    lines: Sequence[tuple[float, str]],
    note: str,
    *,
    percent: bool = False,
) -> Chart | None:
    shown = [(name, _largest(rows)) for name, rows in blocks]
    rows = [row for _, rows in shown for row in rows if row.value is not None]
    if not rows:
        return None
    span = _span(rows, [place for place, _ in lines])
    parts, height = dots(shown, span, lines=lines, heading="value [95% CI]", combined=False, percent=percent)
    finding = _widest(blocks, percent)
    left_out = sum(len(rows) for _, rows in blocks) - sum(len(rows) for _, rows in shown)
    more = f" The table has {left_out} more, smaller ones." if left_out else ""
    table = Table(
        ("Group", "n", "Value", "95% CI"),
        [
            (f"{name}: {row.name}", f"{row.n:,}", _figure(row.value, percent), _bounds(row, percent))
            for name, rows in blocks
            for row in rows
        ],
    )
    drawn = svg.drawing(prefix, WIDTH, height, title, finding, parts)
    return Chart(drawn, title, f"{finding} Bar: 95% interval. {note}{more}", table, wide=True)


def _widest(blocks: Sequence[Block], percent: bool) -> str:
    """The attribute whose judged groups are farthest apart, in a sentence."""
    found = []
    for name, rows in blocks:
        known = sorted((row.value, row.name) for row in rows if row.value is not None and not row.hollow)
        if len(known) > 1:
            found.append((known[-1][0] - known[0][0], name, known[0], known[-1]))
    if not found:
        return "No two groups are large enough to compare."
    _, name, low, high = max(found)
    return (
        f"Widest by {name}: {_figure(low[0], percent)} ({low[1]}) to {_figure(high[0], percent)} ({high[1]})."
    )


def _largest(rows: Sequence[Row]) -> Sequence[Row]:
    """The largest groups, in their own order."""
    kept = sorted(rows, key=lambda row: -row.n)[:MOST_ROWS]
    return [row for row in rows if row in kept]


def _span(rows: Sequence[Row], lines: Sequence[float]) -> tuple[float, float]:
    """Round numbers around what is judged, and around every dot and line."""
    judged = [row for row in rows if not row.hollow] or rows
    ends = [end for row in judged for end in (row.low, row.high) if end is not None]
    ends += [row.value for row in rows if row.value is not None] + list(lines)
    low, high = min(ends), max(ends)
    if low >= 0 and low < high / 2:
        low = 0.0
    marks = svg.ticks(low, high if high > low else low + 1)
    step = marks[1] - marks[0] if len(marks) > 1 else (high - low) or 1.0
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step or step


def _figure(value: float | None, percent: bool) -> str:
    if value is None:
        return "–"
    if percent:
        return svg.number(value * 100, 1) + "%"
    return svg.number(value, 3 if abs(value) < 10 else 1)


def _short(value: float, percent: bool) -> str:
    """Few digits, for the column beside the picture."""
    if percent:
        return svg.number(value * 100, 1)
    return svg.number(value, 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0)


def _bounds(row: Row, percent: bool) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{_figure(row.low, percent)} to {_figure(row.high, percent)}"
