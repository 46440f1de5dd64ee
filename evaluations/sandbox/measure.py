"""The measurement itself, in the child: read, load, predict, measure. Libraries are imported when they are
needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evaluations.metrics import binary, multiclass, regression
from evaluations.metrics.groups import grouped
from evaluations.metrics.values import FEW_ROWS, Bools, CannotMeasure, Measured
from evaluations.sandbox import predictions
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.loading import load_model
from evaluations.sandbox.table import (
    Table,
    listed,
    numbers,
    read_table,
    sensitive_columns,
    texts,
    truth,
)

if TYPE_CHECKING:
    from evaluations.sandbox.child import Teller


def measure(job: Job, teller: "Teller") -> Measured:
    """What the job asks for."""
    if job.kind == "explainability" and job.model_path is None:
        raise CannotEvaluate("Without the model itself its predictions cannot be explained.")
    if job.kind == "fairness" and job.model_kind != "binary_classification":
        raise CannotEvaluate("Fairness is measured for binary classification only.")
    teller.enter("reading", 0.05, "Reading the data")
    table = read_table(job)
    _check_label(job, table.rows)
    model = _model(job, teller)
    teller.enter("predicting", 0.3, "Predicting")
    try:
        found = _MEASURES[job.kind](job, table.rows, model, teller)
    except CannotMeasure as refusal:
        raise CannotEvaluate(str(refusal)) from refusal
    teller.enter("writing", 0.98, "Writing the result")
    return _with_rows_left_out(found, table)


def _check_label(job: Job, rows: pd.DataFrame) -> None:
    """Before the model is loaded, which takes a second: a label that cannot be measured against."""
    if job.model_kind == "binary_classification":
        truth(job, rows)
    elif job.model_kind == "regression":
        numbers(rows[job.label], "The label column")


def _model(job: Job, teller: "Teller") -> Any:
    if job.model_path is None:
        return None
    teller.enter("loading", 0.15, "Loading the model")
    loaded = load_model(Path(job.model_path))
    teller.facts["format"] = loaded.format
    return loaded.model


def _performance(job: Job, rows: pd.DataFrame, model: Any, teller: "Teller") -> Measured:
    if job.model_kind == "binary_classification":
        data, note = _binary(job, rows, model)
        _measuring(teller, "Measuring performance")
        found = binary.performance(data, _slices(job, rows), seed=job.seed)
        return _noted(found, note)
    if job.model_kind == "multiclass_classification":
        classes = _multiclass(job, rows, model)
        _measuring(teller, "Measuring performance")
        return multiclass.performance(classes, _slices(job, rows), seed=job.seed)
    actual = numbers(rows[job.label], "The label column")
    column = predictions.prediction_column(job, rows) if model is None else _predicted(job, rows, model)
    predicted = numbers(pd.Series(column, name=job.prediction or "predict"), "The prediction")
    _measuring(teller, "Measuring performance")
    return regression.performance(actual, predicted, _slices(job, rows), seed=job.seed)


def _fairness(job: Job, rows: pd.DataFrame, model: Any, teller: "Teller") -> Measured:
    if not job.sensitive:
        raise CannotEvaluate("The data set names no sensitive column, so there are no groups to compare.")
    data, note = _binary(job, rows, model)
    _measuring(teller, "Comparing groups")
    from evaluations.metrics.fairness import fairness  # fairlearn takes a second to import

    found = fairness(data, sensitive_columns(job, rows), min_n=int(job.config.get("min_n", FEW_ROWS)))
    return _noted(found, note)


def _explainability(job: Job, rows: pd.DataFrame, model: Any, teller: "Teller") -> Measured:
    features = predictions.features_of(job, rows, model)
    from evaluations.metrics.explain import explain  # shap takes two seconds to import
    from evaluations.metrics.explainers import Target

    target = Target()
    if job.model_kind == "binary_classification":
        target = Target(positive=predictions.positive_class(job, model, features)[0])
    elif job.model_kind == "multiclass_classification":
        known = predictions.classes_of(model, features)
        target = Target(predicted=_places(texts(model.predict(features)), known))
    _measuring(teller, "Explaining")
    limit = job.config.get("max_rows")
    return explain(
        model,
        features,
        target,
        seed=job.seed,
        max_rows=None if limit is None else int(limit),
        progress=lambda share: teller.progress(0.4 + 0.55 * share, "Explaining"),
    )


_MEASURES = {"performance": _performance, "fairness": _fairness, "explainability": _explainability}


def _measuring(teller: "Teller", step: str) -> None:
    teller.enter("measuring", 0.4, step)


def _binary(job: Job, rows: pd.DataFrame, model: Any) -> tuple[binary.Binary, str]:
    actual = truth(job, rows)
    if model is None:
        said = predictions.by_columns(job, rows)
    else:
        said = predictions.by_model(job, model, predictions.features_of(job, rows, model))
    return binary.Binary(actual, said.predicted, said.score, said.probability, said.threshold), said.note


def _multiclass(job: Job, rows: pd.DataFrame, model: Any) -> multiclass.Multiclass:
    actual = texts(rows[job.label])
    if model is None:
        predicted = predictions.prediction_column(job, rows)
        labels = sorted(set(actual) | set(predicted))
        return multiclass.Multiclass(labels, _places(actual, labels), _places(predicted, labels))
    features = predictions.features_of(job, rows, model)
    labels = predictions.classes_of(model, features)
    unknown = sorted(set(actual) - set(labels))
    if unknown:
        raise CannotEvaluate(
            f"Column {job.label} holds labels that the model does not know: {listed(unknown)}. "
            f"Its classes are {listed(labels) or 'none'}."
        )
    chances = model.predict_proba(features) if hasattr(model, "predict_proba") else None
    return multiclass.Multiclass(
        labels,
        _places(actual, labels),
        _places(texts(model.predict(features)), labels),
        None if chances is None else np.asarray(chances, dtype=np.float64),
    )


def _predicted(job: Job, rows: pd.DataFrame, model: Any) -> Any:
    return np.asarray(model.predict(predictions.features_of(job, rows, model))).reshape(-1)


def _places(found: Any, labels: list[str]) -> Any:
    place = {label: index for index, label in enumerate(labels)}
    return np.array([place[label] for label in found], dtype=np.int64)


def _slices(job: Job, rows: pd.DataFrame) -> dict[str, dict[str, Bools]]:
    return {name: grouped(name, values)[0] for name, values in sensitive_columns(job, rows).items()}


def _noted(found: Measured, note: str) -> Measured:
    return Measured(
        found.overall, {**found.conventions, "positive": note}, found.groups, found.curves, found.explanations
    )


def _with_rows_left_out(found: Measured, table: Table) -> Measured:
    if not table.left_out:
        return found
    said = f"Left out for want of a label: {table.left_out:,} of {table.left_out + len(table.rows):,} rows."
    return Measured(
        found.overall, {**found.conventions, "rows": said}, found.groups, found.curves, found.explanations
    )
