"""Whether what was learned still holds: against a reference, over time, and against another version."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.robustness.answers import ModelFailed
from evaluations.metrics.stability import churn, gaps, periods, report, shifts
from evaluations.metrics.values import Floats, Measured, Texts, together
from evaluations.sandbox.asking import attempted
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.reference import NONE, of_reference, reference_of
from evaluations.sandbox.table import listed, need_columns, texts

MOST_ROWS = 100_000
Answers = tuple[gaps.Outcomes, Texts, Floats | None]
"""Outcomes row by row, the decision as text, and the score where there is one."""


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    if job.reference_path is None:
        raise CannotEvaluate(NONE)


def measure(given: Given) -> Measured:
    """Shifts of columns, score and label; the gap of performance; periods; the other version."""
    job = given.job
    given.check_label()
    there = reference_of(given)
    notes = [_sampled(side, words) for side, words in ((given, "data set"), (there, "reference"))]
    compared, checks = report.comparable(*_columns(given, there))
    if not compared:
        raise CannotEvaluate(
            "The data set and its reference have no column in common that could be compared. The reference's columns "
            f"are {listed(there.rows.columns)}."
        )
    here, known = answers(given), _known(there)
    given.measuring("Comparing with the reference")
    found = report.Found(
        columns=[shifts.shift_of(there.rows[name], given.rows[name], seed=job.seed) for name in compared],
        label=shifts.shift_of(_label(there), _label(given), seed=job.seed),
        score=_score_shift(known, here, seed=job.seed),
        gaps=gaps.gaps(known[0], here[0], seed=job.seed) if known else None,
        limit=float(job.config.get("psi_limit", report.PSI_LIMIT)),
    )
    given.teller.progress(0.8, "Looking at periods and versions")
    parts = [report.of_shifts(found), _periods(given, here), _churn(given, here)]
    notes += [] if known else ["The reference holds no predictions, so performance is not compared with it."]
    notes.append(
        "How much another seed would change the model is not measured: a stored artifact cannot be fitted again. "
        "Register a version fitted with another seed and compare with it."
    )
    about = Measured({}, {}, checks=checks, notes=[note for note in notes if note])
    measured = together([*(part for part in parts if part), about])
    return replace(measured, conventions=dict(sorted(measured.conventions.items())))


def _sampled(side: Given, words: str) -> str:
    """Keep a seeded sample of the side's rows, and say so where that leaves any out."""
    most, n = int(side.job.config.get("max_rows", MOST_ROWS)), len(side.rows)
    if n <= most:
        return ""
    picked = np.sort(np.random.default_rng(side.job.seed).permutation(n)[:most])
    side.rows = side.rows.iloc[picked].reset_index(drop=True)
    return f"Of the {words}, {most:,} of {n:,} rows are looked at, drawn with the run's seed."


def _columns(given: Given, there: Given) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The model's features on both sides; without a model, every column that is no output."""
    job = given.job
    if job.model_path is None:
        outputs = {job.label, job.prediction, job.score}
        shared = [
            name for name in given.rows.columns if name not in outputs and name in set(there.rows.columns)
        ]
        return there.rows[shared], given.rows[shared]
    here = given.features()
    try:
        need_columns(there.rows, list(here.columns), "feature columns that the model needs:")
    except CannotEvaluate as refusal:
        raise of_reference(refusal) from refusal
    return there.rows[list(here.columns)], here


def answers(side: Given) -> Answers:
    """What the model, or the data's columns, say of each row."""
    kind = side.job.model_kind
    if kind == "binary_classification":
        data, _ = side.binary()
        decided = np.where(data.predicted, "positive", "other").astype(object)
        found = gaps.of_binary(data.actual, data.predicted, data.score, data.probability)
        return found, decided, data.score
    if kind == "multiclass_classification":
        classes = side.multiclass()
        loss = {}
        if classes.probabilities is not None:
            likely = classes.probabilities[np.arange(len(classes.actual)), classes.actual]
            loss["log_loss"] = -np.log(np.clip(likely, gaps.EPS, 1))
        right = classes.actual == classes.predicted
        decided = np.array(classes.labels, dtype=object)[classes.predicted]
        return gaps.Outcomes(len(right), right=right, loss=loss), decided, None
    actual, predicted = side.regression()
    return gaps.of_regression(actual, predicted), texts(predicted), predicted


def _known(there: Given) -> Answers | None:
    """The reference's answers; None where it holds no predictions and there is no model to make them."""
    job = there.job
    try:
        return answers(there)
    except CannotEvaluate as refusal:
        held = {job.prediction, job.score} & set(there.rows.columns)
        if job.model_path is None and not held:
            return None
        raise of_reference(refusal) from refusal


def _label(side: Given) -> "pd.Series[Any]":
    column = side.rows[side.job.label]
    if side.job.model_kind == "regression":
        return column
    return pd.Series(texts(column), name=side.job.label, dtype=object)


def _score_shift(known: Answers | None, here: Answers, *, seed: int) -> shifts.Shift | None:
    if known is None:
        return None
    if known[2] is not None and here[2] is not None:
        return shifts.number_shift("score", known[2], here[2], seed=seed)
    return shifts.category_shift("decision", known[1], here[1], seed=seed)


def _periods(given: Given, here: Answers) -> Measured | None:
    name = given.job.config.get("time")
    if name is None:
        return None
    need_columns(given.rows, [str(name)], "the column of time")
    place, names, made = periods.periods_of(given.rows[str(name)])
    return report.of_periods(periods.by_period(here[0], place, names, seed=given.job.seed), here[0], made)


def _churn(given: Given, here: Answers) -> Measured | None:
    """This version and the one compared with, on the same rows."""
    job = given.job
    if job.against_path is None:
        return None
    try:
        answered = attempted(lambda: answers(given.against or given))
    except ModelFailed as failed:
        said = f"The version compared with gives no answers on these rows: {failed}"
        return report.of_silence(said)
    if job.model_kind == "regression":
        return report.of_churn(churn.score_changes(here[2], answered[2]), None)
    return report.of_churn(*churn.churn(here[1], answered[1], _truth(given), here[2], answered[2]))


def _truth(given: Given) -> Texts:
    labels = texts(given.rows[given.job.label])
    if given.job.model_kind == "binary_classification":
        return np.where(labels == given.job.positive, "positive", "other").astype(object)
    return labels
