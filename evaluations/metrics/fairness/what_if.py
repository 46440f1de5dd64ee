"""What another threshold would do to accuracy and to parity: a what-if about the measured rows, no evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluations.metrics.binary import Binary
from evaluations.metrics.fairness.attributes import Settings
from evaluations.metrics.fairness.cells import Numbers
from evaluations.metrics.groups import Coded
from evaluations.metrics.values import Bools, Column, Floats, Table

MOST_THRESHOLDS = 100
NOT_EVIDENCE = (
    "A what-if, not evidence: it shows what would have happened on these rows, and no check looks at it."
)
BY_GROUP = (
    "Treating groups by thresholds of their own can itself be unlawful, as for employment tests in the United States "
    "(42 U.S.C. 2000e-2(l))."
)


def what_if(
    data: Binary, columns: Mapping[str, Coded], settings: Settings
) -> tuple[dict[str, Any], list[Table]]:
    """Accuracy and parity at every threshold, and with thresholds by group; as curves and as tables."""
    if data.score is None:
        return {}, []
    grid = thresholds_of(data.score, data.threshold)
    curves, rows, by_group = [], [], []
    for column, coding in columns.items():
        counts = counts_at(coding, data.actual, data.score, grid)
        judged = counts[0].sum(axis=(1, 2)) >= max(settings.min_n, 1)
        if judged.sum() < 2:
            continue
        points = [parity(table, judged) for table in counts]
        curves.append({"column": column, **{name: [point[name] for point in points] for name in points[0]}})
        rows += _marked(column, grid, points, data.threshold)
        now = parity(_now(coding, data), judged)
        by_group += _by_group(column, coding, grid, counts, judged, _now(coding, data), now)
    said = {
        "thresholds": grid,
        "threshold": data.threshold,
        "attributes": curves,
        "by_group": [r[:8] for r in by_group],
    }
    return said, [_thresholds_table(rows), _by_group_table(by_group)]


def thresholds_of(score: Floats, now: float | None) -> Floats:
    """At most so many different scores, spread over the rows, with the threshold in use; rising, shape (t,)."""
    found = np.quantile(score, np.linspace(0, 1, MOST_THRESHOLDS), method="nearest")
    return np.unique(found if now is None else np.append(found, now))


def counts_at(coding: Coded, actual: Bools, score: Floats, grid: Floats) -> Numbers:
    """Counts of group × label × prediction at each threshold (selected: score ≥ threshold), shape (t, groups, 2, 2)."""
    passed = np.searchsorted(grid, score, side="right")  # how many thresholds the row reaches
    size, steps = len(coding.levels), len(grid) + 1
    flat = np.bincount((coding.codes * 2 + actual) * steps + passed, minlength=size * 2 * steps)
    reached = np.cumsum(flat.reshape(size, 2, steps)[:, :, ::-1], axis=2)[:, :, ::-1]
    selected = np.moveaxis(reached[:, :, 1:], 2, 0)
    found: Numbers = np.stack([reached[:, :, 0] - selected, selected], axis=3)
    return found


def parity(table: Numbers, judged: Bools) -> dict[str, float | None]:
    """Accuracy and selection of all rows; lowest ratio and widest gaps between the judged groups."""
    everybody = table.sum(axis=0)
    n = everybody.sum()
    part = table[judged].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        selected = part[:, :, 1].sum(axis=1) / part.sum(axis=(1, 2))
        hits, misses = part[:, 1, 1] / part[:, 1].sum(axis=1), part[:, 0, 1] / part[:, 0].sum(axis=1)
        found = {
            "accuracy": (everybody[0, 0] + everybody[1, 1]) / n,
            "selection_rate": everybody[:, 1].sum() / n,
            "ratio": selected.min() / selected.max(),
            "selection_gap": np.ptp(selected),
            "true_positive_gap": np.ptp(hits),
            "false_positive_gap": np.ptp(misses),
        }
    return {name: float(value) if np.isfinite(value) else None for name, value in found.items()}


def _now(coding: Coded, data: Binary) -> Numbers:
    size = len(coding.levels)
    flat = np.bincount((coding.codes * 2 + data.actual) * 2 + data.predicted, minlength=size * 4)
    found: Numbers = flat.reshape(size, 2, 2)
    return found


def _marked(
    column: str, grid: Floats, points: Sequence[Mapping[str, float | None]], now: float | None
) -> list[list[Any]]:
    """The threshold in use, the most accurate one, and the most accurate one that keeps four fifths."""

    def accuracy(place: int) -> float:
        return points[place]["accuracy"] or 0.0

    kept = [place for place, point in enumerate(points) if (point["ratio"] or 0.0) >= 0.8]
    marks = [("most accurate", max(range(len(points)), key=accuracy))]
    if kept:
        marks.append(("most accurate with a ratio of at least 0.80", max(kept, key=accuracy)))
    if now is not None:
        marks.insert(0, ("in use", int(np.flatnonzero(grid == now)[0])))
    return [[column, words, float(grid[place]), *points[place].values()] for words, place in marks]


def _by_group(
    column: str,
    coding: Coded,
    grid: Floats,
    counts: Numbers,
    judged: Bools,
    table: Numbers,
    now: Mapping[str, float | None],
) -> list[list[Any]]:
    """Thresholds by group that bring the judged groups nearest to the rate that all rows have now."""
    everybody = table.sum(axis=0)
    goals = (
        (
            "equal selection rates",
            everybody[:, 1].sum() / everybody.sum(),
            counts[:, :, :, 1].sum(axis=2),
            counts.sum(axis=(2, 3)),
        ),
        (
            "equal true positive rates",
            _part(everybody[1, 1], everybody[1].sum()),
            counts[:, :, 1, 1],
            counts[:, :, 1].sum(axis=2),
        ),
    )
    rows = []
    for words, goal, hits, n in goals:
        if not np.isfinite(goal) or not (n[0][judged] > 0).all():
            continue
        then = table.copy()
        used = []
        for group in np.flatnonzero(judged):
            best = int(np.abs(hits[:, group] / n[:, group] - goal).argmin())
            then[group] = counts[best, group]
            used.append(f"{coding.levels[group]} {grid[best]:.3g}")
        after = parity(then, judged)
        names = ("accuracy", "ratio", "true_positive_gap")
        rows.append(
            [column, words, *(part[name] for name in names for part in (now, after)), ", ".join(used)]
        )
    return rows


def _part(hits: float, n: float) -> float:
    return hits / n if n else float("nan")


def _thresholds_table(rows: Sequence[Sequence[Any]]) -> Table:
    return Table(
        "what_if_thresholds",
        "What if: one threshold for all",
        f"{NOT_EVIDENCE} Ratio: lowest to highest selection rate of the groups that are large enough.",
        (Column("Attribute"), Column("Threshold that is"), Column("Threshold", "number"), Column("Accuracy", "share"),
         Column("Selected", "share"), Column("Ratio", "number"), Column("Gap in selection", "number"),
         Column("Gap in true positive rate", "number"), Column("Gap in false positive rate", "number")),
        rows,
    )  # fmt: skip


def _by_group_table(rows: Sequence[Sequence[Any]]) -> Table:
    return Table(
        "what_if_by_group",
        "What if: a threshold for each group",
        f"{NOT_EVIDENCE} Each group's threshold brings it nearest to the rate that all rows have now. {BY_GROUP}",
        (Column("Attribute"), Column("Goal"), Column("Accuracy now", "share"), Column("then", "share"),
         Column("Ratio now", "number"), Column("then", "number"), Column("Gap in true positive rate now", "number"),
         Column("then", "number"), Column("Thresholds")),
        rows,
    )  # fmt: skip
