"""How the output follows each feature: ALE with its interval, single rows (ICE) behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table

WIDTH, ACROSS, GAP = 760.0, 3, 26.0
PANEL, HEAD, FOOT, TOP = 168.0, 22.0, 30.0, 8.0
AXIS, LABELS, LONGEST_NAME, LONGEST_VALUE = 42.0, 104.0, 30, 15
LINES_SEEN, DECILE = "0.32", 0.1

Box = tuple[float, float, float, float]  # left, bottom, right, top


def effects(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Small pictures of the features that matter most, on one scale."""
    found = result.get("explanations", {})
    drawn: Sequence[Mapping[str, Any]] = found.get("effects", [])
    if not drawn:
        return None
    span = _span(drawn)
    rows = -(-len(drawn) // ACROSS)
    wide = (WIDTH - GAP * (ACROSS - 1)) / ACROSS
    parts: list[str] = []
    for place, effect in enumerate(drawn):
        left = (place % ACROSS) * (wide + GAP)
        top = TOP + (place // ACROSS) * (PANEL + HEAD + FOOT)
        parts.append(svg.text((left, top + 10), svg.clipped(effect["feature"], LONGEST_NAME), strong=True))
        start = AXIS if effect["ordered"] else LABELS
        box = (left + start, top + HEAD + PANEL, left + wide - 4, top + HEAD)
        parts += _ordered(effect, box, span) if effect["ordered"] else _unordered(effect, box, span)
    strongest = max(drawn, key=lambda effect: _reach(effect))
    unit = found.get("effects_in", "")
    finding = f"{strongest['feature']} moves the output most: by {_short(_reach(strongest))} {unit} from end to end."
    note = (
        f"{finding} Accumulated local effects of {found.get('effects_of', 'the output')}, in {unit}, against the "
        f"average row; all on one scale. Band and bars: pointwise 95% interval. Grey: {len(strongest['ice'])} single "
        "rows; where they part, the feature acts together with others. Ticks below: where the rows are."
    )
    height = TOP + rows * (PANEL + HEAD + FOOT)
    title = "How the output follows each feature"
    return Chart(
        svg.drawing(prefix, WIDTH, height, title, finding, parts), title, note, _table(drawn), wide=True
    )


def _ordered(effect: Mapping[str, Any], box: Box, span: tuple[float, float]) -> list[str]:
    left, bottom, right, top = box
    grid = effect["grid"]
    x, y = svg.scale(grid[0], grid[-1], left, right), svg.scale(*span, bottom, top)
    parts = _up(y, span, left, right)
    for value in _few_ticks(grid[0], grid[-1]):
        parts.append(svg.text((x(value), bottom + 17), _amount(value), anchor="middle"))
    parts += [svg.line((x(value), bottom), (x(value), bottom + 4), "axis") for value in grid]
    lines = [svg.curve(_points(grid, line, x, y), "s2", width=0.75) for line in effect["ice"]]
    parts.append(f'<g class="f2" fill="{svg.GREY}" opacity="{LINES_SEEN}">{"".join(lines)}</g>')
    there, back = _points(grid, effect["high"], x, y), _points(grid, effect["low"], x, y)
    parts.append(svg.area([*there, *reversed(back)]))
    return [*parts, svg.curve(_points(grid, effect["value"], x, y), "s1")]


def _unordered(effect: Mapping[str, Any], box: Box, span: tuple[float, float]) -> list[str]:
    left, bottom, right, top = box
    x = svg.scale(*span, left, right)
    marks = _few_ticks(*span)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    parts: list[str] = []
    for value in marks:
        parts.append(svg.line((x(value), bottom), (x(value), top), "axis" if value == 0 else "grid"))
        label = svg.label_of(value, step, signed=value != 0)
        parts.append(svg.text((x(value), bottom + 17), label, anchor="middle"))
    order = sorted(range(len(effect["grid"])), key=lambda place: -effect["value"][place])
    for row, place in enumerate(order):
        y = top + 8 + row * (PANEL - 12) / max(len(order), 1)
        single = sorted(line[place] for line in effect["ice"])
        cut = int(len(single) * DECILE)
        parts.append(
            svg.text((left - 6, y + 4), svg.clipped(str(effect["grid"][place]), LONGEST_VALUE), anchor="end")
        )
        if single:
            parts.append(svg.line((x(single[cut]), y), (x(single[-1 - cut]), y), "s2", width=1))
        low, high = x(effect["low"][place]), x(effect["high"][place])
        parts += svg.interval(low, high, y, kind="s1")
        parts.append(svg.dot((x(effect["value"][place]), y), 3.5))
    return parts


def _up(y: svg.Scale, span: tuple[float, float], left: float, right: float) -> list[str]:
    marks = _few_ticks(*span)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    parts = []
    for value in marks:
        parts.append(svg.line((left, y(value)), (right, y(value)), "axis" if value == 0 else "grid"))
        label = svg.label_of(value, step, signed=value != 0)
        parts.append(svg.text((left - 6, y(value) + 4), label, anchor="end"))
    return parts


def _few_ticks(low: float, high: float) -> list[float]:
    """Round numbers, zero being exactly zero."""
    return [
        0.0 if abs(value) < 1e-9 * max(high - low, 1e-300) else value for value in svg.ticks(low, high, 4)
    ]


def _span(drawn: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    values = [value for effect in drawn for name in ("value", "low", "high") for value in effect[name]]
    values += [value for effect in drawn for line in effect["ice"] for value in line]
    low, high = min(values), max(values)
    room = (high - low or 1.0) * 0.03
    return low - room, high + room


def _points(grid: Sequence[float], values: Sequence[float], x: svg.Scale, y: svg.Scale) -> list[svg.Point]:
    return [(x(at), y(value)) for at, value in zip(grid, values, strict=True)]


def _table(drawn: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        (effect["feature"], _said(at), _short(value), f"{_short(low)} to {_short(high)}")
        for effect in drawn
        for at, value, low, high in zip(
            effect["grid"], effect["value"], effect["low"], effect["high"], strict=True
        )
    ]
    return Table(("Feature", "At", "Effect", "95% CI"), rows)


def _said(at: Any) -> str:
    return at if isinstance(at, str) else _amount(at)


def _amount(value: float) -> str:
    return f"{value:,.4g}".replace("-", "−") if abs(value) < 10_000 else f"{value:,.0f}".replace("-", "−")


def _reach(effect: Mapping[str, Any]) -> float:
    return float(max(effect["value"]) - min(effect["value"]))


def _short(value: float) -> str:
    return svg.number(value, 3 if abs(value) < 0.1 else 2 if abs(value) < 100 else 0)
