"""What moves the prediction, and in which direction."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.charts import svg
from evaluations.charts.chart import Chart, Table

WIDTH, ROW, LABELS, TOP = 380.0, 25.0, 150.0, 26.0
MOST_FEATURES, MOST_DOTS = 10, 100
LONGEST_NAME = 21
PREDICTED_CLASS = "each row's predicted class"  # metrics/explain.py, which needs numpy, says it so
DOT, STACK, TALLEST = 1.8, 2.9, 10.0


def bars(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """Mean |SHAP| of the features that matter most, with bootstrap intervals."""
    found = result.get("explanations", {})
    features = list(found.get("features", []))
    if not features:
        return None
    drawn = features[:MOST_FEATURES]
    first = features[0]
    finding = f"Most of all {first['name']}: {_short(first['importance'])} on average, in {found['output']}."
    note = (
        f"{finding} Mean |SHAP| over {found['rows']:,} rows, {found['method']}; line: 95% bootstrap interval."
    )
    return _importances(prefix, "What moves the prediction", finding, note, features, drawn, "Mean |SHAP|")


def shuffled(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """What shuffling each of the features that matter most costs, with intervals."""
    found = result.get("explanations", {}).get("permutation")
    if not found or not found["features"]:
        return None
    features, metric = list(found["features"]), found["metric"]
    first = features[0]
    finding = (
        f"Without {first['name']}, {metric} falls by {_short(first['importance'])} from {_short(found['value'])}."
        if first["importance"] > 0
        else f"No single column costs any {metric}."
    )
    note = (
        f"{finding} Mean of {found['repeats']} shuffles of {found['rows']:,} rows; line: 95% interval. About 0: the "
        "model does as well without the column."
    )
    title, drawn = "What the predictions rest on", features[:MOST_FEATURES]
    return _importances(prefix, title, finding, note, features, drawn, f"Loss of {metric}")


def _importances(
    prefix: str,
    title: str,
    finding: str,
    note: str,
    features: Sequence[Mapping[str, Any]],
    drawn: Sequence[Mapping[str, Any]],
    measure: str,
) -> Chart:
    """Bars from zero with intervals."""
    most = max(feature["high"] for feature in drawn) or 1.0
    least = min(0.0, min(feature["low"] for feature in drawn))
    most = most if most > least else least + 1.0
    height = TOP + len(drawn) * ROW + 26
    x = svg.scale(least, most, LABELS, WIDTH - 46)
    marks = svg.ticks(least, most, 4)
    step = marks[1] - marks[0] if len(marks) > 1 else most
    parts = []
    for value in marks:
        parts.append(svg.line((x(value), TOP - 4), (x(value), height - 26)))
        parts.append(svg.text((x(value), height - 12), svg.label_of(value, step), anchor="middle"))
    for place, feature in enumerate(drawn):
        y = TOP + place * ROW
        start, end = sorted((x(0), x(feature["importance"])))
        parts += [
            svg.text((LABELS - 8, y + 12), svg.clipped(feature["name"], LONGEST_NAME), anchor="end"),
            svg.bar((start, y + 2), end - start, 13, radius=1.5),
            svg.line((x(feature["low"]), y + 8.5), (x(feature["high"]), y + 8.5), "ref", width=1.25),
            svg.text((x(feature["high"]) + 6, y + 12.5), _short(feature["importance"]), strong=True),
        ]
    if len(features) > len(drawn):
        note += f" {len(drawn)} of {len(features)} features are drawn."
    rows = [
        (f["name"], _short(f["importance"]), f"{_short(f['low'])} to {_short(f['high'])}") for f in features
    ]
    table = Table(("Feature", measure, "95% CI"), rows)
    return Chart(svg.drawing(prefix, WIDTH, height, title, finding, parts), title, note, table)


def beeswarm(result: Mapping[str, Any], prefix: str) -> Chart | None:
    """A sample of SHAP values for each feature, coloured by the feature's value; same rows as the bars."""
    found = result.get("explanations", {})
    series = [part for part in found.get("points", []) if part["values"]][:MOST_FEATURES]
    if not series:
        return None
    dots = [part["values"][:MOST_DOTS] for part in series]
    reach = max((abs(value) for values in dots for value, _ in values), default=1.0) * 1.04 or 1.0
    height = TOP + len(series) * ROW + 26
    x = svg.scale(-reach, reach, 12, WIDTH - 12)
    marks = svg.ticks(-reach, reach, 5)
    step = marks[1] - marks[0] if len(marks) > 1 else reach
    parts = _legend()
    for value in marks:
        kind = "axis" if abs(value) < step / 2 else "grid"
        parts.append(svg.line((x(value), TOP - 4), (x(value), height - 26), kind))
        label = "0" if kind == "axis" else svg.label_of(value, step, signed=True)
        parts.append(svg.text((x(value), height - 12), label, anchor="middle"))
    for place, values in enumerate(dots):
        parts += _swarm(values, x, TOP + place * ROW + 8.5)
    title = "In which direction"
    finding = _directions(series) if found.get("of") != PREDICTED_CLASS else f"Of {PREDICTED_CLASS}."
    note = (
        f"{finding} {len(dots[0])} sampled rows per feature, same order of features as in the bars. Right: "
        "raises the output. Grey: the feature has no order."
    )
    table = Table(
        ("Feature", "Lowest", "Median", "Highest"),
        [_spread(part["feature"], part["values"]) for part in series],
    )
    return Chart(svg.drawing(prefix, WIDTH, height, title, finding, parts), title, note, table)


def _directions(series: Sequence[Mapping[str, Any]]) -> str:
    slopes = [(part["feature"], _slope(part["values"])) for part in series]
    rising, falling = (
        [name for name, slope in slopes if slope > 0],
        [name for name, slope in slopes if slope < 0],
    )
    said = [
        f"Higher values {direction} the output: {', '.join(names[:3])}."
        for direction, names in (("raise", rising), ("lower", falling))
        if names
    ]
    return " ".join(said) or "None of these features has an order."


def _legend() -> list[str]:
    dots = [
        _dot(f"d{place + 1}", fill, WIDTH - 88 + place * 10, 8) for place, fill in enumerate(svg.LOW_TO_HIGH)
    ]
    return [
        svg.text((WIDTH - 96, 12), "feature low", anchor="end"),
        *dots,
        svg.text((WIDTH - 38, 12), "high"),
    ]


def _swarm(values: Sequence[tuple[float, float | None]], x: svg.Scale, y: float) -> list[str]:
    """Dots of one feature, stacked away from the middle where they would cover each other."""
    taken: dict[int, int] = {}
    coloured: dict[tuple[str, str], list[str]] = {}
    for value, rank in values:
        column = round(x(value) / (2 * DOT))
        count = taken.get(column, 0)
        taken[column] = count + 1
        away = ((count + 1) // 2) * STACK * (1 if count % 2 else -1)
        shade = None if rank is None else min(4, int(rank * 5))
        kind = ("f2", svg.GREY) if shade is None else (f"d{shade + 1}", svg.LOW_TO_HIGH[shade])
        at = min(max(away, -TALLEST), TALLEST)
        coloured.setdefault(kind, []).append(f'<circle cx="{x(value):.1f}" cy="{y + at:.1f}" r="{DOT:g}"/>')
    return [
        f'<g class="{name}" fill="{fill}">{"".join(dots)}</g>'
        for (name, fill), dots in sorted(coloured.items())
    ]


def _dot(kind: str, fill: str, x: float, y: float) -> str:
    return f'<circle class="{kind}" fill="{fill}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def _slope(values: Sequence[tuple[float, float | None]]) -> float:
    """Covariance of SHAP value and rank: does a higher value raise the output?"""
    known = [(value, rank) for value, rank in values if rank is not None]
    if len(known) < 2:
        return 0.0
    mean = sum(rank for _, rank in known) / len(known)
    return sum(value * (rank - mean) for value, rank in known)


def _spread(name: str, values: Sequence[tuple[float, float | None]]) -> tuple[str, str, str, str]:
    ordered = sorted(value for value, _ in values)
    return name, _short(ordered[0]), _short(ordered[len(ordered) // 2]), _short(ordered[-1])


def _short(value: float) -> str:
    return svg.number(value, 3 if abs(value) < 0.1 else 2 if abs(value) < 100 else 0)
