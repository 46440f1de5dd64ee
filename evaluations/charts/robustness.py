"""What disturbances cost, and which inputs move the output."""

from collections.abc import Mapping
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table

WIDTH, ROW, LABELS, TOP, FOOT = 760.0, 24.0, 216.0, 30.0, 26.0
WORDS = 200.0
NARROW, NARROW_LABELS, NARROW_WORDS = 380.0, 140.0, 46.0
LONGEST, MOST = 34, 20
SHORT = 20
Item = Mapping[str, Any]


def drops(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Loss of the leading metric under each disturbance, the worst first."""
    found = result.get("curves", {}).get("drops")
    known = [point for point in (found or {}).get("points", []) if point["drop"] is not None]
    if not found or not known:
        return None
    ordered = sorted(known, key=lambda point: -point["drop"])
    shown = ordered[:MOST]
    low = min([0.0, *(point["low"] if point["low"] is not None else point["drop"] for point in shown)])
    high = max(
        [point["high"] if point["high"] is not None else point["drop"] for point in shown] + [low + 1e-9]
    )
    x, height, parts = scaled(low, high, len(shown), LABELS, WIDTH - WORDS)
    parts.append(svg.text((WIDTH - WORDS + 16, TOP - 12), "loss [95% CI]"))
    parts.append(svg.text((WIDTH - 4, TOP - 12), "changed", anchor="end"))
    for place, point in enumerate(shown):
        y = TOP + place * ROW + ROW / 2
        parts.append(svg.text((0, y + 4), svg.clipped(point["label"], LONGEST)))
        if point["low"] is not None and point["high"] is not None:
            parts += svg.interval(x(point["low"]), x(point["high"]), y, kind="s1")
        parts.append(svg.dot((x(point["drop"]), y), 4.5))
        parts.append(svg.text((WIDTH - WORDS + 16, y + 4), _bounded(point), strong=True))
        parts.append(svg.text((WIDTH - 4, y + 4), _share(point["flips"]), anchor="end"))
    worst, failed = ordered[0], sum(bool(point.get("failed")) for point in found["points"])
    title = f"{found['metric']} lost under disturbances"
    finding = f"Worst: {worst['label']}, {_bounded(worst)}, {_share(worst['flips'])} of decisions changed."
    if failed:
        finding += f" Under {failed} of {len(found['points'])} the model fails instead of answering."
    note = f"{finding} Bar: 95% interval, same rows before and after. Right of 0 is worse."
    if len(ordered) > len(shown):
        note += f" The table has {len(ordered) - len(shown)} more, smaller ones."
    table = Table(
        ("Disturbance", f"{found['metric']} lost", "Decisions changed"),
        [(point["label"], _bounded(point), _share(point["flips"])) for point in ordered],
    )
    return Chart(svg.drawing(prefix, WIDTH, height, title, finding, parts), title, note, table, wide=True)


def tornado(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Mean output with one column low and high, the widest swing first."""
    found = result.get("curves", {}).get("swings")
    every = [swing for swing in (found or {}).get("features", []) if swing["high"] != swing["low"]]
    if not found or not every:
        return None
    shown, base = every[:12], found["base"]
    ends = [base, *(swing[end] for swing in shown for end in ("low", "high"))]
    x, height, parts = scaled(min(ends), max(ends), len(shown), NARROW_LABELS, NARROW - 14)
    for place, swing in enumerate(shown):
        y = TOP + place * ROW
        parts.append(svg.text((NARROW_LABELS - 8, y + 15), svg.clipped(swing["name"], SHORT), anchor="end"))
        for end, kind in (("low", "f2"), ("high", "f1")):
            left, right = sorted((x(base), x(swing[end])))
            parts.append(svg.bar((left, y + 5), right - left, 13, kind=kind, radius=1.5))
    parts.append(svg.line((x(base), TOP - 4), (x(base), height - FOOT), "ref"))
    widest = shown[0]
    title = "One input at a time"
    finding = (
        f"Widest: {widest['name']}, mean output {_figure(widest['low'])} at {widest['at_low']} and "
        f"{_figure(widest['high'])} at {widest['at_high']}."
    )
    note = (
        f"{finding} Blue: column high, grey: low (5% and 95% quantiles; of categories those with the highest and "
        f"lowest mean). Line: mean output as it is, {_figure(base)}."
    )
    table = Table(
        ("Column", "Low at", "Mean output", "High at", "Mean output"),
        [(s["name"], s["at_low"], _figure(s["low"]), s["at_high"], _figure(s["high"])) for s in every],
    )
    return Chart(svg.drawing(prefix, NARROW, height, title, finding, parts), title, note, table)


def sobol(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Total index of each column, and the part of it that the column has alone."""
    every = [point for point in result.get("curves", {}).get("sobol", []) if point["total"] is not None]
    if not every:
        return None
    shown = every[:12]
    most = max(point["total_high"] for point in shown) or 1.0
    x, height, parts = scaled(0, most, len(shown), NARROW_LABELS, NARROW - NARROW_WORDS)
    for place, point in enumerate(shown):
        y = TOP + place * ROW
        parts.append(svg.text((NARROW_LABELS - 8, y + 15), svg.clipped(point["name"], SHORT), anchor="end"))
        parts.append(svg.bar((x(0), y + 5), x(point["total"]) - x(0), 13, kind="f2", radius=1.5))
        parts.append(svg.bar((x(0), y + 5), x(max(point["first"], 0.0)) - x(0), 13, radius=1.5))
        across = y + 11.5
        parts.append(
            svg.line((x(max(point["total_low"], 0.0)), across), (x(point["total_high"]), across), "ref")
        )
        parts.append(svg.text((x(point["total_high"]) + 5, y + 15), svg.number(point["total"]), strong=True))
    first = shown[0]
    alone = sum(max(point["first"], 0.0) for point in every)
    title = "Shares of the output's variation"
    finding = f"{first['name']} has a part in {first['total']:.0%} of it; {min(alone, 1):.0%} comes from columns alone."
    note = (
        f"{finding} Grey: total Sobol index with 95% interval; blue: the column alone. The rest of a grey bar comes "
        "from columns together. Columns are drawn independently of each other."
    )
    table = Table(
        ("Column", "Alone", "95% CI", "In all", "95% CI"),
        [
            (
                p["name"],
                svg.number(p["first"], 3),
                f"{svg.number(p['first_low'], 3)} to {svg.number(p['first_high'], 3)}",
                svg.number(p["total"], 3),
                f"{svg.number(p['total_low'], 3)} to {svg.number(p['total_high'], 3)}",
            )
            for p in every
        ],
    )
    return Chart(svg.drawing(prefix, NARROW, height, title, finding, parts), title, note, table)


def scaled(
    low: float, high: float, rows: int, left: float, right: float
) -> tuple[svg.Scale, float, list[str]]:
    """Scale, height and grid of a picture with so many rows."""
    height = TOP + rows * ROW + FOOT
    x = svg.scale(low, high, left, right)
    marks = svg.ticks(low, high, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low or 1.0
    parts = []
    for value in marks:
        kind = "axis" if abs(value) < step / 1000 else "grid"
        parts.append(svg.line((x(value), TOP - 4), (x(value), height - FOOT), kind))
        parts.append(svg.text((x(value), height - 10), svg.label_of(value, step), anchor="middle"))
    return x, height, parts


def _bounded(point: Item) -> str:
    words = _figure(point["drop"])
    if point["low"] is None or point["high"] is None:
        return words
    return f"{words} [{_figure(point['low'])}, {_figure(point['high'])}]"


def _figure(value: float) -> str:
    return svg.number(value, 3 if abs(value) < 10 else 1)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
