"""How well a model does that gives a row any number of labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.metrics import by_label
from evaluations.metrics.comparison import AGAINST, BASELINE
from evaluations.metrics.intervals import mean_auc
from evaluations.metrics.resampling import UNIT, over
from evaluations.metrics.summed import Summed
from evaluations.metrics.values import (
    FEW_ROWS,
    Bools,
    Column,
    Estimate,
    Floats,
    Measured,
    Table,
    slice_of,
)

CONVENTIONS = {
    "micro_f1": "2 TP / (2 TP + FP + FN), counted over all labels together.",
    "macro_f1": "Mean F1 over the labels that occur or are predicted.",
    "micro_precision": "Of all labels given, the part that is right.",
    "micro_recall": "Of all labels that apply, the part that is given.",
    "f_beta": "(1 + β²) TP / ((1 + β²) TP + β² FN + FP), counted over all labels together.",
    "hamming_loss": "Part of all pairs of row and label that is wrong.",
    "subset_accuracy": "Part of the rows whose labels are all right.",
    "jaccard": "Mean over rows of labels both given and right, over labels given or right; 1 where there are neither.",
}
LABELS = {"micro_f1": "Micro F1", "macro_f1": "Macro F1", "f_beta": "F-beta"}
AUC = "Mean over labels of each label's AUC; interval from the sum of DeLong's placements over labels, row by row."
SIMPLEST = "The simplest answer: for every row the labels that more than half of these rows have."


@dataclass(frozen=True, slots=True)
class Multilabel:
    """Rows and labels: arrays of shape (n, labels)."""

    labels: Sequence[str]
    actual: Bools
    predicted: Bools
    probabilities: Floats | None = None
    weights: Floats | None = None


def performance(
    data: Multilabel,
    slices: Mapping[str, Mapping[str, Bools]],
    *,
    seed: int,
    beta: float = 1.0,
    min_n: int = FEW_ROWS,
    against: Multilabel | None = None,
) -> Measured:
    """Metrics over all rows and for each slice, against the frequent labels and another version."""
    n, size = data.actual.shape

    def metrics(sums: Floats) -> dict[str, Floats]:
        return _metrics(sums, size, beta)

    labels = {name: LABELS.get(name, name.replace("_", " ").capitalize()) for name in CONVENTIONS}
    told = ("micro_f1", "macro_f1", "subset_accuracy", "hamming_loss")
    summed = Summed(metrics, CONVENTIONS, labels, told, ranges=dict.fromkeys(CONVENTIONS, UNIT))
    ours = _values(data.actual, data.predicted, data.weights)
    frequent = np.average(data.actual, axis=0, weights=data.weights) > 0.5
    simplest = _values(data.actual, np.broadcast_to(frequent, (n, size)), data.weights)
    found = [(BASELINE, simplest, SIMPLEST, None)]
    if against is not None:
        found.append((AGAINST, _values(data.actual, against.predicted, data.weights), "", None))
    overall, said, tables = summed.measured(ours, found, n=n, seed=seed)
    if data.probabilities is not None and data.weights is None:
        scores = [data.probabilities[:, place] for place in range(size)]
        auc = mean_auc([data.actual[:, place] for place in range(size)], scores)
        overall["macro_auc"], said["macro_auc"] = Estimate(*auc, n), AUC
    if data.weights is not None:
        said["weights"] = "Every sum over rows counts a row by its weight."
    groups = [
        slice_of(column, value, int(rows.sum()), summed.of(ours[rows], n=int(rows.sum()), seed=seed), min_n)
        for column, values in slices.items()
        for value, rows in values.items()
        if rows.any()
    ]
    return Measured(overall, said, groups, tables=[_by_label(data), *tables])


def _values(actual: Bools, predicted: Bools, weights: Floats | None) -> Floats:
    """What the metrics are made of, shape (n, 3 + 3 labels): weight, all right, Jaccard, then TP, FP, FN."""
    weight = np.ones(len(actual)) if weights is None else weights
    both, either = (actual & predicted).sum(axis=1), (actual | predicted).sum(axis=1)
    jaccard = np.where(either > 0, both / np.maximum(either, 1), 1.0)
    parts = [
        np.ones(len(actual)),
        (actual == predicted).all(axis=1),
        jaccard,
        actual & predicted,
        ~actual & predicted,
        actual & ~predicted,
    ]
    found: Floats = np.column_stack(parts).astype(np.float64) * weight[:, None]
    return found


def _metrics(sums: Floats, size: int, beta: float) -> dict[str, Floats]:
    total, subset, jaccard = sums[:, 0], sums[:, 1], sums[:, 2]
    tp, fp, fn = (sums[:, 3 + part * size : 3 + (part + 1) * size] for part in range(3))
    there = tp + fp + fn > 0
    each = np.where(there, np.nan_to_num(over(2 * tp, 2 * tp + fp + fn)), 0.0)
    hits, wrong, missed = tp.sum(axis=1), fp.sum(axis=1), fn.sum(axis=1)
    found = {
        "micro_f1": over(2 * hits, 2 * hits + wrong + missed),
        "macro_f1": over(each.sum(axis=1), there.sum(axis=1).astype(np.float64)),
        "micro_precision": over(hits, hits + wrong),
        "micro_recall": over(hits, hits + missed),
        "subset_accuracy": over(subset, total),
        "jaccard": over(jaccard, total),
        "hamming_loss": over(wrong + missed, total * size),
    }
    if beta != 1.0:
        square = beta * beta
        found["f_beta"] = over((1 + square) * hits, (1 + square) * hits + square * missed + wrong)
    return found


def _by_label(data: Multilabel) -> Table:
    columns = [
        Column("Label"),
        Column("Rows with it", "count"),
        Column("Rows given it", "count"),
        *by_label.COLUMNS,
    ]
    rows = []
    for place, label in enumerate(data.labels):
        actual, predicted = data.actual[:, place], data.predicted[:, place]
        probability = None if data.probabilities is None else data.probabilities[:, place]
        counts = [int(actual.sum()), int(predicted.sum())]
        rows.append([label, *counts, *by_label.cells(actual, predicted, probability)])
    note = "Each label by itself; every row counts once. Intervals: Wilson; of the AUC: DeLong."
    return Table("labels", "Label by label", note, columns, rows)
