"""How well the predictions agree with the truth."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from evaluations.metrics import binary, forecasting, multiclass, multilabel, ranking, regression
from evaluations.metrics.robustness.answers import ModelFailed
from evaluations.metrics.values import FEW_ROWS, Check, Measured
from evaluations.sandbox import outputs
from evaluations.sandbox.asking import attempted
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job

UNWEIGHTED = ("ranking", "forecasting")


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    if job.model_kind not in MEASURES:
        raise CannotEvaluate(f"Nothing measures the performance of {job.model_kind.replace('_', ' ')}.")
    if job.model_kind in UNWEIGHTED and job.config.get("weight"):
        raise CannotEvaluate(f"The rows of {job.model_kind} have no weights; leave the setting weight out.")


def measure(given: Given) -> Measured:
    """By the model's kind."""
    note = given.sample()
    given.check_label()
    found = MEASURES[given.job.model_kind](given)
    return found.noted(notes=[note]) if note else found


def _binary(given: Given) -> Measured:
    data, note = given.binary()
    data = replace(data, weights=given.weights())
    theirs, check = _against(given, lambda other: other.binary()[0])
    given.measuring("Measuring performance")
    found = binary.performance(
        data, given.slices(), seed=given.job.seed, beta=_beta(given), against=theirs, **_least(given)
    )
    return _checked(found, check).noted(conventions={"positive": note})


def _multiclass(given: Given) -> Measured:
    data = replace(given.multiclass(), weights=given.weights())
    theirs, check = _against(given, lambda other: other.multiclass())
    if theirs is not None and list(theirs.labels) != list(data.labels):
        theirs, check = None, _not_compared("it knows other classes.")
    given.measuring("Measuring performance")
    found = multiclass.performance(
        data, given.slices(), seed=given.job.seed, beta=_beta(given), against=theirs, **_least(given)
    )
    return _checked(found, check)


def _regression(given: Given) -> Measured:
    actual, predicted = given.regression()
    theirs, check = _against(given, lambda other: other.regression()[1])
    given.measuring("Measuring performance")
    quantile = given.job.config.get("quantile")
    found = regression.performance(
        actual,
        predicted,
        given.slices(),
        seed=given.job.seed,
        weights=given.weights(),
        quantile=None if quantile is None else float(quantile),
        against=theirs,
        **_least(given),
    )
    return _checked(found, check)


def _multilabel(given: Given) -> Measured:
    data = replace(outputs.multilabel(given), weights=given.weights())
    theirs, check = _against(given, outputs.multilabel)
    given.measuring("Measuring performance")
    found = multilabel.performance(
        data, given.slices(), seed=given.job.seed, beta=_beta(given), against=theirs, **_least(given)
    )
    return _checked(found, check)


def _ranking(given: Given) -> Measured:
    data = outputs.ranking(given)
    theirs, check = _against(given, lambda other: outputs.ranking(other).score)
    given.measuring("Measuring performance")
    found = ranking.performance(
        data.relevance,
        data.score,
        data.query,
        given.slices(),
        seed=given.job.seed,
        top=int(given.job.config.get("top", 10)),
        against=theirs,
        **_least(given),
    )
    return _checked(found, check)


def _forecasting(given: Given) -> Measured:
    data = outputs.forecasting(given)
    theirs, check = _against(given, lambda other: outputs.forecasting(other).series.predicted)
    slices = {
        column: {value: rows[data.order] for value, rows in values.items()}
        for column, values in given.slices().items()
    }
    given.measuring("Measuring performance")
    found = forecasting.performance(
        data.series,
        slices,
        seed=given.job.seed,
        quantile=float(given.job.config.get("quantile", 0.5)),
        against=theirs,
        **_least(given),
    )
    return _checked(found, check)


MEASURES: Mapping[str, Callable[[Given], Measured]] = {
    "binary_classification": _binary,
    "multiclass_classification": _multiclass,
    "multilabel_classification": _multilabel,
    "regression": _regression,
    "ranking": _ranking,
    "forecasting": _forecasting,
}


def _beta(given: Given) -> float:
    return float(given.job.config.get("beta", 1.0))


def _least(given: Given) -> dict[str, int]:
    return {"min_n": int(given.job.config.get("min_n", FEW_ROWS))}


def _against(given: Given, answer: Callable[[Given], Any]) -> tuple[Any, Check | None]:
    """What the other version answers, or why it cannot be compared with: that is no fault of this one."""
    if given.job.against_path is None:
        return None, None
    try:
        return attempted(lambda: answer(given.against) if given.against else None), None
    except ModelFailed as reason:
        return None, _not_compared(str(reason))


def _not_compared(reason: str) -> Check:
    said = f"The other version could not be compared with: {reason}"
    return Check("against", "Compared with the other version", None, said)


def _checked(found: Measured, check: Check | None) -> Measured:
    return found if check is None else replace(found, checks=(*found.checks, check))
