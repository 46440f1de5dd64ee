"""How often the gate answered on each day, as stacked bars: denied above what was allowed."""

from collections.abc import Sequence
from typing import Protocol

from evaluations.charts import Chart, Table, svg

WIDTH, HEIGHT = 760.0, 220.0
LEFT, RIGHT, TOP, FOOT = 48.0, 752.0, 34.0, 190.0
MOST_LABELS = 8
LABEL = 62.0


class Counted(Protocol):
    """A day and its answers."""

    @property
    def name(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def denied(self) -> int: ...


def by_day(days: Sequence[Counted], prefix: str) -> Chart | None:
    """A bar for each day, or for as many days together as leave it legible; nothing when nobody asked."""
    bins = _binned(days)
    most = max((allowed + denied for _, allowed, denied in bins), default=0)
    if not most:
        return None
    y = svg.scale(0, most, FOOT, TOP)
    step = (RIGHT - LEFT) / len(bins)
    every = -(-len(bins) // MOST_LABELS)
    marks = [mark for mark in svg.ticks(0, most, 4) if mark == int(mark)]
    parts = [svg.line((LEFT, y(mark)), (RIGHT, y(mark))) for mark in marks]
    parts += [svg.text((LEFT - 6, y(mark) + 4), f"{mark:,.0f}", anchor="end") for mark in marks]
    for place, (name, allowed, denied) in enumerate(bins):
        x, wide = LEFT + place * step + step * 0.12, step * 0.76
        parts.append(svg.bar((x, y(allowed)), wide, FOOT - y(allowed)))
        parts.append(svg.bar((x, y(allowed + denied)), wide, y(allowed) - y(allowed + denied), kind="fwarm"))
        if place % every == 0 and x + LABEL <= WIDTH:
            parts.append(svg.text((x, FOOT + 15), name))
    parts += [
        svg.line((LEFT, FOOT), (RIGHT, FOOT), "axis"),
        *(svg.bar((LEFT, 4), 10, 10), svg.text((LEFT + 15, 13), "allowed")),
        *(svg.bar((LEFT + 80, 4), 10, 10, kind="fwarm"), svg.text((LEFT + 95, 13), "denied")),
    ]
    total, denied = sum(day.total for day in days), sum(day.denied for day in days)
    title = "Answers by day"
    together = f" A bar is {-(-len(days) // len(bins))} days." if len(bins) < len(days) else ""
    finding = f"{total:,} answers, {denied:,} of them denials.{together} Days in UTC; dry runs are left out."
    table = Table(
        ("From", "Allowed", "Denied"), [(name, f"{allowed:,}", f"{no:,}") for name, allowed, no in bins]
    )
    return Chart(svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts), title, finding, table, wide=True)


def _binned(days: Sequence[Counted], most: int = 62) -> list[tuple[str, int, int]]:
    """The first day's name, allowed and denied of each bin."""
    width = max(-(-len(days) // most), 1)
    found = []
    for start in range(0, len(days), width):
        part = days[start : start + width]
        denied = sum(day.denied for day in part)
        found.append((part[0].name, sum(day.total for day in part) - denied, denied))
    return found
