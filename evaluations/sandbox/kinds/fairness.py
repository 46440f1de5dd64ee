"""How alike groups are treated."""

from dataclasses import replace
from typing import Any

import numpy as np

from evaluations.metrics.fairness import Settings, fairness, multiclass, regression
from evaluations.metrics.fairness.consistency import consistency
from evaluations.metrics.fairness.optimizer import optimized
from evaluations.metrics.groups import coded
from evaluations.metrics.values import FEW_ROWS, Floats, Measured
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job

NEEDS_FEATURES = (
    "Consistency is not measured: only the predictions are known, not which columns they rest on."
)


MODEL_KINDS = ("binary_classification", "multiclass_classification", "regression")


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    if job.model_kind not in MODEL_KINDS:
        raise CannotEvaluate("Fairness is measured for classification and regression only.")
    if not job.sensitive:
        raise CannotEvaluate("The data set names no sensitive column, so there are no groups to compare.")


def measure(given: Given) -> Measured:
    """Groups of the sensitive columns."""
    job = given.job
    given.check_label()
    settings = Settings(int(job.config.get("min_n", FEW_ROWS)), job.reference_groups, job.seed)
    sensitive = {name: given.rows[name] for name in job.sensitive}
    if job.model_kind == "regression":
        actual, predicted = given.regression()
        given.measuring("Comparing groups")
        found = regression.fairness(actual, predicted, sensitive, settings)
        return with_consistency(found, given, _scaled(predicted))
    if job.model_kind == "multiclass_classification":
        classes = given.multiclass()
        given.measuring("Comparing groups")
        return multiclass.fairness(classes, sensitive, settings)
    data, note = given.binary()
    given.measuring("Comparing groups")
    found = with_consistency(fairness(data, sensitive, settings), given, data.predicted.astype(np.float64))
    given.teller.progress(0.7, "Trying other thresholds")
    columns = {name: coded(name, values) for name, values in sensitive.items()}
    tried, table, notes = optimized(data, columns, settings)
    what_if = {**found.curves.get("what_if", {}), "optimizer": tried}
    tables = [*found.tables, *([table] if table.rows else [])]
    return replace(found, curves={**found.curves, "what_if": what_if}, tables=tables).noted(
        conventions={"positive": note}, notes=notes
    )


def with_consistency(found: Measured, given: Given, predicted: Floats) -> Measured:
    """The same with how alike similar rows are judged; where the features are not known, a note."""
    job = given.job
    if job.model_path is None and job.features is None:
        return found.noted(notes=[NEEDS_FEATURES])
    features = given.features() if job.features is None else given.rows[_there(given, job.features)]
    similar = features[[name for name in features.columns if name not in job.sensitive]]
    value, said = consistency(similar, predicted, seed=job.seed, max_rows=job.config.get("max_rows"))
    return replace(found, overall={**found.overall, "consistency": value}).noted(
        conventions={"consistency": said}
    )


def _there(given: Given, names: tuple[str, ...]) -> list[Any]:
    """Of a vendor's model the data set need not hold every feature."""
    return [name for name in names if name in given.rows.columns]


def _scaled(predicted: Floats) -> Floats:
    """Predictions on a scale from 0 to 1, as consistency takes them."""
    low, high = float(predicted.min()), float(predicted.max())
    return (predicted - low) / (high - low) if high > low else np.zeros(len(predicted))
