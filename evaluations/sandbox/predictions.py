"""What the model, or a vendor's column of predictions, says about each row."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.values import Bools, Floats, Texts
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.table import listed, need_columns, numbers, positive_among, texts

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Binary:
    """Predicted positives, and the score behind them where there is one."""

    predicted: Bools
    score: Floats | None
    probability: bool
    threshold: float | None
    note: str


def features_of(job: Job, rows: pd.DataFrame, model: Any) -> pd.DataFrame:
    """The columns that the model takes: as registered, as it was fitted with, or all that are left."""
    names = job.features
    if names is None and hasattr(model, "feature_names_in_"):
        names = tuple(str(name) for name in model.feature_names_in_)
    if names is not None:
        need_columns(rows, names, "feature columns that the model needs:")
        return rows[list(names)]
    outputs = {job.label, job.prediction, job.score, job.config.get("weight")}
    left = [name for name in rows.columns if name not in outputs]
    wanted = getattr(model, "n_features_in_", len(left))
    if len(left) != wanted:
        left = [name for name in left if name not in job.sensitive]
    if len(left) != wanted:
        raise CannotEvaluate(
            f"The model takes {wanted} features without naming them, and the data set has {len(left)} "
            f"columns that could be features: {listed(left)}. Register the version with its signature."
        )
    return rows[left]


def classes_of(model: Any, features: pd.DataFrame) -> list[str]:
    """The model's classes as text; empty where it has none."""
    known = model.classes(features) if hasattr(model, "classes") else getattr(model, "classes_", None)
    return [] if known is None else list(texts(known))


def positive_class(job: Job, model: Any, features: pd.DataFrame) -> tuple[int, str, int]:
    """The column of the positive class, what the model calls it, and how many classes there are."""
    known = classes_of(model, features)
    if not known:
        raise CannotEvaluate("The model has no classes, so it is not a classifier as the version says.")
    if len(known) > 2:
        raise CannotEvaluate(f"The model has more than two classes: {listed(known)}.")
    positive = positive_among(known, job.positive or "", "The model's classes are")
    return known.index(positive), positive, len(known)


def by_model(job: Job, model: Any, features: pd.DataFrame) -> Binary:
    """A binary model's answers."""
    place, positive, classes = positive_class(job, model, features)
    score, probability = _score(model, features, place, classes)
    said = texts(model.predict(features))
    if len(said) != len(features):
        raise CannotEvaluate(f"The model gave {len(said):,} predictions for {len(features):,} rows.")
    predicted = np.asarray(said == positive, dtype=np.bool_)
    return _decided(job, predicted, score, probability, positive)


def by_columns(job: Job, rows: pd.DataFrame) -> Binary:
    """The answers that the data set holds."""
    score = None
    if job.score is not None:
        need_columns(rows, [job.score], "the score column")
        score = numbers(rows[job.score], "The score column")
    probability = score is not None and bool(score.min() >= 0 and score.max() <= 1)
    if job.prediction is None and score is None:
        raise CannotEvaluate("There is no model, and the data set names no prediction and no score column.")
    if job.prediction is None and not probability and "threshold" not in job.config:
        raise CannotEvaluate("The scores are no probabilities; say from which threshold on they select.")
    if job.prediction is None:
        threshold = job.config.get("threshold", DEFAULT_THRESHOLD)
        return _decided(job, np.asarray(score >= threshold), score, probability, job.positive or "")
    found = prediction_column(job, rows)
    positive = positive_prediction(job, set(found), set(texts(rows[job.label])))
    return _decided(job, np.asarray(found == positive, dtype=np.bool_), score, probability, positive)


def positive_prediction(job: Job, predicted: set[str], labels: set[str]) -> str:
    """How the prediction column writes the positive label."""
    positive = job.positive or ""
    unknown = sorted(predicted - labels)
    if unknown and positive in predicted:
        raise CannotEvaluate(
            f"Column {job.prediction} predicts {listed(unknown)}, which column {job.label} does not know: "
            f"its labels are {listed(sorted(labels))}."
        )
    return positive_among(predicted, positive, f"Column {job.prediction} predicts") if unknown else positive


def prediction_column(job: Job, rows: pd.DataFrame) -> Texts:
    """The data set's predictions as text."""
    if job.prediction is None:
        raise CannotEvaluate("There is no model, and the data set names no prediction column.")
    need_columns(rows, [job.prediction], "the prediction column")
    missing = int(rows[job.prediction].isna().sum())
    if missing:
        raise CannotEvaluate(f"Column {job.prediction} has no prediction in {missing:,} rows.")
    return texts(rows[job.prediction])


def probabilities(model: Any, features: pd.DataFrame, classes: int) -> Floats | None:
    """The probability of each class, shape (n, classes), where the model gives probabilities."""
    if not hasattr(model, "predict_proba"):
        return None
    found: Floats = np.asarray(model.predict_proba(features), dtype=np.float64)
    if found.shape != (len(features), classes):
        shape = " × ".join(f"{size:,}" for size in found.shape)
        raise CannotEvaluate(
            f"The model gave {shape} probabilities for {len(features):,} rows and {classes} classes."
        )
    bad = int((~np.isfinite(found)).any(axis=1).sum())
    if bad:
        raise CannotEvaluate(f"The model gave no finite probability for {bad:,} rows.")
    return found


def _score(model: Any, features: pd.DataFrame, place: int, classes: int) -> tuple[Floats | None, bool]:
    if hasattr(model, "predict_proba"):
        chances = probabilities(model, features, classes)
        if chances is None:
            return None, False
        score, probability = chances[:, place], True
    elif hasattr(model, "decision_function") and classes == 2:
        margin = np.asarray(model.decision_function(features), dtype=np.float64)
        score, probability = (margin if place == 1 else -margin), False
    else:
        return None, False
    if not np.isfinite(score).all():
        raise CannotEvaluate(f"The model gave no finite score for {int((~np.isfinite(score)).sum()):,} rows.")
    return score, probability


def _decided(job: Job, predicted: Bools, score: Floats | None, probability: bool, positive: str) -> Binary:
    threshold = job.config.get("threshold")
    if threshold is not None and score is not None:
        predicted = score >= threshold
    note = f"Positive is {job.label} = {job.positive}"
    note += "." if positive == job.positive else f", which the predictions call {positive}."
    return Binary(predicted, score, probability, _threshold(predicted, score, threshold), note)


def _threshold(predicted: Bools, score: Floats | None, asked: float | None) -> float | None:
    """The score from which rows are selected, where one score separates them: as asked, a round one, or
    the lowest."""
    if asked is not None or score is None or predicted.all() or not predicted.any():
        return asked
    highest_out, lowest_in = float(score[~predicted].max()), float(score[predicted].min())
    if highest_out > lowest_in:
        return None
    for digits in (1, 2, 3):
        candidate = round(lowest_in, digits)
        if highest_out <= candidate <= lowest_in:
            return candidate
    return lowest_in
