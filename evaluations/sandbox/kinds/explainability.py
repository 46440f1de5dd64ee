"""What moves the outputs."""

import numpy as np
import pandas as pd

from evaluations.metrics.explain import explain
from evaluations.metrics.explain_output import Target
from evaluations.metrics.values import Floats, Ints, Measured
from evaluations.sandbox import predictions
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.table import listed, numbers, texts, truth


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    if job.model_path is None:
        raise CannotEvaluate("Without the model itself its predictions cannot be explained.")


def measure(given: Given) -> Measured:
    """Samples of the rows, looked at from several sides."""
    job = given.job
    given.check_label()
    model, features = given.model, given.features()
    target = target_of(given, features)
    actual = _actual(given, target)
    given.measuring("Explaining")
    limit = job.config.get("max_rows")
    return explain(
        model,
        features,
        target,
        seed=job.seed,
        max_rows=None if limit is None else int(limit),
        progress=lambda share: given.teller.progress(0.4 + 0.55 * share, "Explaining"),
        actual=actual,
        hidden=job.confidential,
    )


def target_of(given: Given, features: pd.DataFrame, scale: pd.DataFrame | None = None) -> Target:
    """What is explained: the positive class, each row's own class, or the number.

    `scale` are rows that show which classes there are, where `features` are too few for that.
    """
    job, model = given.job, given.model
    if job.model_kind == "regression":
        return Target()
    known = predictions.classes_of(model, features if scale is None else scale)
    if not known:
        raise CannotEvaluate("The model has no classes, so it is not a classifier as the version says.")
    if job.model_kind == "binary_classification":
        place = predictions.positive_class(job, model, features if scale is None else scale)[0]

        def decide(rows: pd.DataFrame) -> Ints:
            chosen = predictions.by_model(job, model, rows).predicted
            return np.where(chosen, place, 1 - place if len(known) == 2 else place)

        return Target(positive=place, labels=tuple(known), decide=decide)
    place_of = {label: place for place, label in enumerate(known)}

    def decide_class(rows: pd.DataFrame) -> Ints:
        return np.array([place_of[label] for label in texts(model.predict(rows))], dtype=np.int64)

    return Target(predicted=decide_class(features), labels=tuple(known), decide=decide_class)


def _actual(given: Given, target: Target) -> Floats:
    """The truth of each row: 0 and 1, the place of its class, or the number."""
    job, rows = given.job, given.rows
    if job.model_kind == "binary_classification":
        return truth(job, rows).astype(np.float64)
    if job.model_kind == "regression":
        return numbers(rows[job.label], "The label column")
    found = texts(rows[job.label])
    unknown = sorted(set(found) - set(target.labels))
    if unknown:
        raise CannotEvaluate(
            f"Column {job.label} holds labels that the model does not know: {listed(unknown)}. "
            f"Its classes are {listed(target.labels)}."
        )
    return np.array([target.labels.index(label) for label in found], dtype=np.float64)
