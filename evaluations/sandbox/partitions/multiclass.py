"""Performance and fairness of a classification into several classes: rows by group, label and answer; of a model that
gives probabilities also its log loss and the probability of each class by label."""

import numpy as np

from evaluations.metrics import counted_classes as measures
from evaluations.metrics.fairness import GroupCells
from evaluations.metrics.fairness import multiclass as fair
from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.statistics import Sums
from evaluations.metrics.values import FEW_ROWS, CannotMeasure, Ints, Measured
from evaluations.sandbox.job import Job
from evaluations.sandbox.partitions.binary import CELLS, settings_of
from evaluations.sandbox.partitions.columns import tallied
from evaluations.sandbox.partitions.counted import Counted, Part
from evaluations.sandbox.partitions.reading import Rows

LOSSES, CHANCE = "losses", "chance of "
MOST_LABELS = 500
"""Beyond, a column of labels holds no classes."""


def add(found: Counted, rows: Rows, job: Job) -> None:
    """Count these rows."""
    answers = rows.answers
    assert answers.decided is not None
    refuse_many(job, [level for level in rows.label.levels if level is not None])
    found.add(Part(CELLS), tallied([*rows.groups, rows.label, answers.decided]))
    if answers.chances is None or job.kind != "performance":
        return
    actual = places_of(found, rows)
    found.add(Part(LOSSES), Sums.of(measures.losses_of(actual, answers.chances)))
    for place, label in enumerate(found.facts["classes"]):
        chance = np.clip(answers.chances[:, place], 0.0, 1.0)
        found.add(Part(f"{CHANCE}{label}"), ScoreHistogram.count(actual == place, chance))


def performance(job: Job, found: Counted) -> Measured:
    """Every metric that follows from the counts."""
    return measures.performance(
        cells_of(job, found),
        found.get(LOSSES),
        found.under(CHANCE),
        seed=job.seed,
        min_n=int(job.config.get("min_n", FEW_ROWS)),
    )


def fairness(job: Job, found: Counted) -> Measured:
    """Every figure that follows from the cells."""
    cells = cells_of(job, found)
    if len(cells.classes) > fair.MOST_CLASSES:
        raise fair.too_many_classes(len(cells.classes))
    return fair.of_counts(cells, settings_of(job, found))


def cells_of(job: Job, found: Counted, what: str = CELLS) -> GroupCells:
    """Rows by group, label and answer; the classes are the model's, or those that occur."""
    counts = found.tally(what)
    classes = found.facts.get("classes") or sorted({str(name) for key in counts for name in key[-2:]})
    refuse_many(job, classes)
    columns = found.columns if what == CELLS else ()
    return GroupCells.from_mapping(columns, counts, classes)


def refuse_many(job: Job, labels: list[str]) -> None:
    """Raise CannotMeasure where the labels are no classes."""
    if len(labels) > MOST_LABELS:
        raise CannotMeasure(
            f"Column {job.label} has {len(labels):,} different labels or more; at most {MOST_LABELS} classes are "
            "counted."
        )


def places_of(found: Counted, rows: Rows) -> Ints:
    """The place of each row's label among the model's classes, shape (n,)."""
    place = {label: index for index, label in enumerate(found.facts["classes"])}
    codes = np.array([place.get(str(level), -1) for level in rows.label.levels], dtype=np.int64)
    return np.asarray(codes[rows.label.place])
