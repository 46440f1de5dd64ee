"""Rows of dots with intervals on one scale: a picture for any number that is known by group."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluations.charts import svg

FOUR_FIFTHS = 0.8  # 29 CFR 1607.4(D)
WIDTH, ROW, TOP = 760.0, 27.0, 34.0
RIGHT = 204.0
MARGINS = {False: (116.0, 17), True: (216.0, 34)}  # left margin and characters: one column, two columns


@dataclass(frozen=True, slots=True)
class Row:
    """One group: its number with interval, and what is written at the right."""

    name: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    words: str
    reference: bool = False
    hollow: bool = False


Block = tuple[str, Sequence[Row]]


def dots(
    blocks: Sequence[Block],
    span: tuple[float, float],
    *,
    lines: Sequence[tuple[float, str]],
    heading: str,
    combined: bool,
    percent: bool = False,
) -> tuple[list[str], float]:
    """The parts of the picture, and its height. `lines` are places on the scale with their names; `percent` writes
    the scale in per cent."""
    left, characters = MARGINS[combined]
    height = TOP + sum(len(rows) + 1 for _, rows in blocks) * ROW + 22
    x = svg.scale(*span, left, WIDTH - RIGHT)
    parts = _frame(x, span, height, lines, heading, percent)
    y = TOP + 8
    for attribute, rows in blocks:
        parts.append(svg.text((0, y + 8), attribute, strong=True))
        y += ROW
        for row in rows:
            parts += [svg.text((12, y + 4), svg.clipped(row.name, characters)), *_mark(row, x, span, y)]
            parts.append(svg.text((WIDTH - RIGHT + 32, y + 4), row.words, strong=row.low is not None))
            parts.append(svg.text((WIDTH - 4, y + 4), f"{row.n:,}", anchor="end"))
            y += ROW
    return parts, height


def _frame(
    x: svg.Scale,
    span: tuple[float, float],
    height: float,
    lines: Sequence[tuple[float, str]],
    heading: str,
    percent: bool,
) -> list[str]:
    top, bottom = TOP - 6, height - 20
    parts = []
    if any(place == FOUR_FIFTHS for place, _ in lines) and span[0] < FOUR_FIFTHS:
        parts.append(svg.bar((x(span[0]), top), x(FOUR_FIFTHS) - x(span[0]), bottom - top, kind="zone"))
    across = svg.ticks(*span)
    step = across[1] - across[0] if len(across) > 1 else 1.0
    for value in across:
        parts += [svg.line((x(value), top), (x(value), bottom))]
        parts += [svg.text((x(value), TOP - 12), svg.label_of(value, step, percent=percent), anchor="middle")]
    for value, words in lines:
        dashed = value == FOUR_FIFTHS
        parts.append(
            svg.line((x(value), top), (x(value), bottom), "ref" if dashed else "axis", dash="4 3" * dashed)
        )
        side, anchor = (-5, "end") if dashed else (5, "start")
        parts.append(svg.text((x(value) + side, height - 8), words, anchor=anchor))
    parts.append(svg.text((WIDTH - RIGHT + 32, TOP - 12), heading))
    parts.append(svg.text((WIDTH - 4, TOP - 12), "n", anchor="end"))
    return parts


def _mark(row: Row, x: svg.Scale, span: tuple[float, float], y: float) -> list[str]:
    if row.value is None:
        return []
    if row.reference:
        return [svg.diamond((x(row.value), y))]
    parts = []
    if row.low is not None and row.high is not None:
        ends = (row.low >= span[0], row.high <= span[1])
        left, right = x(max(row.low, span[0])), x(min(row.high, span[1]))
        parts = svg.interval(left, right, y, kind="s2" if row.hollow else "s1", ends=ends)
    return [*parts, svg.dot((x(min(max(row.value, span[0]), span[1])), y), hollow=row.hollow)]
