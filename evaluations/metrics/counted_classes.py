"""The performance of a classification into several classes out of counts alone, whoever counted them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluations.metrics import bootstrap, by_label, comparison, confusion
from evaluations.metrics.binary import rate
from evaluations.metrics.binary_words import WILSON
from evaluations.metrics.comparison import BASELINE
from evaluations.metrics.fairness import GroupCells
from evaluations.metrics.fairness.multiclass import one_against_rest
from evaluations.metrics.histogram import BINS, ScoreHistogram
from evaluations.metrics.multiclass import (
    CONVENTIONS,
    LABELS,
    MOST_DRAWN_CLASSES,
    RANGES,
    SIMPLEST,
    TOLD,
    how,
)
from evaluations.metrics.resampling import Figures, estimates, over
from evaluations.metrics.scored import drawn_figures
from evaluations.metrics.statistics import DRAWS, Sums
from evaluations.metrics.summed import paired_sums
from evaluations.metrics.values import FEW_ROWS, Column, Estimate, Floats, Group, Measured, Table, slice_of

AUC = "Mean over the classes that occur of the AUC of the class against all others."
LEAST = float(np.finfo(np.float64).eps)


def performance(
    cells: GroupCells,
    losses: Sums | None,
    scores: Mapping[str, ScoreHistogram],
    *,
    seed: int,
    min_n: int = FEW_ROWS,
) -> Measured:
    """Metrics over all rows against the most frequent class, and for each group of each column. `losses`: sums of
    each class's indicator and of the log loss (`losses_of`); `scores`: each class's probability against all others."""
    whole = cells.over(())
    table = whole.counts[0] if len(whole.counts) else np.zeros((len(cells.classes),) * 2, np.int64)
    n = int(table.sum())
    points, drawn = _both(whole, table, losses, seed=seed)
    overall = estimates(points[0], drawn[0], n=n, ranges=RANGES)
    said = {name: f"{CONVENTIONS[name]} {how(n)}" for name in overall}
    overall["accuracy"] = rate(int(np.trace(table)), n)
    said["accuracy"] = WILSON
    found = comparison.differences(*points, *drawn, n=n)
    labels = {name: name.replace("_", " ").capitalize() for name in found} | LABELS
    gained, how_gained, compared = comparison.compared(
        BASELINE, found, points[0], points[1], labels, told=TOLD, how=f"{SIMPLEST} {how(n)}"
    )
    overall |= gained
    said |= how_gained
    if scores:
        overall["macro_auc"], said["macro_auc"] = _macro_auc(scores, n, seed=seed)
    groups = [
        _slice(column, key[0], part.counts[place], seed=seed, min_n=min_n)
        for column, part in ((column, cells.over([column])) for column in cells.columns)
        for place, key in enumerate(part.groups)
    ]
    tables = [_by_class(cells.classes, table, scores), compared]
    return Measured(
        overall, dict(sorted(said.items())), groups, _confusion(cells.classes, table), tables=tables
    )


def losses_of(actual: Any, chances: Floats) -> Floats:
    """What `performance` needs the sums of, shape (n, classes + 1). `actual` are places of classes, shape (n,)."""
    likely = chances[np.arange(len(actual)), actual]
    one = np.eye(chances.shape[1])[actual]
    return np.column_stack([one, -np.log(np.clip(likely, LEAST, 1))])


def _both(
    whole: GroupCells, table: Any, losses: Sums | None, *, seed: int
) -> tuple[tuple[Figures, Figures], tuple[Figures, Figures]]:
    """The metrics of the model and of the most frequent class, on all rows and on resamples of them."""
    size = len(whole.classes)
    many = whole.resampled(DRAWS, seed=seed)[:, 0] if len(whole.counts) else table[None]
    pairs = [
        (part, _always(part, table)) for part in (table[None].astype(np.float64), many.astype(np.float64))
    ]
    points, drawn = ([confusion.several(side) for side in pair] for pair in pairs)
    if losses is not None:
        share = table.sum(axis=1) / max(int(table.sum()), 1)
        cost = -np.log(np.clip(share, LEAST, 1))

        def log_loss(sums: Floats) -> tuple[Figures, Figures]:
            total = sums[:, :size].sum(axis=1)
            return {"log_loss": over(sums[:, -1], total)}, {"log_loss": over(sums[:, :size] @ cost, total)}

        at, resampled = paired_sums(losses, seed=seed)
        points = [{**one, **loss} for one, loss in zip(points, log_loss(at), strict=True)]
        drawn = [{**one, **loss} for one, loss in zip(drawn, log_loss(resampled), strict=True)]
    return (points[0], points[1]), (drawn[0], drawn[1])


def _always(tables: Floats, table: Any) -> Floats:
    """The same rows, all of them predicted to be in the most frequent class."""
    found = np.zeros_like(tables)
    found[:, :, int(table.sum(axis=1).argmax())] = tables.sum(axis=2)
    return found


def _macro_auc(scores: Mapping[str, ScoreHistogram], n: int, *, seed: int) -> tuple[Estimate, str]:
    known = [(auc, held) for held in scores.values() if (auc := held.auc()).value is not None]
    if not known:
        return Estimate(None, None, None, n), AUC
    value = float(np.mean([auc.value for auc, _ in known]))
    error = float(np.mean([auc.error for auc, _ in known]))
    ends = [bootstrap.bounds(auc.value, drawn_figures(held, seed=seed)["roc_auc"]) for auc, held in known]
    lows, highs = [low for low, _ in ends if low is not None], [high for _, high in ends if high is not None]
    sure = len(lows) == len(known)
    words = (
        f"{AUC} From histograms of {BINS:,} bins of each probability, at most {error:.1g} off. 95% interval: the mean "
        f"of the classes' own, each by bootstrap of its counts ({DRAWS:,} resamples); rather too wide than too narrow."
    )
    low, high = (float(np.mean(lows)), float(np.mean(highs))) if sure else (None, None)
    return Estimate(value, low, high, n), words


def _slice(column: str, value: str, table: Any, *, seed: int, min_n: int) -> Group:
    n = int(table.sum())
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(n, table.reshape(-1) / n, DRAWS).reshape(DRAWS, *table.shape)
    point = confusion.several(table[None].astype(np.float64))
    found = estimates(point, confusion.several(drawn.astype(np.float64)), n=n, ranges=RANGES)
    found["accuracy"] = rate(int(np.trace(table)), n)
    return slice_of(column, value, n, found, min_n)


def _by_class(classes: Sequence[str], table: Any, scores: Mapping[str, ScoreHistogram]) -> Table:
    """Precision, recall, F1 and AUC of each class against all others."""
    columns = [Column("Class"), Column("Rows", "count"), *by_label.COLUMNS]
    rows = []
    for place, label in enumerate(classes):
        auc = scores[label].auc().value if label in scores else None
        counts = one_against_rest(table, place)
        rows.append([label, int(table[place].sum()), *by_label.of_counts(counts, auc)])
    note = (
        "Each class against all others. Intervals: Wilson; the AUC comes from a histogram and has none here."
    )
    return Table("classes", "Class by class", note, columns, rows)


def _confusion(classes: Sequence[str], table: Any) -> dict[str, object]:
    if len(classes) > MOST_DRAWN_CLASSES:
        return {}
    return {"confusion": {"labels": list(classes), "counts": table}}
