"""Performance and fairness of a binary classification: rows by group, label and answer, and the scores by label."""

from collections.abc import Mapping

from evaluations.metrics import counted as measures
from evaluations.metrics.fairness import GroupCells, Settings
from evaluations.metrics.fairness.measured import of_counts
from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.values import FEW_ROWS, Measured
from evaluations.sandbox import predictions
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.partitions.columns import tallied
from evaluations.sandbox.partitions.counted import Counted, Key, Part
from evaluations.sandbox.partitions.reading import DECIDED, Rows
from evaluations.sandbox.table import listed

CELLS, SCORES = "cells", "scores"


def add(found: Counted, rows: Rows, job: Job) -> None:
    """Count these rows."""
    answers = rows.answers
    if answers.decided is not None:
        found.add(Part(CELLS), tallied([*rows.groups, rows.label, answers.decided]))
    if answers.score is not None:
        positive = rows.label.is_one(job.positive)
        found.add(Part(SCORES), ScoreHistogram.count(positive, answers.score, span=answers.span))


def performance(job: Job, found: Counted) -> Measured:
    """Every metric that follows from the counts."""
    cells, note = cells_of(job, found)
    scores = found.get(SCORES)
    decided = job.config.get("threshold")
    if decided is None and job.prediction is None and job.model_path is None:
        decided = predictions.DEFAULT_THRESHOLD
    measured = measures.performance(
        cells,
        scores,
        probability=scores is not None and scores.span == (0.0, 1.0),
        threshold=decided,
        seed=job.seed,
    )
    return measured.noted(conventions={"positive": note})


def fairness(job: Job, found: Counted) -> Measured:
    """Every figure that follows from the cells."""
    cells, note = cells_of(job, found)
    return of_counts(cells, settings_of(job, found)).noted(conventions={"positive": note})


def settings_of(job: Job, found: Counted) -> Settings:
    """What the job says of groups."""
    banded = tuple(name for name in found.columns if name in found.banded)
    return Settings(int(job.config.get("min_n", FEW_ROWS)), dict(job.reference_groups), job.seed, banded)


def cells_of(job: Job, found: Counted, what: str = CELLS) -> tuple[GroupCells, str]:
    """Rows by group, whether the label and whether the answer is the positive one; and that in words."""
    counts = found.tally(what)
    labels, answers = ({str(key[place]) for key in counts} for place in (-2, -1))
    positive, note = positive_of(job, labels, answers)
    columns = found.columns if what == CELLS else ()
    return GroupCells.from_mapping(columns, _summed(counts, job.positive or "", positive)), note


def positive_of(job: Job, labels: set[str], answers: set[str]) -> tuple[str, str]:
    """How the predictions write the positive label, and what that is in words."""
    refuse_labels(job, labels)
    note = f"Positive is {job.label} = {job.positive}"
    if job.model_path is not None or job.prediction is None or job.config.get("threshold") is not None:
        return str(DECIDED[1]), f"{note}."
    positive = predictions.positive_prediction(job, answers, labels)
    return (
        positive,
        f"{note}." if positive == job.positive else f"{note}, which the predictions call {positive}.",
    )


def refuse_labels(job: Job, labels: set[str]) -> None:
    """Raise CannotEvaluate unless there are two labels and one is the positive one."""
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


def _summed(counts: Mapping[Key, int], label: str, answer: str) -> dict[tuple[object, ...], int]:
    """Cells by whether label and prediction are positive."""
    found: dict[tuple[object, ...], int] = {}
    for key, rows in counts.items():
        cell = (*key[:-2], key[-2] == label, key[-1] == answer)
        found[cell] = found.get(cell, 0) + rows
    return found
