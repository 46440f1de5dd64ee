"""Measuring from counts, for data sets with more rows than are held in memory: count the partitions, then judge."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from evaluations.metrics import counted as measures
from evaluations.metrics.fairness import GroupCells, Settings
from evaluations.metrics.fairness.measured import of_counts
from evaluations.metrics.values import FEW_ROWS, Measured
from evaluations.sandbox import predictions
from evaluations.sandbox.counting import DECIDED, Counted, count, partitions
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.table import listed

if TYPE_CHECKING:
    from evaluations.sandbox.child import Teller

KINDS = ("performance", "fairness")


def measure(job: Job, teller: "Teller") -> Measured | Counted:
    """Counts where only some partitions are asked for; else what follows from all of them."""
    if job.kind not in KINDS or job.model_kind != "binary_classification":
        raise CannotEvaluate(f"{job.kind.capitalize()} cannot be measured a partition at a time.")
    teller.enter("reading", 0.02, "Counting")
    if job.counted_path is None:
        found = count(job, teller)
    else:
        found = Counted.from_json(json.loads(Path(job.counted_path).read_text(encoding="utf-8")))
    if job.parts is not None:
        return found
    teller.enter("measuring", 0.96, "Measuring")
    if found.format:
        teller.facts["format"] = found.format
    return _judged(job, found)


def _judged(job: Job, found: Counted) -> Measured:
    groups = found.groups()
    labels, answers = ({str(key[place]) for key in groups} for place in (-2, -1))
    positive, note = _positive(job, labels, answers)
    cells = GroupCells.from_mapping(
        found.columns,
        _summed(groups, job.positive or "", positive),
    )
    probability = found.scores is not None and found.scores.span == (0.0, 1.0)
    decided = job.config.get("threshold")
    if decided is None and job.prediction is None and job.model_path is None:
        decided = predictions.DEFAULT_THRESHOLD
    if job.kind == "fairness":
        measured = _fairness(job, cells, found)
    else:
        measured = measures.performance(
            cells, found.scores, probability=probability, threshold=decided, seed=job.seed
        )
    rows = int(cells.counts.sum())
    said = f"Counted by reading {partitions(job):,} partitions one after another; all {rows:,} rows are in the figures."
    notes = [said, *job.notes]
    if found.left_out:
        notes.append(f"Left out for want of a label: {found.left_out:,} of {found.left_out + rows:,} rows.")
    return measured.noted(
        conventions={"positive": note, "rows": " ".join([said, *notes[1 + len(job.notes) :]])}, notes=notes
    )


def _summed(
    groups: "dict[tuple[str | None, ...], int]", label: str, answer: str
) -> "dict[tuple[object, ...], int]":
    """Cells by whether label and prediction are positive."""
    found: dict[tuple[object, ...], int] = {}
    for key, rows in groups.items():
        cell = (*key[:-2], key[-2] == label, key[-1] == answer)
        found[cell] = found.get(cell, 0) + rows
    return found


def _positive(job: Job, labels: set[str], answers: set[str]) -> tuple[str, str]:
    """How the predictions write the positive label, and what that is in words."""
    if job.positive is None:
        raise CannotEvaluate("The data set does not say which label is the positive one.")
    if job.positive not in labels:
        raise CannotEvaluate(
            f"No row has the positive label {job.positive} in column {job.label}. The labels there are "
            f"{listed(sorted(labels))}."
        )
    if len(labels) > 2:
        raise CannotEvaluate(
            f"Column {job.label} has {len(labels)} different labels ({listed(sorted(labels))}); binary classification "
            "has two."
        )
    note = f"Positive is {job.label} = {job.positive}"
    if job.model_path is not None or job.prediction is None or job.config.get("threshold") is not None:
        return DECIDED[1], f"{note}."
    positive = predictions.positive_prediction(job, answers, labels)
    return (
        positive,
        f"{note}." if positive == job.positive else f"{note}, which the predictions call {positive}.",
    )


def _fairness(job: Job, cells: GroupCells, found: Counted) -> Measured:
    banded = tuple(name for name in found.columns if name in found.banded)
    settings = Settings(int(job.config.get("min_n", FEW_ROWS)), dict(job.reference_groups), job.seed, banded)
    return of_counts(cells, settings)
