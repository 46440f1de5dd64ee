"""What the data set gives away about people and, with model and training data, the model about its rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.data_quality.rows import row_hashes
from evaluations.metrics.groups import coded
from evaluations.metrics.privacy import Attack, anonymity, likely_identifiers, membership
from evaluations.metrics.privacy.anonymity import LEAST_K
from evaluations.metrics.values import FEW_ROWS, Estimate, Floats, Measured, together
from evaluations.sandbox import predictions
from evaluations.sandbox.given import Given, places
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.table import need_columns, numbers, read_rows, sensitive_columns, texts, truth

MOST_ROWS = 20_000
TINY = 1e-12
FIGURES = ("membership_auc", "membership_advantage", "membership_caught_at_1")


def refuse(job: Job) -> None:
    """Say what the job alone tells."""
    for setting in ("quasi_identifiers", "confidential"):
        named = job.config.get(setting, [])
        if not all(isinstance(name, str) for name in named):
            raise CannotEvaluate(f"The setting {setting} lists names of columns.")


def measure(given: Given) -> Measured:
    """Anonymity of the rows, and an attack on the model where there is one."""
    job, rows = given.job, given.rows
    outputs = [name for name in (job.label, job.prediction, job.score) if name]
    chosen = list(job.config.get("quasi_identifiers", []))
    need_columns(rows, chosen, "the quasi-identifier")
    columns = chosen or likely_identifiers(rows, job.sensitive, outputs)
    confidential = list(job.config.get("confidential", [job.label] if job.label else []))
    need_columns(rows, confidential, "the confidential column")
    both = sorted(set(columns) & set(confidential))
    if both:
        raise CannotEvaluate(f"Column {both[0]} is named as quasi-identifier and as confidential.")
    found = anonymity(rows, columns, confidential, least_k=int(job.config.get("least_k", LEAST_K)))
    if not chosen:
        said = "They were chosen by this run: the sensitive columns, and columns with few values whose names are like "
        found = found.noted(notes=[f"{said}what is known about people. Name your own in quasi_identifiers."])
    reason, attacked = _attacked(given)
    if attacked is None:
        nothing = {name: Estimate(None, None, None, len(rows)) for name in FIGURES}
        return together([found, Measured(nothing, {}, notes=[reason])])
    return together([found, attacked])


def _attacked(given: Given) -> tuple[str, Measured | None]:
    """The attack, or why there is none."""
    job = given.job
    if job.model_path is None:
        return "Without the model itself, nobody can try to tell its training rows.", None
    if job.reference_path is None:
        return "Choose the training data as reference to see whether the model remembers its rows.", None
    if not job.label:
        return "Without a label, how sure the model is of the true answer is not known.", None
    learnt = read_rows(Path(job.reference_path))
    need_columns(learnt, [job.label], "in its reference the label column")
    members, others = _halves(job, learnt, given.rows)
    if len(members) < FEW_ROWS:
        return (
            f"Fewer than {FEW_ROWS} rows of the data set are not in the reference, too few to attack.",
            None,
        )
    table = pd.concat([members, others], ignore_index=True)
    certainty = _certainty(given, table)
    given.measuring("Trying to tell members")
    groups = {
        name: coded(name, values)
        for name, values in sensitive_columns(job, table).items()
        if name in learnt.columns
    }
    member = np.arange(len(table)) < len(members)
    min_n = int(job.config.get("min_n", FEW_ROWS))
    return "", membership(Attack(certainty, member), groups, seed=job.seed, min_n=min_n)


def _halves(job: Job, learnt: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As many members as others; rows that stand in both are members."""
    both = [name for name in rows.columns if name in learnt.columns]
    new = rows[
        ~np.isin(row_hashes(rows, both), row_hashes(learnt, both)) & rows[job.label].notna().to_numpy()
    ]
    learnt = learnt[learnt[job.label].notna()]
    size = min(len(learnt), len(new), int(job.config.get("max_rows", MOST_ROWS)))
    generator = np.random.default_rng(job.seed)
    taken = [table.iloc[generator.choice(len(table), size, replace=False)] for table in (learnt, new)]
    return taken[0][both], taken[1][both]


def _certainty(given: Given, table: pd.DataFrame) -> Floats:
    """How sure the model is of the true answer, shape (n,): the log of its probability, or less the error."""
    job, model = given.job, given.model
    features = predictions.features_of(job, table, model)
    if job.model_kind == "regression":
        predicted = np.asarray(model.predict(features), dtype=np.float64).reshape(-1)
        return -np.abs(predicted - numbers(table[job.label], "The label column"))
    if job.model_kind == "binary_classification":
        actual = truth(job, table)
        said = predictions.by_model(job, model, features)
        if said.score is None:
            return np.asarray(said.predicted == actual, dtype=np.float64)
        if not said.probability:
            return np.where(actual, said.score, -said.score)
        return _log(np.where(actual, said.score, 1 - said.score))
    if job.model_kind != "multiclass_classification":
        raise CannotEvaluate("Membership can be told for classification and regression only.")
    return _of_classes(given, features, texts(table[job.label]))


def _of_classes(given: Given, features: pd.DataFrame, actual: Any) -> Floats:
    model = given.model
    known = predictions.classes_of(model, features)
    unknown = sorted(set(actual) - set(known))
    if unknown:
        raise CannotEvaluate(f"The label column holds {unknown[0]}, which the model does not know.")
    if not hasattr(model, "predict_proba"):
        return np.asarray(texts(model.predict(features)) == actual, dtype=np.float64)
    chances = np.asarray(model.predict_proba(features), dtype=np.float64)
    return _log(chances[np.arange(len(chances)), places(actual, known)])


def _log(chance: Floats) -> Floats:
    found: Floats = np.log(np.clip(chance, TINY, 1.0))
    return found
