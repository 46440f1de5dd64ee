"""How a binary classifier separates, and whether its probabilities happen."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table

WIDTH, HEIGHT = 380.0, 340.0
BOX = (44.0, HEIGHT - 42, WIDTH - 16, 24.0)
FIFTHS = [(value / 5, f"{value / 5:g}") for value in range(6)]
LABEL_ROOM = 130
FEW_ROWS = 30
"""A gap that rests on fewer rows is drawn, and not called the largest."""


def roc(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """The ROC curve with its band, and the point at which the model decides."""
    found = result.get("curves", {}).get("roc")
    auc = result.get("overall", {}).get("roc_auc", {})
    if not found or auc.get("value") is None:
        return None
    left, bottom, right, top = BOX
    x, y = svg.scale(0, 1, left, right), svg.scale(0, 1, bottom, top)
    across, up = [(x(v), words) for v, words in FIFTHS], [(y(v), words) for v, words in FIFTHS]
    parts = svg.axes(BOX, across, up, ("False positive rate", "True positive rate"))
    band = [point for point in found["band"] if None not in point]
    if band:
        upper = [(x(at), y(high)) for at, _, high in band]
        parts.append(svg.area([*upper, *((x(at), y(low)) for at, low, _ in reversed(band))]))
    parts.append(svg.line((x(0), y(0)), (x(1), y(1)), "axis", dash="2 4"))
    parts.append(svg.curve([(x(at), y(rate)) for at, rate in found["points"]], "s1", width=2.25))
    parts += _cutoff(found["cutoff"], x, y)
    title = f"Separates positives from the rest, AUC {svg.number(auc['value'], 3)}"
    finding = f"A positive row ranks above another one in {auc['value']:.1%} of pairs."
    if auc.get("low") is not None:
        finding += (
            f" AUC {svg.number(auc['value'], 3)} [{svg.number(auc['low'], 3)}, {svg.number(auc['high'], 3)}]."
        )
    points = found["points"]
    every = max(1, len(points) // 20)
    table = Table(
        ("False positive rate", "True positive rate"),
        [(svg.number(at, 3), svg.number(rate, 3)) for at, rate in [*points[:-1:every], points[-1]]],
    )
    note = f"{finding} Band: 95% interval. Dotted: no better than chance."
    return Chart(svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts), title, note, table)


def _cutoff(cutoff: Mapping[str, float | None], x: svg.Scale, y: svg.Scale) -> list[str]:
    at, rate, threshold = cutoff.get("fpr"), cutoff.get("tpr"), cutoff.get("threshold")
    if at is None or rate is None:
        return []
    room = x(at) + LABEL_ROOM < WIDTH
    place, anchor = (x(at) + 10, "start") if room else (WIDTH - 10, "end")
    below = min(y(rate) + 16, BOX[1] - 22)
    name = "decides here" if threshold is None else f"cut-off {threshold:.3g}"
    return [
        svg.dot((x(at), y(rate)), 4.5),
        svg.text((place, below), name, strong=True, anchor=anchor),
        svg.text((place, below + 14), f"FPR {at:.2f} · TPR {rate:.2f}", anchor=anchor),
    ]


def calibration(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Mean probability and observed rate by decile, with Wilson intervals."""
    bins = result.get("curves", {}).get("calibration")
    return _rates(result, prefix, bins, "Predicted rate, by decile") if bins else None


def reliability(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Mean probability and observed rate by bin of the probability, with Wilson intervals."""
    bins = result.get("curves", {}).get("reliability")
    return _rates(result, prefix, bins, "Mean probability") if bins else None


def _rates(result: Mapping[str, Any], prefix: str, bins: Sequence[Mapping[str, Any]], name: str) -> Chart:
    most = min(1.0, math.ceil(max(max(part["predicted"], part["high"]) for part in bins) * 20) / 20)
    left, bottom, right, top = BOX
    x, y = svg.scale(0, most, left, right), svg.scale(0, most, bottom, top)
    marks = svg.ticks(0, most, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else most
    words = [svg.label_of(value, step, percent=True) for value in marks]
    across = [(x(value), label) for value, label in zip(marks, words, strict=True)]
    up = [(y(value), label) for value, label in zip(marks, words, strict=True)]
    parts = svg.axes(BOX, across, up, (name, "Observed rate"))
    parts.append(svg.line((x(0), y(0)), (x(most), y(most)), "axis", dash="2 4"))
    for part in bins:
        at = x(part["predicted"])
        parts.append(svg.line((at, y(part["low"])), (at, y(part["high"])), "s1", width=2))
        parts.append(svg.dot((at, y(part["observed"])), 4))
    judged = [part for part in bins if part["n"] >= FEW_ROWS] or bins
    worst = max(judged, key=lambda part: abs(part["predicted"] - part["observed"]))
    gap = f"{worst['predicted']:.1%} predicted, {worst['observed']:.1%} observed, n {worst['n']:,}"
    finding = f"Largest gap: {gap}."
    ece = result.get("overall", {}).get("ece", {}).get("value")
    title = "Predicted and observed rates"
    title += "" if ece is None else f", calibration error {svg.number(ece, 3)}"
    table = Table(
        ("n", "Predicted", "Observed", "95% CI"),
        [
            (
                f"{p['n']:,}",
                f"{p['predicted']:.1%}",
                f"{p['observed']:.1%}",
                f"{p['low']:.1%} to {p['high']:.1%}",
            )
            for p in bins
        ],
    )
    note = f"{finding} {len(bins)} groups of rows by score, 95% intervals (Wilson). Dotted: perfect."
    return Chart(svg.drawing(prefix, WIDTH, HEIGHT, title, finding, parts), title, note, table)
