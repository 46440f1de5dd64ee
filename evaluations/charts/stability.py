"""What has moved since the reference, and performance over time."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table
from evaluations.charts.robustness import FOOT, NARROW, NARROW_LABELS, NARROW_WORDS, ROW, SHORT, TOP, scaled

CUSTOMS, WIDEST_PSI = (0.1, 0.25), 0.6
PANEL, PANEL_HEIGHT, GAP = 366.0, 150.0, 28.0
WIDTH, HEIGHT = 760.0, 300.0


def psi(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """PSI of each column, the largest first."""
    every = [point for point in result.get("curves", {}).get("psi", []) if point["psi"] is not None]
    if not every:
        return None
    shown = every[:14]
    highest = max(point["high"] if point["high"] is not None else point["psi"] for point in shown)
    most = min(max(highest, 0.3), WIDEST_PSI)
    x, height, parts = scaled(0, most, len(shown), NARROW_LABELS, NARROW - NARROW_WORDS)
    for line in CUSTOMS:
        parts.append(svg.line((x(line), TOP - 6), (x(line), height - FOOT), "ref", dash="4 3"))
        parts.append(svg.text((x(line), TOP - 12), f"{line:g}", anchor="middle"))
    for place, point in enumerate(shown):
        y = TOP + place * ROW
        kind = "fwarm" if point["psi"] >= CUSTOMS[1] else "f1"
        parts.append(svg.text((NARROW_LABELS - 8, y + 15), svg.clipped(point["name"], SHORT), anchor="end"))
        parts.append(svg.bar((x(0), y + 5), x(min(point["psi"], most)) - x(0), 13, kind=kind, radius=1.5))
        if point["low"] is not None and point["high"] is not None and point["low"] < most:
            across = y + 11.5
            parts.append(svg.line((x(point["low"]), across), (x(min(point["high"], most)), across), "ref"))
        parts.append(svg.text((NARROW - 2, y + 15), svg.number(point["psi"], 3), strong=True, anchor="end"))
    first = every[0]
    title = "How far the columns have moved"
    finding = f"Most: {first['name']}, PSI {svg.number(first['psi'], 3)}."
    note = (
        f"{finding} PSI against the reference; line: 95% interval. The dashed lines at 0.1 and 0.25 are customs of "
        "credit scoring, no test and no law."
    )
    if highest > most:
        note += f" Bars end at {WIDEST_PSI:g}; the numbers do not."
    table = Table(
        ("Column", "PSI", "95% CI", "By chance"),
        [(p["name"], svg.number(p["psi"], 4), _bounds(p), _or_dash(p["chance"])) for p in every],
    )
    return Chart(svg.drawing(prefix, NARROW, height, title, finding, parts), title, note, table)


def distributions(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Shares by bin there and here, of the score and of the columns that moved most."""
    found = [part for part in result.get("curves", {}).get("distributions", []) if part["bins"]]
    if not found:
        return None
    lines = (len(found) + 1) // 2
    height = 22 + lines * (PANEL_HEIGHT + GAP)
    parts = [
        svg.bar((0, 2), 10, 10, kind="f2", radius=1.5),
        svg.text((15, 11), "reference"),
        svg.bar((84, 2), 10, 10, radius=1.5),
        svg.text((99, 11), "here"),
    ]
    for place, part in enumerate(found):
        corner = ((place % 2) * (PANEL + GAP), 22 + place // 2 * (PANEL_HEIGHT + GAP))
        parts += _panel(part, corner)
    title = "Distributions there and here"
    most = max(found, key=lambda part: part["psi"] or 0.0)
    finding = f"Moved most of these: {most['name']}, PSI {_or_dash(most['psi'])}."
    note = f"{finding} Share of rows in each bin of the reference; grey: reference, blue: here."
    table = Table(
        ("Column", "Bin", "Reference", "Here"),
        [
            (part["name"], one["name"], f"{one['reference']:.1%}", f"{one['current']:.1%}")
            for part in found
            for one in part["bins"]
        ],
    )
    return Chart(svg.drawing(prefix, WIDTH, height, title, finding, parts), title, note, table, wide=True)


def _panel(part: Mapping[str, Any], corner: tuple[float, float]) -> list[str]:
    left, top = corner
    bottom = top + PANEL_HEIGHT - 16
    most = max(max(one["reference"], one["current"]) for one in part["bins"]) or 1.0
    y = svg.scale(0, most, bottom, top + 22)
    step = PANEL / len(part["bins"])
    bar = min(step * 0.38, 26)
    parts = [
        svg.text(
            (left, top + 12), svg.clipped(f"{part['name']}, PSI {_or_dash(part['psi'])}", 48), strong=True
        )
    ]
    letters, ends = max(int(step / 7), 2), (0, len(part["bins"]) - 1)
    for place, one in enumerate(part["bins"]):
        middle = left + (place + 0.5) * step
        for side, kind, shift in (("reference", "f2", -bar), ("current", "f1", 0.0)):
            parts.append(svg.bar((middle + shift, y(one[side])), bar - 0.5, bottom - y(one[side]), kind=kind))
        name = str(one["name"]).replace("up to ", "≤ ").replace("above ", "> ")
        if part["kind"] == "number" and place in ends:  # the inner bins lie between them, in order
            at, anchor = (left, "start") if place == 0 else (left + PANEL, "end")
            parts.append(svg.text((at, bottom + 13), svg.clipped(name, 16), anchor=anchor))
        elif part["kind"] == "category":
            parts.append(svg.text((middle, bottom + 13), svg.clipped(name, letters), anchor="middle"))
    return [*parts, svg.line((left, bottom), (left + PANEL, bottom), "axis")]


def over_time(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """The leading metric by period, with intervals."""
    found = result.get("curves", {}).get("periods")
    known = [point for point in (found or {}).get("points", []) if point["value"] is not None]
    if not found or len(known) < 2:
        return None
    judged = [point for point in known if not point["few"]] or known
    low = min(point["low"] if point["low"] is not None else point["value"] for point in judged)
    high = max(point["high"] if point["high"] is not None else point["value"] for point in judged)
    if low == high:
        low, high = low - 0.5, high + 0.5
    box = (48.0, HEIGHT - 42, WIDTH - 16, 24.0)
    places = {point["name"]: at for at, point in enumerate(found["points"])}
    x = svg.scale(-0.5, len(places) - 0.5, box[0], box[2])
    y = svg.scale(low, high, box[1] - 8, box[3] + 8)
    marks = svg.ticks(low, high, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    every = max(1, -(-len(places) // 10))
    across = [(x(at), svg.clipped(name, 11)) for name, at in places.items() if at % every == 0]
    up = [(y(value), svg.label_of(value, step)) for value in marks]
    parts = svg.axes(box, across, up, ("Period", found["metric"]))
    parts.append(svg.curve([(x(places[p["name"]]), y(p["value"])) for p in judged], "s1", width=1.5))
    for point in known:
        at, value = x(places[point["name"]]), min(max(point["value"], low), high)
        if point["low"] is not None and point["high"] is not None:
            kind = "s2" if point["few"] else "s1"
            ends = (max(point["low"], low), min(point["high"], high))
            parts.append(svg.line((at, y(ends[0])), (at, y(ends[1])), kind, width=2))
        parts.append(svg.dot((at, y(value)), 4.5, hollow=point["few"]))
    slope = result.get("overall", {}).get("time_slope", {})
    title = f"{found['metric']} over time"
    finding = _trend(slope, found["metric"], known)
    note = f"{finding} Bar: 95% interval. Hollow: too few rows to judge."
    table = Table(
        ("Period", "n", found["metric"], "95% CI"),
        [(p["name"], f"{p['n']:,}", _or_dash(p["value"]), _bounds(p)) for p in found["points"]],
    )
    return Chart(svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts), title, note, table, wide=True)


def _trend(slope: Mapping[str, Any], metric: str, known: Sequence[Mapping[str, Any]]) -> str:
    if slope.get("value") is None or slope.get("low") is None:
        first, last = _or_dash(known[0]["value"]), _or_dash(known[-1]["value"])
        return f"{metric} from {first} to {last} over {len(known)} periods."
    figures = [svg.number(slope[name], 4, signed=True) for name in ("value", "low", "high")]
    return f"{figures[0]} [{figures[1]}, {figures[2]}] from one period to the next."


def _or_dash(value: float | None) -> str:
    return "–" if value is None else svg.number(value, 3)


def _bounds(point: Mapping[str, Any]) -> str:
    low, high = point.get("low"), point.get("high")
    return "" if low is None or high is None else f"{svg.number(low, 3)} to {svg.number(high, 3)}"
