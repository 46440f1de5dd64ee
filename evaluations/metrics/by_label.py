"""One label, or one class, against the rest: precision, recall, F1 and AUC of each, for a table."""

from typing import Any

from evaluations.metrics.intervals import delong, wilson
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
    hits, found, said = int((actual & predicted).sum()), int(actual.sum()), int(predicted.sum())
    auc, *ends = (None, None, None) if probability is None else delong(actual, probability)
    return [
        hits / said if said else None,
        wilson(hits, said) if said else None,
        hits / found if found else None,
        wilson(hits, found) if found else None,
        2 * hits / (found + said) if found + said else None,
        auc,
        None if ends[0] is None else tuple(ends),
    ]
