"""Calibration of classifications: sums by bin of the probability and histograms of its log-odds, of all rows and of
each group."""

import numpy as np

from evaluations.metrics import counted_calibration as measures
from evaluations.metrics.calibration import BINS
from evaluations.metrics.counted_calibration import Forecast
from evaluations.metrics.values import FEW_ROWS, Bools, Floats, Measured
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.partitions.binary import CELLS, positive_of
from evaluations.sandbox.partitions.columns import tallied
from evaluations.sandbox.partitions.counted import Counted, Part
from evaluations.sandbox.partitions.multiclass import CHANCE, places_of
from evaluations.sandbox.partitions.reading import Rows

FORECAST = "forecast"
NONE = "There are no probabilities from 0 to 1, so there is nothing to calibrate."


def add(found: Counted, rows: Rows, job: Job) -> None:
    """Count these rows' probability of the positive class."""
    answers = rows.answers
    if answers.score is None or not answers.probability:
        raise CannotEvaluate(NONE)
    if answers.score.min() < 0 or answers.score.max() > 1:
        raise CannotEvaluate(NONE)
    if answers.decided is not None:
        found.add(Part(CELLS), tallied([*rows.groups, rows.label, answers.decided]))
    _add(found, rows, job, rows.label.is_one(job.positive), answers.score)


def add_classes(found: Counted, rows: Rows, job: Job) -> None:
    """Count the probability of the class named first, and of every class."""
    chances = rows.answers.chances
    if chances is None:
        raise CannotEvaluate("The model gives no probabilities, so there is nothing to calibrate.")
    actual, top = places_of(found, rows), np.argmax(chances, axis=1)
    _add(found, rows, job, top == actual, chances[np.arange(len(top)), top])
    for place, label in enumerate(found.facts["classes"]):
        found.add(Part(f"{CHANCE}{label}"), Forecast.count(actual == place, chances[:, place], _bins(job)))


def of_binary(job: Job, found: Counted) -> Measured:
    """Calibration of the positive class."""
    counts = found.tally()
    labels, answers = ({str(key[place]) for key in counts} for place in (-2, -1))
    _, note = positive_of(job, labels, answers)
    measured = measures.calibration(
        found.get(FORECAST), found.slices(FORECAST), seed=job.seed, bins=_bins(job), min_n=_least(job)
    )
    return measured.noted(conventions={"positive": note})


def of_classes(job: Job, found: Counted) -> Measured:
    """Calibration of several classes."""
    return measures.several(
        found.get(FORECAST),
        found.under(CHANCE),
        found.slices(FORECAST),
        seed=job.seed,
        bins=_bins(job),
        min_n=_least(job),
    )


def _add(found: Counted, rows: Rows, job: Job, actual: Bools, probability: Floats) -> None:
    found.add(Part(FORECAST), Forecast.count(actual, probability, _bins(job)))
    for column, level, chosen in rows.slices(found.columns):
        found.add(
            Part(FORECAST, column, level), Forecast.count(actual[chosen], probability[chosen], _bins(job))
        )


def _bins(job: Job) -> int:
    return int(job.config.get("bins", BINS))


def _least(job: Job) -> int:
    return int(job.config.get("min_n", FEW_ROWS))
