"""How well a classifier of several classes performs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.metrics import bootstrap
from evaluations.metrics.binary import WILSON, rate
from evaluations.metrics.values import Bools, Estimate, Floats, Ints, Measured, slice_of

MOST_DRAWN_CLASSES = 20
CONVENTIONS = {
    "accuracy": WILSON,
    "balanced_accuracy": "Mean recall over the classes that occur.",
    "macro_f1": "Mean F1 over the classes that occur or are predicted.",
    "log_loss": "Mean negative log-likelihood of the true class, natural logarithm.",
}


@dataclass(frozen=True, slots=True)
class Multiclass:
    """Rows as indices into `labels`, shape (n,); probabilities, where known, of shape (n, classes)."""

    labels: Sequence[str]
    actual: Ints
    predicted: Ints
    probabilities: Floats | None = None


def performance(data: Multiclass, slices: Mapping[str, Mapping[str, Bools]], *, seed: int) -> Measured:
    """Accuracy, balanced accuracy, macro F1 and log loss; accuracy again for each slice."""
    n, classes = len(data.actual), len(data.labels)
    cell = data.actual * classes + data.predicted
    loss = _losses(data)

    def measure(weights: Floats) -> dict[str, float]:
        counts: Floats = np.bincount(cell, weights, minlength=classes * classes).astype(np.float64)
        table = counts.reshape(classes, classes)
        found = {"balanced_accuracy": balanced_accuracy(table), "macro_f1": macro_f1(table)}
        if loss is not None:
            found["log_loss"] = float(weights @ loss / weights.sum())
        return found

    right = data.actual == data.predicted
    overall = {"accuracy": rate(int(right.sum()), n)}
    drawn = [measure(weights) for weights in bootstrap.resampled_weights(n, seed=seed)]
    for name, value in measure(np.ones(n)).items():
        low, high = bootstrap.bounds(value, np.array([found[name] for found in drawn]))
        most = np.inf if name == "log_loss" else 1.0
        overall[name] = Estimate(
            value, None if low is None else max(low, 0.0), None if high is None else min(high, most), n
        )
    said = {
        name: text if name == "accuracy" else f"{text} {bootstrap.convention(n)}"
        for name, text in CONVENTIONS.items()
        if name in overall
    }
    groups = [
        slice_of(column, value, int(rows.sum()), {"accuracy": rate(int(right[rows].sum()), int(rows.sum()))})
        for column, values in slices.items()
        for value, rows in values.items()
    ]
    return Measured(overall, said, groups, _confusion(data))


def balanced_accuracy(table: Floats) -> float:
    """Mean recall; `table` counts actual × predicted."""
    occur = table.sum(axis=1)
    return float(np.mean(np.diag(table)[occur > 0] / occur[occur > 0]))


def macro_f1(table: Floats) -> float:
    """Mean F1; `table` counts actual × predicted."""
    either = table.sum(axis=0) + table.sum(axis=1)
    return float(np.mean(2 * np.diag(table)[either > 0] / either[either > 0]))


def _losses(data: Multiclass) -> Floats | None:
    if data.probabilities is None:
        return None
    likelihood = data.probabilities[np.arange(len(data.actual)), data.actual]
    loss: Floats = -np.log(np.clip(likelihood, np.finfo(np.float64).eps, 1))
    return loss


def _confusion(data: Multiclass) -> dict[str, object]:
    classes = len(data.labels)
    if classes > MOST_DRAWN_CLASSES:
        return {}
    table = np.bincount(data.actual * classes + data.predicted, minlength=classes * classes)
    return {"confusion": {"labels": list(data.labels), "counts": table.reshape(classes, classes)}}
