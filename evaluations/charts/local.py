"""Why one record got its answer: from the average output to its own, feature by feature."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table

WIDTH, ROW, LABELS, TOP, FOOT = 760.0, 25.0, 250.0, 34.0, 26.0
MOST, LONGEST = 10, 38


def waterfall(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """The contributions of one record, the largest first."""
    found = result.get("explanations", {}).get("local")
    if not found or not found["features"]:
        return None
    steps = _steps(found["features"])
    ends = [found["base"]]
    for _, amount in steps:
        ends.append(ends[-1] + amount)
    low, high = min(ends), max(ends)
    room = (high - low or 1.0) * 0.04
    x = svg.scale(low - room, high + room, LABELS, WIDTH - 64)
    height = TOP + len(steps) * ROW + FOOT
    parts = _frame(x, low - room, high + room, height, found)
    for place, (name, amount) in enumerate(steps):
        y = TOP + place * ROW
        start, end = ends[place], ends[place + 1]
        left, right = min(x(start), x(end)), max(x(start), x(end))
        kind = "fwarm" if amount > 0 else "f1"
        parts.append(svg.text((LABELS - 10, y + 13), svg.clipped(name, LONGEST), anchor="end"))
        parts.append(svg.bar((left, y + 3), max(right - left, 1), 13, kind=kind, radius=1.5))
        parts.append(svg.text((right + 5, y + 13), _signed(amount), strong=True))
        parts.append(svg.line((x(end), y + 16), (x(end), y + ROW + 3), "s2", dash="2 2"))
    title = "What moved this answer"
    finding = _finding(found)
    note = (
        f"{finding} {found['method']}; in {found['unit']}, of {found['of']}. Orange raises the output, blue lowers it; "
        "from the average at the top to this record at the bottom."
    )
    table = Table(
        ("Feature", "Value", f"Contribution, {found['unit']}"),
        [
            (feature["name"], feature["value"], _signed(feature["contribution"]))
            for feature in found["features"]
        ],
    )
    return Chart(svg.drawing(prefix, WIDTH, height, title, finding, parts), title, note, table, wide=True)


def _steps(features: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    """Name with value, and amount; the small ones together."""
    shown = features if len(features) <= MOST else features[: MOST - 1]
    steps = [(f"{feature['name']} = {feature['value']}", float(feature["contribution"])) for feature in shown]
    rest = features[len(shown) :]
    if rest:
        steps.append((f"{len(rest)} other features", sum(float(feature["contribution"]) for feature in rest)))
    return steps


def _frame(x: svg.Scale, low: float, high: float, height: float, found: Mapping[str, Any]) -> list[str]:
    marks = svg.ticks(low, high, 6)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    parts = []
    for value in marks:
        parts.append(svg.line((x(value), TOP - 4), (x(value), height - FOOT)))
        parts.append(svg.text((x(value), height - 10), svg.label_of(value, step), anchor="middle"))
    for value, name in ((found["base"], "average"), (found["output"], "this record")):
        parts.append(svg.line((x(value), TOP - 8), (x(value), height - FOOT), "ref", dash="4 3"))
        anchor = "start" if x(value) < WIDTH - 220 else "end"
        above = TOP - 24 if name == "average" else TOP - 12
        parts.append(
            svg.text(
                (x(value) + (4 if anchor == "start" else -4), above), f"{name} {_short(value)}", anchor=anchor
            )
        )
    return parts


def _finding(found: Mapping[str, Any]) -> str:
    up = [feature["name"] for feature in found["features"] if feature["contribution"] > 0]
    down = [feature["name"] for feature in found["features"] if feature["contribution"] < 0]
    said = [
        f"{names[0]} {verb} the output most." for names, verb in ((up, "raised"), (down, "lowered")) if names
    ]
    return " ".join(said) or "Nothing moved this output from the average."


def _signed(value: float) -> str:
    return svg.number(value, 3 if abs(value) < 0.1 else 2, signed=True)


def _short(value: float) -> str:
    return svg.number(value, 3 if abs(value) < 0.1 else 2 if abs(value) < 100 else 0)
