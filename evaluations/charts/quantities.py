"""How close a regression comes."""

from collections.abc import Mapping
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table

WIDTH, HEIGHT = 380.0, 340.0
BOX = (52.0, HEIGHT - 42, WIDTH - 16, 24.0)
TABLE_ROWS = 20


def predicted_actual(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """A sample of rows: predicted against actual."""
    points = result.get("curves", {}).get("predicted_actual")
    if not points:
        return None
    low, high = min(min(point) for point in points), max(max(point) for point in points)
    high = high if high > low else low + 1
    left, bottom, right, top = BOX
    x, y = svg.scale(low, high, left, right), svg.scale(low, high, bottom, top)
    marks = svg.ticks(low, high, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    across = [(x(value), svg.label_of(value, step)) for value in marks]
    up = [(y(value), svg.label_of(value, step)) for value in marks]
    parts = svg.axes(BOX, across, up, ("Predicted", "Actual"))
    parts.append(svg.line((x(low), y(low)), (x(high), y(high)), "axis", dash="2 4"))
    dots = "".join(f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="2.5"/>' for a, b in points)
    parts.append(f'<g class="f1" fill="{svg.BLUE}" fill-opacity="0.5">{dots}</g>')
    r2 = result.get("overall", {}).get("r2", {}).get("value")
    title = "Predicted against actual" + ("" if r2 is None else f", R² {svg.number(r2, 3)}")
    finding = (
        "The model explains nothing." if r2 is None or r2 <= 0 else f"It explains {r2:.0%} of the variance."
    )
    table = Table(
        ("Predicted", "Actual"), [(svg.number(a, 2), svg.number(b, 2)) for a, b in points[:TABLE_ROWS]]
    )
    note = f"{finding} {len(points):,} sampled rows. Dotted: perfect. The table holds the first {TABLE_ROWS}."
    return Chart(svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts), title, note, table)


def residuals(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """How large the errors are, and on which side."""
    found = result.get("curves", {}).get("residuals")
    if not found or not sum(found["counts"]):
        return None
    edges, counts = found["edges"], found["counts"]
    left, bottom, right, top = BOX
    x, y = svg.scale(edges[0], edges[-1], left, right), svg.scale(0, max(counts), bottom, top + 6)
    marks, heights = svg.ticks(edges[0], edges[-1], 5), svg.ticks(0, max(counts), 5)
    step, rise = (
        (marks[1] - marks[0] if len(marks) > 1 else 1.0),
        heights[1] - heights[0] if heights[1:] else 1.0,
    )
    across = [(x(value), svg.label_of(value, step, signed=True)) for value in marks]
    up = [(y(value), svg.label_of(value, rise)) for value in heights]
    parts = svg.axes(BOX, across, up, ("Predicted less actual", "Rows"))
    for start, end, count in zip(edges, edges[1:], counts, strict=False):
        parts.append(svg.bar((x(start) + 0.5, y(count)), x(end) - x(start) - 1, bottom - y(count)))
    if edges[0] < 0 < edges[-1]:
        parts.append(svg.line((x(0), bottom), (x(0), top), "ref", dash="4 3"))
    mae = result.get("overall", {}).get("mae", {}).get("value")
    title = "Errors" if mae is None else f"Off by {mae:,.3g} on average"
    finding = f"Errors reach from {_rounded(edges[0])} to {_rounded(edges[-1])}."
    table = Table(
        ("Error from", "to", "Rows"),
        [(_rounded(a), _rounded(b), f"{n:,}") for a, b, n in zip(edges, edges[1:], counts, strict=False)],
    )
    note = f"{finding} Right of the dashed line the model predicts too much."
    return Chart(svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts), title, note, table)


def _rounded(value: float) -> str:
    return f"{value:,.3g}".replace("-", "−")
