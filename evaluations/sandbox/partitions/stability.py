"""Stability: columns, label, score and losses of the data set and of its reference, counted alike and compared."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from evaluations.metrics.counted_classes import losses_of
from evaluations.metrics.fairness import GroupCells
from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.number_histogram import NumberHistogram
from evaluations.metrics.stability import counted as measures
from evaluations.metrics.stability import gaps
from evaluations.metrics.stability.report import PSI_LIMIT
from evaluations.metrics.statistics import Sums
from evaluations.metrics.values import Floats, Measured
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.partitions import binary, multiclass
from evaluations.sandbox.partitions.columns import distribution, tallied
from evaluations.sandbox.partitions.counted import Counted, Part
from evaluations.sandbox.partitions.reading import Reader, Rows
from evaluations.sandbox.reference import of_reference
from evaluations.sandbox.table import listed

HERE, THERE = "here: ", "reference: "
SEEDS = (
    "How much another seed would change the model is not measured: a stored artifact cannot be fitted again. "
    "Register a version fitted with another seed and compare with it."
)
MEANS = {"binary_classification": ("brier", "log_loss"), "multiclass_classification": ("log_loss",)}
OF_REGRESSION = ("error", "label", "label_squares", "mae")


def reference_job(job: Job) -> Job:
    """The same job of the reference's rows."""
    return replace(job, data_path=str(job.reference_path))


def is_answered(job: Job, columns: list[str]) -> bool:
    """Whether the reference holds predictions, or there is a model to make them."""
    return job.model_path is not None or bool({job.prediction, job.score} & set(columns))


def compared(job: Job, here: Reader, there: Reader) -> list[str]:
    """The columns of both sides that are compared: the model's features; without a model all that are no output."""
    if job.model_path is None:
        outputs = {job.label, job.prediction, job.score}
        names = [
            name for name in here.schema.names if name not in outputs and name in set(there.schema.names)
        ]
    else:
        names = here.features()
        there.share_model(here)
        if missing := [name for name in names if name not in there.schema.names]:
            said = f"The data set lacks feature columns that the model needs: {listed(missing)}."
            raise of_reference(CannotEvaluate(said))
    if not names:
        raise CannotEvaluate(
            "The data set and its reference have no column in common that could be compared. The reference's columns "
            f"are {listed(there.schema.names)}."
        )
    return names


def add(found: Counted, rows: Rows, job: Job, side: str, columns: list[str]) -> None:
    """Count these rows of a side."""
    for name in columns:
        found.add(Part(f"{side}column {name}"), distribution(rows.batch.column(name)))
    answers = rows.answers
    if job.model_kind == "regression":
        found.add(Part(f"{side}label"), distribution(rows.batch.column(job.label)))
    else:
        found.add(Part(f"{side}label"), measures.Categories.of(rows.label.rows()))
    if answers.number is not None:
        found.add(Part(f"{side}score"), NumberHistogram.count(answers.number))
        found.add(Part(f"{side}losses"), Sums.of(_of_regression(rows)))
    if answers.decided is not None:
        _add_classes(found, rows, job, side)


def _add_classes(found: Counted, rows: Rows, job: Job, side: str) -> None:
    answers = rows.answers
    assert answers.decided is not None
    found.add(Part(f"{side}cells"), tallied([rows.label, answers.decided]))
    if answers.chances is not None:
        actual = multiclass.places_of(found, rows)
        found.add(Part(f"{side}losses"), Sums.of(losses_of(actual, answers.chances)[:, -1:]))
    if answers.score is not None:
        positive = rows.label.is_one(job.positive)
        found.add(Part(f"{side}score"), NumberHistogram.count(answers.score))
        found.add(Part(f"{side}scores"), ScoreHistogram.count(positive, answers.score, span=answers.span))
        if answers.probability:
            loss = gaps.of_binary(positive, positive, answers.score, True).loss or {}
            values = np.column_stack([loss[name] for name in MEANS[job.model_kind]])
            found.add(Part(f"{side}losses"), Sums.of(values))


def stability(job: Job, found: Counted) -> Measured:
    """Both sides compared; where the reference holds no predictions, only what does without."""
    there = _side(job, found, THERE)
    measured = measures.stability(
        there,
        _side(job, found, HERE),
        seed=job.seed,
        limit=float(job.config.get("psi_limit", PSI_LIMIT)),
    )
    unknown = "The reference holds no predictions, so performance is not compared with it."
    return measured.noted(notes=[*([] if there.score else [unknown]), SEEDS])


def _side(job: Job, found: Counted, side: str) -> measures.Side:
    held = found.under(side)
    columns = {
        name.removeprefix("column "): kept for name, kept in held.items() if name.startswith("column ")
    }
    if "label" not in held:
        refusal = CannotEvaluate(f"The data set has no row with a label in column {job.label}.")
        raise of_reference(refusal) if side == THERE else refusal
    only = measures.Side(columns, held["label"], held.get("score"))
    losses = held.get("losses")
    if "cells" not in held:
        return only if losses is None else replace(only, n=losses.n, losses=(OF_REGRESSION, losses))
    try:
        cells = _cells(job, found, f"{side}cells")
    except CannotEvaluate as refusal:
        raise (of_reference(refusal) if side == THERE else refusal) from refusal
    table = cells.over(()).counts[0]
    return replace(
        only,
        score=only.score or measures.Categories(_decided(job, cells, table)),
        n=int(table.sum()),
        right=int(np.trace(table)),
        scores=held.get("scores"),
        losses=None if losses is None else (MEANS[job.model_kind], losses),
    )


def _cells(job: Job, found: Counted, what: str) -> GroupCells:
    if job.model_kind == "binary_classification":
        return binary.cells_of(job, found, what)[0]
    return multiclass.cells_of(job, found, what)


def _decided(job: Job, cells: GroupCells, table: Any) -> Counter[str | None]:
    names = ("other", "positive") if job.model_kind == "binary_classification" else cells.classes
    return Counter({name: int(rows) for name, rows in zip(names, table.sum(axis=0), strict=True) if rows})


def _of_regression(rows: Rows) -> Floats:
    """What RMSE, R² and mean absolute error are made of, shape (n, 4)."""
    actual, said = rows.answers.actual, rows.answers.number
    assert actual is not None and said is not None
    level = actual - rows.centre
    return np.column_stack([(said - actual) ** 2, level, level**2, np.abs(said - actual)])
