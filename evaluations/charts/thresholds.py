"""What other thresholds would do to accuracy and to parity. What-ifs: no evidence of anything."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table
from evaluations.charts.dots import FOUR_FIFTHS
from evaluations.charts.groups import named

WIDTH, HEIGHT = 380.0, 340.0
BOX = (48.0, HEIGHT - 58, WIDTH - 16, 24.0)
KEY = HEIGHT - 8
FIFTHS = [(value / 5, f"{value / 5:g}") for value in range(6)]
TABLE_ROWS = 25
WHAT_IF = "A what-if on the measured rows, not evidence; no check looks at it."


def accuracy_and_parity(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Accuracy against the lowest ratio: one threshold for all, a threshold for each group, ThresholdOptimizer."""
    found, points = _worst(result)
    if found is None:
        return None
    what_if = result["curves"]["what_if"]
    curve = [(ratio, accuracy) for ratio, accuracy, _ in points]
    groups = [(row[5], row[3]) for row in what_if["by_group"] if row[0] == found["column"]]
    lot = [
        (row["then"]["ratio"], row["then"]["accuracy"])
        for row in what_if.get("optimizer", [])
        if row["column"] == found["column"]
    ]
    here = _now(what_if, found)
    groups, lot = _known(groups), _known(lot)
    everything = [*curve, *groups, *lot]
    low = math.floor(min(up for _, up in everything) * 10) / 10
    high = min(math.ceil(max(up for _, up in everything) * 10) / 10, 1.0)
    left, bottom, right, top = BOX
    x, y = svg.scale(0, 1, left, right), svg.scale(low, max(high, low + 0.1), bottom, top)
    marks = svg.ticks(low, max(high, low + 0.1), 5)
    across = [(x(value), words) for value, words in FIFTHS]
    up = [(y(value), svg.label_of(value, marks[1] - marks[0], percent=True)) for value in marks]
    parts = svg.axes(BOX, across, up, ("Lowest to highest selection rate", "Accuracy"))
    parts.append(svg.line((x(FOUR_FIFTHS), bottom), (x(FOUR_FIFTHS), top), "ref", dash="4 3"))
    parts.append(svg.curve([(x(a), y(b)) for a, b in curve], "s1", width=1.5))
    parts += [svg.diamond((x(a), y(b))) for a, b in groups]
    parts += [svg.dot((x(a), y(b)), 5, hollow=True) for a, b in lot]
    if here is not None:
        parts += [svg.dot((x(here[0]), y(here[1])), 5)]
    parts += _key(["line", "dot", "diamond", "hollow"], ["threshold", "in use", "by group", "optimizer"])
    title = f"What if: accuracy against parity, {named(found['column'])}"
    finding = "No threshold in use is known." if here is None else (
        f"In use: accuracy {here[1]:.1%}, ratio {svg.number(here[0])}."
    )  # fmt: skip
    note = f"{finding} {WHAT_IF} Line: every threshold for all. Dashed: four-fifths. By group and optimizer treat "
    note += "groups by thresholds of their own; the optimizer's are of a half that it was not fitted on."
    rows = [("one threshold", *_figures(a, b)) for a, b in curve[:: max(1, len(curve) // TABLE_ROWS)]]
    rows += [("in use", *_figures(*here))] if here is not None else []
    rows += [("by group", *_figures(a, b)) for a, b in groups] + [
        ("optimizer", *_figures(a, b)) for a, b in lot
    ]
    table = Table(("What", "Ratio", "Accuracy"), rows)
    return Chart(svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts), title, note, table)


def thresholds(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Accuracy and the lowest ratio at each threshold."""
    found, points = _worst(result)
    if found is None:
        return None
    now = result["curves"]["what_if"].get("threshold")
    low, high = points[0][2], points[-1][2]
    if high <= low:
        return None
    left, bottom, right, top = BOX
    x, y = svg.scale(low, high, left, right), svg.scale(0, 1, bottom, top)
    marks = svg.ticks(low, high, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    across, up = [(x(v), svg.label_of(v, step)) for v in marks], [(y(v), words) for v, words in FIFTHS]
    parts = svg.axes(BOX, across, up, ("Threshold", "Accuracy, and ratio"))
    parts.append(svg.line((left, y(FOUR_FIFTHS)), (right, y(FOUR_FIFTHS)), "ref", dash="4 3"))
    parts.append(svg.curve([(x(at), y(accuracy)) for _, accuracy, at in points], "s1"))
    parts.append(svg.curve([(x(at), y(ratio)) for ratio, _, at in points], "warm"))
    if now is not None:
        parts.append(svg.line((x(now), bottom), (x(now), top), "axis", width=1.5))
    parts += _key(["line", "warm", "axis"], ["accuracy", "ratio of selection rates", "in use"])
    title = f"What if: another threshold, {named(found['column'])}"
    kept = [point for point in points if point[0] >= FOUR_FIFTHS]
    finding = "No threshold reaches a ratio of 0.80."
    if kept:
        ratio, accuracy, at = max(kept, key=lambda point: point[1])
        finding = f"Most accurate threshold with a ratio of at least 0.80: {at:.3g}, accuracy {accuracy:.1%}."
    note = (
        f"{finding} {WHAT_IF} Blue: accuracy. Orange: lowest to highest selection rate. Dashed: four-fifths."
    )
    every = max(1, len(points) // TABLE_ROWS)
    rows = [(f"{at:.3g}", *_figures(ratio, accuracy)) for ratio, accuracy, at in points[::every]]
    table = Table(("Threshold", "Ratio", "Accuracy"), rows)
    return Chart(svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts), title, note, table)


def _worst(result: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, list[tuple[float, float, float]]]:
    """The attribute with the lowest ratio now, and its (ratio, accuracy, threshold), thresholds rising."""
    what_if = result.get("curves", {}).get("what_if") or {}
    known: list[tuple[float, int, Mapping[str, Any], list[tuple[float, float, float]]]] = []
    for found in what_if.get("attributes") or []:
        points = [
            (ratio, accuracy, at)
            for ratio, accuracy, at in zip(
                found["ratio"], found["accuracy"], what_if["thresholds"], strict=True
            )
            if ratio is not None and accuracy is not None
        ]
        if len(points) > 1:
            here = _now(what_if, found)
            known.append((min(points)[0] if here is None else here[0], len(known), found, points))
    if not known:
        return None, []
    _, _, attribute, points = min(known, key=lambda one: one[:2])
    return attribute, points


def _now(what_if: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[float, float] | None:
    """Ratio and accuracy at the threshold in use."""
    now = what_if.get("threshold")
    if now is None or now not in what_if["thresholds"]:
        return None
    place = what_if["thresholds"].index(now)
    ratio, accuracy = found["ratio"][place], found["accuracy"][place]
    return None if ratio is None or accuracy is None else (ratio, accuracy)


def _known(points: Sequence[tuple[float | None, float | None]]) -> list[tuple[float, float]]:
    return [(a, b) for a, b in points if a is not None and b is not None]


def _figures(ratio: float, accuracy: float) -> tuple[str, str]:
    return svg.number(ratio), f"{accuracy:.1%}"


def _key(marks: Sequence[str], words: Sequence[str]) -> list[str]:
    """What the marks mean, in a row below the picture."""
    parts, at = [], 8.0
    for mark, word in zip(marks, words, strict=True):
        place = (at + 6, KEY - 4)
        if mark in {"line", "warm", "axis"}:
            kind = "s1" if mark == "line" else mark
            parts.append(svg.line((at, KEY - 4), (at + 14, KEY - 4), kind, width=2))
        elif mark == "diamond":
            parts.append(svg.diamond(place))
        else:
            parts.append(svg.dot(place, 5, hollow=mark == "hollow"))
        parts.append(svg.text((at + 20, KEY), word))
        at += 34 + 6.2 * len(word)
    return parts
