"""Performance of a regression: sums over rows, of all and of each group, and a histogram of the errors."""

from typing import Any

from evaluations.metrics import counted_regression as measures
from evaluations.metrics.number_histogram import NumberHistogram
from evaluations.metrics.statistics import Sums
from evaluations.metrics.values import FEW_ROWS, Measured
from evaluations.sandbox.job import Job
from evaluations.sandbox.partitions.counted import Counted, Part
from evaluations.sandbox.partitions.reading import Rows

SUMS, ERRORS = "sums", "errors"


def add(found: Counted, rows: Rows, job: Job) -> None:
    """Add up these rows."""
    actual, predicted = rows.answers.actual, rows.answers.number
    assert actual is not None and predicted is not None
    values = measures.values_of(actual, predicted, rows.centre, _quantile(job))
    found.add(Part(SUMS), Sums.of(values))
    found.add(Part(ERRORS), NumberHistogram.count(predicted - actual))
    for column, level, chosen in rows.slices(found.columns):
        found.add(Part(SUMS, column, level), Sums.of(values[chosen, : measures.WIDTH]))


def performance(job: Job, found: Counted) -> Measured:
    """Every metric that follows from the sums."""
    return measures.performance(
        found.get(SUMS),
        found.get(ERRORS),
        found.slices(SUMS),
        seed=job.seed,
        quantile=_quantile(job),
        min_n=int(job.config.get("min_n", FEW_ROWS)),
    )


def _quantile(job: Job) -> float | None:
    asked: Any = job.config.get("quantile")
    return None if asked is None else float(asked)
