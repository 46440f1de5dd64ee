"""Rows of a Parquet file a batch at a time, each with its truth and the answers of the model or of columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluations.metrics.groups import MOST_GROUPS, banded_from
from evaluations.metrics.values import Floats
from evaluations.sandbox import predictions
from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.partitions.columns import Axis, finite, is_number, mean_of, range_of
from evaluations.sandbox.partitions.counted import Counted, banded, too_many
from evaluations.sandbox.table import listed

if TYPE_CHECKING:
    from evaluations.sandbox.child import Teller

ROWS_AT_ONCE = 1 << 17
ROWS_TO_PREDICT = 1 << 15
DECIDED: list[str | None] = ["0", "1"]


@dataclass(frozen=True, slots=True)
class Answers:
    """What is said of rows: of a classification `decided`, of a binary one with the `score`, and `span` in which it
    lies; of several classes `chances`, shape (n, classes); of a regression `number`."""

    decided: Axis | None = None
    score: Floats | None = None
    probability: bool = False
    span: tuple[float, float] = (0.0, 1.0)
    chances: Floats | None = None
    number: Floats | None = None
    actual: Floats | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that have a label, with the group of each in every sensitive column."""

    batch: pa.RecordBatch
    label: Axis
    groups: Sequence[Axis]
    answers: Answers
    centre: float = 0.0  # of a regression: the mean label of the whole file

    def slices(self, columns: Sequence[str]) -> Iterator[tuple[str, str | None, Any]]:
        """Column, value and which rows have it."""
        for name, axis in zip(columns, self.groups, strict=True):
            for level in dict.fromkeys(axis.levels):
                rows = axis.is_one(level)
                if rows.any():
                    yield name, level, rows


class Reader:
    """One file of the job. `everything`: all columns are wanted, not only those that are measured by; `answered`: it
    holds answers, where there is no model; `side` names the file among several."""

    def __init__(
        self,
        job: Job,
        found: Counted,
        teller: "Teller",
        *,
        everything: bool = False,
        answered: bool = True,
        side: str = "",
    ) -> None:
        self.job, self.found, self.side = job, found, side
        self.file = pq.ParquetFile(job.data_path)
        self.schema = self.file.schema_arrow
        self._given = Given(job, pd.DataFrame(), teller)  # its rows come a batch at a time
        self._all = everything or job.model_path is not None
        for what, wanted in (("the label column", [job.label]), ("the sensitive column", job.sensitive)):
            if missing := [name for name in wanted if name not in self.schema.names]:
                raise CannotEvaluate(
                    f"The data set lacks {what} {listed(missing)}. Its columns are {listed(self.schema.names)}."
                )
        found.numeric |= {name for name in job.sensitive if is_number(self.schema.field(name).type)}
        self._answered = answered or job.model_path is not None
        if job.model_path is None and answered:
            self._refuse_without_answers()

    def share_model(self, other: "Reader") -> None:
        """Ask the model that another reader has loaded."""
        self._given.__dict__["model"] = other._given.model

    def features(self) -> list[str]:
        """The columns that the model takes."""
        rows = next(self.file.iter_batches(1)).to_pandas()
        return [str(name) for name in predictions.features_of(self.job, rows, self._given.model).columns]

    def rows(self, group: int) -> Iterator[Rows]:
        """The rows of a row group."""
        wanted = None if self._all else self._wanted
        at_once = ROWS_AT_ONCE if self.job.model_path is None else ROWS_TO_PREDICT
        for batch in self.file.iter_batches(at_once, row_groups=[group], columns=wanted):
            label = Axis.of(batch.column(self.job.label))
            kept = label.known()
            if kept is not None:
                self.found.left_out[self.side] += int((~kept).sum())
                batch = batch.filter(pa.array(kept))
                label = Axis.of(batch.column(self.job.label))
            if batch.num_rows:
                groups = [self._group(name, batch) for name in self.job.sensitive]
                yield Rows(batch, label, groups, self._answers(batch), self.centre)

    @cached_property
    def centre(self) -> float:
        """The mean label of a regression: every process finds the same."""
        return mean_of(self.file, self.job.label) if self.job.model_kind == "regression" else 0.0

    @cached_property
    def span(self) -> tuple[float, float]:
        """What the scores lie in: 0 to 1 where all of them do."""
        if self.job.score is None:
            return 0.0, 1.0
        least, most = range_of(self.file, self.job.score)
        return (0.0, 1.0) if least >= 0 and most <= 1 else (least, most)

    @property
    def _wanted(self) -> list[str]:
        job = self.job
        return list(
            dict.fromkeys(name for name in (job.label, *job.sensitive, job.prediction, job.score) if name)
        )

    def _refuse_without_answers(self) -> None:
        job = self.job
        if job.model_kind != "binary_classification":
            if job.prediction is None:
                raise CannotEvaluate("There is no model, and the data set names no prediction column.")
        elif job.prediction is None and job.score is None:
            raise CannotEvaluate(
                "There is no model, and the data set names no prediction and no score column."
            )
        if job.prediction is not None and job.prediction not in self.schema.names:
            raise CannotEvaluate(
                f"The data set lacks the prediction column {job.prediction}. Its columns are "
                f"{listed(self.schema.names)}."
            )

    @cached_property
    def _threshold(self) -> float | None:
        """From which score on rows are selected; None where the predictions say."""
        asked = self.job.config.get("threshold")
        if asked is not None or self.job.prediction is not None:
            return None if asked is None else float(asked)
        if self.span != (0.0, 1.0):
            raise CannotEvaluate("The scores are no probabilities; say from which threshold on they select.")
        return predictions.DEFAULT_THRESHOLD

    def _answers(self, batch: pa.RecordBatch) -> Answers:
        kind, model = self.job.model_kind, self.job.model_path is not None
        if not self._answered:
            return Answers()
        if kind == "binary_classification":
            return self._by_model(batch) if model else self._by_columns(batch)
        if kind == "multiclass_classification" and not model:
            return Answers(self._predicted(batch))
        if not model:
            batch = batch.select(list(dict.fromkeys([self.job.label, str(self.job.prediction)])))
        self._given.rows = batch.to_pandas()
        if kind == "multiclass_classification":
            said = self._given.multiclass()
            self.found.facts["classes"] = list(said.labels)
            return Answers(Axis(list(said.labels), said.predicted), chances=said.probabilities)
        actual, number = self._given.regression()
        return Answers(number=number, actual=actual)

    def _by_model(self, batch: pa.RecordBatch) -> Answers:
        model, rows = self._given.model, batch.to_pandas()
        said = predictions.by_model(self.job, model, predictions.features_of(self.job, rows, model))
        decided = Axis(DECIDED, said.predicted.astype(np.uint8))
        return Answers(decided, said.score if said.probability else None, said.probability)

    def _by_columns(self, batch: pa.RecordBatch) -> Answers:
        job = self.job
        score = None if job.score is None else finite(batch.column(job.score), job.score)
        if score is not None and self._threshold is not None:
            decided = Axis(DECIDED, (score >= self._threshold).astype(np.uint8))
        else:
            decided = self._predicted(batch)
        return Answers(decided, score, score is not None and self.span == (0.0, 1.0), self.span)

    def _predicted(self, batch: pa.RecordBatch) -> Axis:
        decided = Axis.of(batch.column(str(self.job.prediction)))
        if decided.known() is not None:
            raise CannotEvaluate(f"Column {self.job.prediction} has no prediction in some rows.")
        return decided

    def _group(self, name: str, batch: pa.RecordBatch) -> Axis:
        axis = Axis.of(batch.column(name))
        there = len({level for level in axis.levels if level is not None})
        if name in self.found.numeric:
            if name in self.found.banded or banded_from(there):
                self.found.band(name)
                return Axis([banded(level) for level in axis.levels], axis.place)
        elif there > MOST_GROUPS:
            raise too_many(name, there, " or more")
        return axis
