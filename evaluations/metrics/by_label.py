"""One label, or one class, against the rest: precision, recall, F1 and AUC of each, for a table."""

from typing import Any

import numpy as np

from evaluations.metrics.closed_form import wilson
from evaluations.metrics.intervals import delong
from evaluations.metrics.values import Bools, Column, Floats

COLUMNS = (
    Column("Precision", "share"),
    Column("95% interval", "interval"),
    Column("Recall", "share"),
    Column("95% interval", "interval"),
    Column("F1", "number"),
    Column("AUC", "number"),
    Column("95% interval", "interval"),
)


def cells(actual: Bools, predicted: Bools, probability: Floats | None) -> list[Any]:
    """The cells under `COLUMNS`; arrays of shape (n,). Every row counts once."""
    auc, *ends = (None, None, None) if probability is None else delong(actual, probability)
    table = np.bincount(actual * 2 + predicted, minlength=4).reshape(2, 2)
    return of_counts(table, auc, None if ends[0] is None else tuple(ends))


def of_counts(table: Any, auc: float | None, ends: tuple[float | None, ...] | None = None) -> list[Any]:
    """The same of counts of label × prediction, shape (2, 2), and an AUC with its interval, where known."""
    hits, found, said = int(table[1, 1]), int(table[1].sum()), int(table[:, 1].sum())
    return [
        hits / said if said else None,
        wilson(hits, said) if said else None,
        hits / found if found else None,
        wilson(hits, found) if found else None,
        2 * hits / (found + said) if found + said else None,
        auc,
        ends,
    ]
