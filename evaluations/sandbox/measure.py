"""The measurement itself, in the child: read, load, predict, measure. Each kind is a module of `kinds`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from evaluations.metrics.values import CannotMeasure, Measured
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.table import read_table

if TYPE_CHECKING:
    from evaluations.sandbox.child import Teller

KINDS = (
    "performance",
    "calibration",
    "fairness",
    "explainability",
    "local_explanation",
    "robustness",
    "stability",
    "data_quality",
    "privacy",
    "security",
    "custom",
)
WITHOUT_LABEL = frozenset(["data_quality", "privacy", "custom"])
"""These take rows without a label, too, and data sets that have none."""


class Answered(Protocol):
    """What the child writes down."""

    def as_json(self) -> dict[str, Any]: ...


def measure(job: Job, teller: "Teller") -> Answered:
    """What the job asks for. Only the module of its kind is imported: libraries cost seconds and memory."""
    if job.kind not in KINDS:
        raise CannotEvaluate(f"There is no evaluation {job.kind}.")
    kind = import_module(f"evaluations.sandbox.kinds.{job.kind}")
    kind.refuse(job)
    found: Measured
    if job.kind == "security":  # looks at the files, not at rows
        found = kind.measure(Given(job, pd.DataFrame(), teller))
        return found.noted(notes=job.notes)
    if job.stream:
        return _streamed(job, teller)
    teller.enter("reading", 0.05, "Reading the data")
    table = read_table(job, labelled=job.kind not in WITHOUT_LABEL)
    given = Given(job, table.rows, teller)
    try:
        found = kind.measure(given)
    except CannotMeasure as refusal:
        raise CannotEvaluate(str(refusal)) from refusal
    teller.enter("writing", 0.98, "Writing the result")
    found = found.noted(notes=job.notes)
    if not table.left_out:
        return found
    said = f"Left out for want of a label: {table.left_out:,} of {table.left_out + len(table.rows):,} rows."
    return found.noted(conventions={"rows": said}, notes=[said])


def _streamed(job: Job, teller: "Teller") -> Answered:
    from evaluations.sandbox.partitions.measure import (
        measure,  # Parquet's own library, which no other way needs
    )

    try:
        return measure(job, teller)
    except CannotMeasure as refusal:
        raise CannotEvaluate(str(refusal)) from refusal
