"""A line as small as a word."""

from collections.abc import Sequence

from evaluations.charts import svg

WIDTH, HEIGHT = 96.0, 22.0


def sparkline(values: Sequence[float], *, label: str, prefix: str) -> str:
    """The last few values of a figure, oldest first; the value itself stands beside it. Empty for fewer
    than two."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    x = svg.scale(0, len(values) - 1, 3, WIDTH - 3)
    y = svg.scale(low, high, HEIGHT - 3, 3) if high > low else lambda _: HEIGHT / 2
    points = [(x(place), y(value)) for place, value in enumerate(values)]
    finding = f"From {svg.number(values[0], 3)} to {svg.number(values[-1], 3)} over {len(values)} runs."
    parts = [svg.curve(points, "s1", width=1.5), svg.dot(points[-1], 2)]
    return svg.drawing(prefix, WIDTH, HEIGHT, label, finding, parts)
