"""A chart with the table of its numbers."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

NUMERIC = re.compile(r"(?:[\d\s.,%−+\-–\[\]]|to|reference)*")
VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+)')
WIDE = 600


class Table(Protocol):
    """Numbers behind a chart."""

    @property
    def headers(self) -> Sequence[str]: ...
    @property
    def rows(self) -> Sequence[Sequence[object]]: ...


class Chart(Protocol):
    """A drawing, what the reader learns from it, and its numbers."""

    @property
    def svg(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def table(self) -> Table: ...


def figure(chart: Chart) -> dict[str, Any]:
    """What partials/chart.html needs. Wide charts scroll on a small screen, they do not shrink."""
    rows = [[str(cell) for cell in row] for row in chart.table.rows]
    headers = list(chart.table.headers)
    numeric = [all(NUMERIC.fullmatch(row[place]) for row in rows) for place in range(len(headers))]
    box = VIEW_BOX.search(chart.svg)
    return {
        "chart": chart,
        "wide": box is not None and float(box.group(1)) >= WIDE,
        "headers": list(zip(headers, numeric, strict=True)),
        "rows": [list(zip(row, numeric, strict=True)) for row in rows],
    }
