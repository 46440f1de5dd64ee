"""What a measurement starts from: the job, its rows, the model, and the answers of the model or of a column."""

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evaluations.metrics import binary, multiclass
from evaluations.metrics.groups import grouped
from evaluations.metrics.values import Bools, Floats
from evaluations.sandbox import outputs, predictions
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.opening import open_model
from evaluations.sandbox.table import listed, numbers, sensitive_columns, texts, truth

if TYPE_CHECKING:
    from evaluations.sandbox.child import Teller


class Given:
    """The job with its rows; the model is loaded when it is first asked for."""

    def __init__(self, job: Job, rows: pd.DataFrame, teller: "Teller", *, rival: bool = False) -> None:
        self.job = job
        self.rows = rows
        self.teller = teller
        self._rival = rival  # a model that this one is compared with: its facts are not this run's

    @cached_property
    def model(self) -> Any:
        """The registered model, or None where only its predictions are known."""
        if self.job.model_path is None:
            return None
        self.teller.enter("loading", 0.15, "Loading the model")
        loaded = open_model(self.job)
        if not self._rival:
            self.teller.facts["format"] = loaded.format
            if loaded.scan is not None:
                self.teller.facts["scan"] = dict(loaded.scan)
        self.teller.enter("predicting", 0.3, "Predicting")
        return loaded.model

    @cached_property
    def against(self) -> "Given | None":
        """The same rows answered by another version's model, where there is one to compare with."""
        if self.job.against_path is None:
            return None
        if self.job.against_refused:
            raise CannotEvaluate(self.job.against_refused)
        other = Given(self.job.other, self.rows, self.teller, rival=True)
        if hasattr(other.model, "feature_names_in_"):  # the signature is this version's, not the other's
            other.job = replace(other.job, features=None)
        return other

    def sample(self) -> str:
        """Keep at most as many rows as the settings say. Returns a sentence on what was left out, if any."""
        most, there = self.job.config.get("max_rows"), len(self.rows)
        if most is None or there <= int(most):
            return ""
        kept = self.rows.sample(int(most), random_state=self.job.seed).sort_index()
        self.rows = kept.reset_index(drop=True)
        return f"Measured on {int(most):,} of {there:,} rows, drawn at random."

    def weights(self) -> Floats | None:
        """The weight of each row, shape (n,), where the settings name a column of weights."""
        return outputs.weights(self.job, self.rows)

    def measuring(self, step: str) -> None:
        """Everything is predicted; say what follows."""
        self.teller.enter("measuring", 0.4, step)

    def features(self) -> pd.DataFrame:
        """The columns that the model takes."""
        return predictions.features_of(self.job, self.rows, self.model)

    def binary(self) -> tuple[binary.Binary, str]:
        """Truth and answers of a binary classification, and what counts as positive in words."""
        actual = truth(self.job, self.rows)
        if self.model is None:
            said = predictions.by_columns(self.job, self.rows)
        else:
            said = predictions.by_model(self.job, self.model, self.features())
        found = binary.Binary(actual, said.predicted, said.score, said.probability, said.threshold)
        return found, said.note

    def multiclass(self) -> multiclass.Multiclass:
        """Truth and answers of a classification into several classes."""
        job, rows = self.job, self.rows
        actual = texts(rows[job.label])
        if self.model is None:
            predicted = predictions.prediction_column(job, rows)
            labels = sorted(set(actual) | set(predicted))
            return multiclass.Multiclass(labels, places(actual, labels), places(predicted, labels))
        features = self.features()
        labels = predictions.classes_of(self.model, features)
        if not labels:
            raise CannotEvaluate("The model has no classes, so it is not a classifier as the version says.")
        unknown = sorted(set(actual) - set(labels))
        if unknown:
            raise CannotEvaluate(
                f"Column {job.label} holds labels that the model does not know: {listed(unknown)}. "
                f"Its classes are {listed(labels)}."
            )
        said = outputs.of_length(texts(self.model.predict(features)), rows)
        return multiclass.Multiclass(
            labels,
            places(actual, labels),
            places(said, labels),
            predictions.probabilities(self.model, features, len(labels)),
        )

    def regression(self) -> tuple[Floats, Floats]:
        """Truth and predicted numbers, shape (n,) each."""
        actual = numbers(self.rows[self.job.label], "The label column")
        if self.model is None:
            column = predictions.prediction_column(self.job, self.rows)
        else:
            column = outputs.of_length(np.asarray(self.model.predict(self.features())).reshape(-1), self.rows)
        return actual, numbers(pd.Series(column, name=self.job.prediction or "predict"), "The prediction")

    def sensitive(self) -> dict[str, Any]:
        """The sensitive columns' values, by name."""
        return sensitive_columns(self.job, self.rows)

    def slices(self) -> dict[str, dict[str, Bools]]:
        """Rows of each group of each sensitive column."""
        return {name: grouped(name, values)[0] for name, values in self.sensitive().items()}

    def check_label(self) -> None:
        """Before the model is loaded, which takes a second: a label that cannot be measured against."""
        if self.job.model_kind == "binary_classification":
            truth(self.job, self.rows)
        elif self.job.model_kind in ("regression", "ranking", "forecasting"):
            numbers(self.rows[self.job.label], "The label column")


def places(found: Any, labels: list[str]) -> Any:
    """Index of each label, shape (n,)."""
    place = {label: index for index, label in enumerate(labels)}
    return np.array([place[label] for label in found], dtype=np.int64)
