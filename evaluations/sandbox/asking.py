"""Asking the model about any rows: one answer each, and a word instead of an end when it raises."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from evaluations.metrics.robustness.answers import Answers, Ask, ModelFailed
from evaluations.metrics.values import Floats
from evaluations.sandbox import predictions
from evaluations.sandbox.child import last_line
from evaluations.sandbox.given import Given, places
from evaluations.sandbox.job import OUT_OF_MEMORY, CannotEvaluate
from evaluations.sandbox.table import texts

HALF, LONGEST = 0.5, 160
T = TypeVar("T")


def asker(given: Given, sample: pd.DataFrame) -> tuple[Ask, str]:
    """How to ask the given model, and what its watched output is in words. `sample` are some of its rows."""
    kind = given.job.model_kind
    if kind == "binary_classification":
        ask, said = _binary(given, sample)
    elif kind == "multiclass_classification":
        ask, said = _multiclass(given.model, sample)
    else:
        ask, said = _regression(given.model), "the predicted number"
    return guarded(ask), said


def attempted(work: Callable[[], T]) -> T:
    """What the work answers; ModelFailed with the first sentence of whatever the model raises instead."""
    try:
        return work()
    except CannotEvaluate as refusal:
        raise ModelFailed(str(refusal)) from refusal
    except Exception as error:  # a model's code may raise anything: that it does is what is measured
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in OUT_OF_MEMORY):
            raise
        raise ModelFailed(_first(last_line(error))) from error


def guarded(ask: Ask) -> Ask:
    """The same, raising ModelFailed for whatever the model raises; only want of memory ends the run."""

    def asked(rows: pd.DataFrame) -> Answers:
        found = attempted(lambda: ask(rows))
        bad = int((~np.isfinite(found.score)).sum())
        if bad:
            raise ModelFailed(f"it gave no finite output for {bad:,} of {len(rows):,} rows.")
        if len(found.score) != len(rows):
            raise ModelFailed(f"it gave {len(found.score):,} answers for {len(rows):,} rows.")
        return found

    return asked


def _first(said: str) -> str:
    """An error's first sentence, without the advice that libraries add."""
    return f"{said.split('. ')[0].rstrip('.')[:LONGEST]}."


def _binary(given: Given, sample: pd.DataFrame) -> tuple[Ask, str]:
    job, model = given.job, given.model
    place, positive, classes = predictions.positive_class(job, model, sample)
    score, cut = _scorer(model, place, classes)
    asked = job.config.get("threshold")

    def decided(rows: pd.DataFrame) -> Any:
        return (texts(model.predict(rows)) == positive).astype(np.int64)

    if score is None:
        return lambda rows: _certain(decided(rows)), "the decision: 1 for positive"
    words = f"the score for {job.label} = {job.positive}"
    if asked is not None:
        return lambda rows: _at(score(rows), lambda found: found >= asked), words
    known = decided(sample)

    def chosen(found: Floats) -> Any:
        return found > cut if place == 1 else found >= cut

    if (chosen(score(sample)) == known).all():  # the model decides by its score: ask once, not twice
        return lambda rows: _at(score(rows), chosen), words
    return lambda rows: Answers(score(rows), decided(rows)), words


def _certain(decided: Any) -> Answers:
    return Answers(decided.astype(np.float64), decided)


def _at(score: Floats, decide: Callable[[Floats], Any]) -> Answers:
    return Answers(score, decide(score).astype(np.int64))


def _scorer(model: Any, place: int, classes: int) -> tuple[Callable[[pd.DataFrame], Floats] | None, float]:
    """The score of the positive class and where it usually decides."""
    if hasattr(model, "predict_proba"):
        return lambda rows: np.asarray(model.predict_proba(rows), dtype=np.float64)[:, place], HALF
    if hasattr(model, "decision_function") and classes == 2:
        sign = 1.0 if place == 1 else -1.0
        return lambda rows: sign * np.asarray(model.decision_function(rows), dtype=np.float64), 0.0
    return None, HALF


def _multiclass(model: Any, sample: pd.DataFrame) -> tuple[Ask, str]:
    labels = predictions.classes_of(model, sample)
    known = places(texts(model.predict(sample)), labels)
    watched = int(np.bincount(known, minlength=len(labels)).argmax())

    def ask(rows: pd.DataFrame) -> Answers:
        if not hasattr(model, "predict_proba"):
            decided = places(texts(model.predict(rows)), labels)
            return Answers((decided == watched).astype(np.float64), decided)
        chances = np.asarray(model.predict_proba(rows), dtype=np.float64)
        decided = chances.argmax(axis=1) if by_chance else places(texts(model.predict(rows)), labels)
        return Answers(chances[:, watched], decided.astype(np.int64), chances)

    by_chance = hasattr(model, "predict_proba") and bool(
        (np.asarray(model.predict_proba(sample)).argmax(axis=1) == known).all()
    )
    return ask, f"the chance of {labels[watched]}, the class predicted most often"


def _regression(model: Any) -> Ask:
    def ask(rows: pd.DataFrame) -> Answers:
        return Answers(np.asarray(model.predict(rows), dtype=np.float64).reshape(-1), None)

    return ask
