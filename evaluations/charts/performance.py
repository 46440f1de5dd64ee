"""What a score is worth from threshold to threshold, and how forecasts do over time."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table

WIDTH, HEIGHT = 380.0, 340.0
BOX = (44.0, HEIGHT - 42, WIDTH - 16, 24.0)
WIDE, LOW = 720.0, 260.0
TABLE_ROWS = 20


def precision_recall(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Precision at each recall, and the precision of selecting at random."""
    found = result.get("curves", {}).get("precision_recall")
    if not found:
        return None
    x, y, parts = _unit_square(("Recall", "Precision"))
    base = found["prevalence"]
    parts.append(svg.line((x(0), y(base)), (x(1), y(base)), "axis", dash="2 4"))
    points = [(x(recall), y(precision)) for recall, precision in found["points"]]
    parts.append(svg.curve(points if len(points) > 1 else points * 2, "s1", width=2.25))
    average = result.get("overall", {}).get("average_precision", {})
    title = "Precision and recall"
    finding = f"Selecting at random would be right in {base:.1%}."
    if average.get("value") is not None:
        title += f", average precision {svg.number(average['value'], 3)}"
    half = [point for point in found["points"] if point[0] >= 0.5]
    if half:
        finding = (
            f"To find half of the positive rows, {half[0][1]:.1%} of those selected are right. {finding}"
        )
    table = Table(("Recall", "Precision"), [(f"{a:.1%}", f"{b:.1%}") for a, b in _thinned(found["points"])])
    drawn = svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts)
    return Chart(drawn, title, f"{finding} Dotted: selecting at random.", table)


def gain(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """The share of the positive rows among so large a share of the highest scores."""
    points = result.get("curves", {}).get("gain")
    if not points:
        return None
    x, y, parts = _unit_square(("Share of rows selected, highest scores first", "Share of positives found"))
    parts.append(svg.line((x(0), y(0)), (x(1), y(1)), "axis", dash="2 4"))
    parts.append(
        svg.curve([(x(0), y(0)), *((x(share), y(found)) for share, found, _ in points)], "s1", width=2.25)
    )
    parts += [svg.dot((x(share), y(found)), 3.5) for share, found, _ in points]
    share, found, lift = points[0]
    title = f"The top {share:.0%} hold {found:.0%} of the positives"
    finding = f"That is {lift:.2f} times as many as rows drawn at random would hold."
    table = Table(
        ("Rows selected", "Positives found", "Lift"),
        [(f"{a:.0%}", f"{b:.1%}", f"{c:.2f}") for a, b, c in points],
    )
    drawn = svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts)
    return Chart(drawn, title, f"{finding} Dotted: rows drawn at random.", table)


def ks_curve(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Shares of positive and negative rows above each score, and where they lie farthest apart."""
    found = result.get("curves", {}).get("ks")
    if not found:
        return None
    scores = [point[0] for point in found["points"]]
    low, high = min(scores), max(scores)
    left, bottom, right, top = BOX
    x, y = svg.scale(low, high, left, right), svg.scale(0, 1, bottom, top)
    marks = svg.ticks(low, high, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    across = [(x(value), svg.label_of(value, step)) for value in marks]
    up = [(y(value / 5), f"{value / 5:g}") for value in range(6)]
    parts = svg.axes(BOX, across, up, ("Score", "Share of rows at or above the score"))
    for place, kind in ((2, "s2"), (1, "s1")):
        points = [(x(point[0]), y(point[place])) for point in found["points"]]
        parts.append(svg.curve(points if len(points) > 1 else points * 2, kind, width=2.25))
    score, hit, missed = found["at"]
    parts.append(svg.line((x(score), y(hit)), (x(score), y(missed)), "ref", dash="4 3"))
    gap = hit - missed
    anchor = "start" if x(score) < WIDTH / 2 else "end"
    aside = 8 if anchor == "start" else -8
    parts.append(
        svg.text((x(score) + aside, y((hit + missed) / 2)), f"{gap:.3f}", strong=True, anchor=anchor)
    )
    title = f"Farthest apart at a score of {score:.3g}, KS {svg.number(gap, 3)}"
    finding = (
        f"{hit:.1%} of the positive rows and {missed:.1%} of the negative ones score at least {score:.3g}."
    )
    rows = [(f"{a:.3g}", f"{b:.1%}", f"{c:.1%}") for a, b, c in _thinned(found["points"])]
    table = Table(("Score", "Positive rows", "Negative rows"), rows)
    drawn = svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts)
    return Chart(drawn, title, f"{finding} Blue: positive rows. Grey: negative rows.", table)


def forecasts_over_time(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Actual and foretold values, the mean over all series."""
    found = result.get("curves", {}).get("over_time")
    if not found or len(found["points"]) < 2:
        return None
    points = found["points"]
    values = [value for point in points for value in point[1:3]]
    x, y, parts = _lines(points, min(values), max(values), ("Step", "Mean value"))
    for place, kind in ((1, "s2"), (2, "s1")):
        parts.append(svg.curve([(x(point[0]), y(point[place])) for point in points], kind, width=2))
    series = found["series"]
    title = "Actual and foretold values over time"
    finding = f"Mean of {series:,} series." if series > 1 else "One series."
    finding += "" if found["per"] == 1 else f" Each point stands for {found['per']:,} steps."
    rows = [(f"{p[0]:.0f}", f"{p[1]:,.4g}", f"{p[2]:,.4g}") for p in _thinned(points)]
    drawn = svg.drawing(prefix, WIDE, LOW, title, finding, parts)
    note = f"{finding} Blue: foretold. Grey: actual."
    return Chart(drawn, title, note, Table(("Step", "Actual", "Foretold"), rows), wide=True)


def errors_over_time(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Mean error from step to step: whether forecasts become worse, or lean to one side."""
    found = result.get("curves", {}).get("over_time")
    if not found or len(found["points"]) < 2:
        return None
    points = found["points"]
    errors = [point[3] for point in points]
    x, y, parts = _lines(points, min(*errors, 0.0), max(*errors, 0.0), ("Step", "Predicted less actual"))
    parts.append(svg.line((x(points[0][0]), y(0)), (x(points[-1][0]), y(0)), "ref", dash="4 3"))
    parts.append(svg.curve([(x(point[0]), y(point[3])) for point in points], "s1", width=2))
    half = len(errors) // 2
    first, last = (sum(map(abs, part)) / len(part) for part in (errors[:half], errors[half:]))
    title = "Errors over time"
    finding = f"Mean size of the errors drawn: {first:,.3g} in the first half, {last:,.3g} in the second."
    rows = [(f"{p[0]:.0f}", f"{p[3]:,.3g}".replace("-", "−"), f"{p[4]:,.3g}") for p in _thinned(points)]
    table = Table(("Step", "Mean error", "Standard deviation"), rows)
    drawn = svg.drawing(prefix, WIDE, LOW, title, finding, parts)
    return Chart(drawn, title, f"{finding} Above the dashed line too much is foretold.", table, wide=True)


def _unit_square(names: tuple[str, str]) -> tuple[svg.Scale, svg.Scale, list[str]]:
    left, bottom, right, top = BOX
    x, y = svg.scale(0, 1, left, right), svg.scale(0, 1, bottom, top)
    marks = [value / 5 for value in range(6)]
    across, up = [(x(value), f"{value:g}") for value in marks], [(y(value), f"{value:g}") for value in marks]
    return x, y, svg.axes(BOX, across, up, names)


def _lines(
    points: Sequence[Sequence[float]], low: float, high: float, names: tuple[str, str]
) -> tuple[svg.Scale, svg.Scale, list[str]]:
    """A wide frame for lines over time."""
    box = (64.0, LOW - 42, WIDE - 16, 24.0)
    left, bottom, right, top = box
    high = high if high > low else low + 1
    first, last = points[0][0], points[-1][0]
    x, y = svg.scale(first, last, left, right), svg.scale(low, high, bottom, top)
    marks, heights = svg.ticks(first, last, 8), svg.ticks(low, high, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    rise = heights[1] - heights[0] if len(heights) > 1 else 1.0
    across = [(x(value), svg.label_of(value, step)) for value in marks]
    up = [(y(value), svg.label_of(value, rise)) for value in heights]
    return x, y, svg.axes(box, across, up, names)


def _thinned(points: Sequence[Sequence[float]]) -> list[Sequence[float]]:
    every = max(1, len(points) // TABLE_ROWS)
    return [*points[:-1:every], points[-1]]
