"""Two intervals on one scale, as small as a cell."""

from evaluations.charts import svg
from governance.portfolio.comparing.values import Measured

WIDTH, HEIGHT = 168.0, 30.0
THEN_Y, NOW_Y = 9.0, 21.0


def both_intervals(then: Measured, now: Measured, label: str, prefix: str) -> str:
    """Then hollow and grey above, now filled below. Empty unless both have a value and an interval."""
    ends = [end for side in (then, now) for end in (side.low, side.high, side.value) if end is not None]
    if len(ends) < 6 or max(ends) <= min(ends):
        return ""
    x = svg.scale(min(ends), max(ends), 8, WIDTH - 8)
    parts: list[str] = []
    for side, y, kind in ((then, THEN_Y, "s2"), (now, NOW_Y, "s1")):
        if side.low is None or side.high is None or side.value is None:
            return ""
        parts.append(svg.line((x(side.low), y), (x(side.high), y), kind, width=2))
        parts.append(svg.dot((x(side.value), y), 4, hollow=kind == "s2"))
    finding = f"{_said(then)} then, {_said(now)} now."
    return svg.drawing(prefix, WIDTH, HEIGHT, label, finding, parts)


def _said(side: Measured) -> str:
    return f"{svg.number(side.value or 0, 3)} ({svg.number(side.low or 0, 3)} to {svg.number(side.high or 0, 3)})"
