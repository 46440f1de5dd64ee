"""Metrics that follow from counts of actual and predicted labels alone, for one table or for many at once.

A table is of shape (…, classes, classes), actual × predicted; results are of shape (…). Weighted rows count by their
weight. A metric whose denominator is zero is not a number.
"""

import numpy as np

from evaluations.metrics.resampling import over
from evaluations.metrics.values import Floats


def binary(table: Floats, beta: float = 1.0) -> dict[str, Floats]:
    """Metrics of two classes, the second positive."""
    tn, fp, fn, tp = (table[..., i, j] for i in (0, 1) for j in (0, 1))
    total = tn + fp + fn + tp
    recall, specificity = over(tp, tp + fn), over(tn, tn + fp)
    found = {
        "accuracy": over(tp + tn, total),
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": over(tp, tp + fp),
        "recall": recall,
        "specificity": specificity,
        "f1": over(2 * tp, 2 * tp + fp + fn),
        "mcc": mcc(table),
        "kappa": kappa(table),
        "selection_rate": over(tp + fp, total),
    }
    if beta != 1.0:
        square = beta * beta
        found["f_beta"] = over((1 + square) * tp, (1 + square) * tp + square * fn + fp)
    return found


def several(table: Floats, beta: float = 1.0) -> dict[str, Floats]:
    """Metrics of several classes. Means over classes leave out those that neither occur nor are predicted."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    actual, predicted = table.sum(axis=-1), table.sum(axis=-2)
    there = (actual > 0) | (predicted > 0)
    found = {
        "accuracy": over(hits.sum(axis=-1), table.sum(axis=(-1, -2))),
        "balanced_accuracy": _mean(over(hits, actual), actual > 0),
        "macro_precision": _mean(np.nan_to_num(over(hits, predicted)), there),
        "macro_recall": _mean(np.nan_to_num(over(hits, actual)), there),
        "macro_f1": _mean(np.nan_to_num(over(2 * hits, actual + predicted)), there),
        "mcc": mcc(table),
        "kappa": kappa(table),
    }
    if beta != 1.0:
        square = beta * beta
        each = over((1 + square) * hits, square * actual + predicted)
        found["f_beta"] = _mean(np.nan_to_num(each), there)
    return found


def mcc(table: Floats) -> Floats:
    """Matthews' correlation of actual and predicted labels. Gorodkin (2004), Comput. Biol. Chem. 28, 367-374."""
    total = table.sum(axis=(-1, -2))
    actual, predicted = table.sum(axis=-1), table.sum(axis=-2)
    right = np.trace(table, axis1=-2, axis2=-1)
    top = right * total - (actual * predicted).sum(axis=-1)
    spread = (total**2 - (actual**2).sum(axis=-1)) * (total**2 - (predicted**2).sum(axis=-1))
    return over(top, np.sqrt(np.maximum(spread, 0.0)))


def kappa(table: Floats) -> Floats:
    """Agreement beyond chance. Cohen (1960), Educ. Psychol. Meas. 20, 37-46."""
    total = table.sum(axis=(-1, -2))
    chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1)
    return over(np.trace(table, axis1=-2, axis2=-1) * total - chance, total**2 - chance)


def _mean(values: Floats, there: Floats) -> Floats:
    """Mean over the last axis of the values that are there."""
    found: Floats = over(np.where(there, values, 0.0).sum(axis=-1), there.sum(axis=-1).astype(np.float64))
    return found
