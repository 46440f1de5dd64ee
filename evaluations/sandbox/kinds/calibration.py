"""Whether predicted probabilities happen."""

from typing import Any

from evaluations.metrics import calibration
from evaluations.metrics.values import FEW_ROWS, Measured
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    if job.model_kind not in ("binary_classification", "multiclass_classification"):
        raise CannotEvaluate("Calibration is measured of classifications into two or more classes only.")


def measure(given: Given) -> Measured:
    """Of the positive class, or of several classes."""
    job = given.job
    sampled = given.sample()
    given.check_label()
    settings: dict[str, Any] = {
        "seed": job.seed,
        "bins": int(job.config.get("bins", calibration.BINS)),
        "by": str(job.config.get("binning", "width")),
        "min_n": int(job.config.get("min_n", FEW_ROWS)),
    }
    if job.model_kind == "multiclass_classification":
        classes = given.multiclass()
        if classes.probabilities is None:
            raise CannotEvaluate("The model gives no probabilities, so there is nothing to calibrate.")
        given.measuring("Measuring calibration")
        found = calibration.several(
            tuple(classes.labels),
            classes.actual,
            classes.probabilities,
            given.slices(),
            weights=given.weights(),
            **settings,
        )
    else:
        data, note = given.binary()
        if data.score is None or not data.probability:
            raise CannotEvaluate("There are no probabilities from 0 to 1, so there is nothing to calibrate.")
        given.measuring("Measuring calibration")
        said = calibration.Forecasts(data.actual, data.score, given.weights())
        found = calibration.calibration(said, given.slices(), **settings)
        found = found.noted(conventions={"positive": note})
    return found.noted(notes=[sampled]) if sampled else found
