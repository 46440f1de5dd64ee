"""How well a classifier of several classes performs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.metrics import by_label, comparison, confusion
from evaluations.metrics.binary import rate
from evaluations.metrics.binary_words import WILSON
from evaluations.metrics.comparison import AGAINST, BASELINE
from evaluations.metrics.intervals import mean_auc
from evaluations.metrics.resampling import NOT_NEGATIVE, UNIT, Figures, Units, estimates, over
from evaluations.metrics.statistics import DRAWS, Cells, weigh
from evaluations.metrics.summed import paired
from evaluations.metrics.values import (
    FEW_ROWS,
    Bools,
    Column,
    Estimate,
    Floats,
    Group,
    Ints,
    Measured,
    Table,
    slice_of,
)

MOST_DRAWN_CLASSES = 20
CONVENTIONS = {
    "accuracy": "Part of all rows that is predicted right.",
    "balanced_accuracy": "Mean recall over the classes that occur.",
    "macro_precision": "Mean precision over the classes that occur or are predicted; 0 where never predicted.",
    "macro_recall": "Mean recall over the classes that occur or are predicted; 0 where it never occurs.",
    "macro_f1": "Mean F1 over the classes that occur or are predicted.",
    "f_beta": "Mean F-beta over the classes that occur or are predicted.",
    "mcc": "Matthews' correlation for several classes (Gorodkin 2004).",
    "kappa": "Cohen's kappa, not weighted.",
    "log_loss": "Mean negative log-likelihood of the true class, natural logarithm.",
}
AUC = (
    "Mean over the classes that occur of the AUC of the class against all others; interval from the sum of DeLong's "
    "placements over classes, row by row."
)
RANGES = {
    **dict.fromkeys(CONVENTIONS, UNIT),
    "mcc": (-1.0, 1.0),
    "kappa": (-1.0, 1.0),
    "log_loss": NOT_NEGATIVE,
}
LABELS = {"mcc": "Matthews correlation", "kappa": "Cohen's kappa", "macro_f1": "Macro F1", "f_beta": "F-beta"}
TOLD = ("balanced_accuracy", "macro_f1", "accuracy", "log_loss")
SIMPLEST = "The simplest answer: the most frequent class for every row, and the classes' shares as its probabilities."


@dataclass(frozen=True, slots=True)
class Multiclass:
    """Rows as indices into `labels`, shape (n,); probabilities, where known, of shape (n, classes)."""

    labels: Sequence[str]
    actual: Ints
    predicted: Ints
    probabilities: Floats | None = None
    weights: Floats | None = None


def performance(
    data: Multiclass,
    slices: Mapping[str, Mapping[str, Bools]],
    *,
    seed: int,
    beta: float = 1.0,
    min_n: int = FEW_ROWS,
    against: Multiclass | None = None,
) -> Measured:
    """Metrics over all rows and for each slice, against the most frequent class and another version."""
    n = len(data.actual)
    simplest = _simplest(data)
    overall: dict[str, Estimate] = {}
    said: dict[str, str] = {}
    tables = [_by_class(data)]
    for rival, theirs in ((BASELINE, simplest), (AGAINST, against)):
        if theirs is None:
            continue
        points, drawn = _drawn(data, theirs, seed=seed, beta=beta)
        if rival is BASELINE:
            overall |= estimates(points[0], drawn[0], n=n, ranges=RANGES)
            said |= {name: f"{CONVENTIONS[name]} {how(n)}" for name in overall}
        found = comparison.differences(*points, *drawn, n=n)
        labels = {name: name.replace("_", " ").capitalize() for name in found} | LABELS
        words = f"{SIMPLEST} {how(n)}" if rival is BASELINE else how(n)
        told, how_told, table = comparison.compared(
            rival, found, points[0], points[1], labels, told=TOLD, how=words
        )
        overall |= told
        said |= how_told
        tables.append(table)
    right = data.actual == data.predicted
    if data.weights is None:
        overall["accuracy"] = rate(int(right.sum()), n)
        said["accuracy"] = WILSON
        auc = _auc(data)
        if auc is not None:
            overall["macro_auc"], said["macro_auc"] = auc, AUC
    else:
        said["weights"] = "Rows count by their weight."
    groups: list[Group] = []
    for column, values in slices.items():
        for value, rows in values.items():
            if rows.any():
                found = _of_slice(data, rows, seed=seed, beta=beta)
                groups.append(slice_of(column, value, int(rows.sum()), found, min_n))
    return Measured(overall, said, groups, _confusion(data), tables=tables)


def how(n: int) -> str:
    """How the interval was made, for people."""
    return (
        f"95% interval by bootstrap of the counts of actual and predicted labels: {DRAWS:,} resamples of {n:,} rows, "
        "percentiles less their bias."
    )


def _simplest(data: Multiclass) -> Multiclass:
    share = np.bincount(data.actual, data.weights, len(data.labels)) / (
        len(data.actual) if data.weights is None else data.weights.sum()
    )
    n = len(data.actual)
    chances = None if data.probabilities is None else np.tile(share, (n, 1))
    return Multiclass(data.labels, data.actual, np.full(n, int(np.argmax(share))), chances, data.weights)


def _drawn(
    ours: Multiclass, theirs: Multiclass, *, seed: int, beta: float
) -> tuple[list[Figures], list[Figures]]:
    """Metrics of both on all rows, and on each resample of the cells of actual label and both predictions."""
    size = len(ours.labels)
    key = (ours.actual * size + ours.predicted) * size + theirs.predicted
    kinds, place = np.unique(key, return_inverse=True)
    units = Units(*weigh(place.astype(np.int64), (len(kinds),), ours.weights))
    actual, first, second = kinds // size**2, kinds // size % size, kinds % size
    maps = [np.eye(size * size)[actual * size + predicted] for predicted in (first, second)]

    def several(weights: Floats) -> list[dict[str, Floats]]:
        return [confusion.several((weights @ made).reshape(-1, size, size), beta) for made in maps]

    points = several(units.weight[None])
    draws = [several(draw) for draw in units.drawn(seed=seed)]
    drawn = [{name: np.concatenate([d[side][name] for d in draws]) for name in points[0]} for side in (0, 1)]
    if ours.probabilities is not None and theirs.probabilities is not None:
        losses, drawn_losses = paired([_losses(ours), _losses(theirs)], _log_loss, seed=seed)
        points = [{**one, **loss} for one, loss in zip(points, losses, strict=True)]
        drawn = [{**one, **loss} for one, loss in zip(drawn, drawn_losses, strict=True)]
    return list(points), list(drawn)


def _losses(data: Multiclass) -> Floats:
    """Weight and weighted loss of each row, shape (n, 2)."""
    if data.probabilities is None:
        raise ValueError("no probabilities")
    likelihood = data.probabilities[np.arange(len(data.actual)), data.actual]
    weight = np.ones(len(likelihood)) if data.weights is None else data.weights
    return np.column_stack([weight, -weight * np.log(np.clip(likelihood, np.finfo(np.float64).eps, 1))])


def _log_loss(sums: Floats) -> dict[str, Floats]:
    return {"log_loss": over(sums[:, 1], sums[:, 0])}


def _auc(data: Multiclass) -> Estimate | None:
    if data.probabilities is None:
        return None
    there = [c for c in range(len(data.labels)) if 0 < (data.actual == c).sum() < len(data.actual)]
    actual = [data.actual == c for c in there]
    return Estimate(*mean_auc(actual, [data.probabilities[:, c] for c in there]), len(data.actual))


def _of_slice(data: Multiclass, rows: Bools, *, seed: int, beta: float) -> dict[str, Estimate]:
    n = int(rows.sum())
    weights = None if data.weights is None else data.weights[rows]
    counted = Cells.count(
        (data.labels, data.actual[rows]), (data.labels, data.predicted[rows]), weights=weights
    )
    point = confusion.several(counted.weight[None], beta)
    drawn = confusion.several(counted.resampled(seed=seed), beta)
    found = estimates(point, drawn, n=n, ranges=RANGES)
    if weights is None:
        found["accuracy"] = rate(int((data.actual == data.predicted)[rows].sum()), n)
    return found


def _by_class(data: Multiclass) -> Table:
    """Precision, recall, F1 and AUC of each class against all others; rows, not weights."""
    columns = [Column("Class"), Column("Rows", "count"), *by_label.COLUMNS]
    rows = []
    for place, label in enumerate(data.labels):
        actual, predicted = data.actual == place, data.predicted == place
        probability = None if data.probabilities is None else data.probabilities[:, place]
        rows.append([label, int(actual.sum()), *by_label.cells(actual, predicted, probability)])
    note = "Each class against all others; every row counts once. Intervals: Wilson; of the AUC: DeLong."
    return Table("classes", "Class by class", note, columns, rows)


def _confusion(data: Multiclass) -> dict[str, object]:
    classes = len(data.labels)
    if classes > MOST_DRAWN_CLASSES:
        return {}
    table = np.bincount(data.actual * classes + data.predicted, minlength=classes * classes)
    return {"confusion": {"labels": list(data.labels), "counts": table.reshape(classes, classes)}}
