"""Counts of rows read a batch at a time: all that rates and score metrics of a binary classification rest on.

Counts of partitions (row groups of a Parquet file) add up to those of the whole, so it does not matter which process,
or which machine, counted which. Memory does not grow with the rows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from evaluations.metrics.groups import MOST_GROUPS, band_of, banded_from, is_missing, text_of
from evaluations.metrics.histogram import ScoreHistogram
from evaluations.metrics.values import Bools, CannotMeasure, Floats
from evaluations.sandbox import predictions
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.loading import load_model
from evaluations.sandbox.table import listed

if TYPE_CHECKING:
    from evaluations.sandbox.child import Teller

ROWS_AT_ONCE = 1 << 17
ROWS_TO_PREDICT = 1 << 15
NARROW = 1 << 12
"""Whole numbers that lie no further apart are their own codes."""
DECIDED = ("0", "1")
Key = tuple[str | None, ...]
Codes = NDArray[np.integer[Any]]


@dataclass(slots=True)
class Counted:
    """Rows by the values of the sensitive columns, label and prediction, as text and None where missing; the scores'
    histogram; rows without a label. `numeric` columns hold numbers; of `banded` ones bands were counted."""

    columns: tuple[str, ...]
    cells: Counter[Key] = field(default_factory=Counter)
    scores: ScoreHistogram | None = None
    numeric: set[str] = field(default_factory=set)
    banded: set[str] = field(default_factory=set)
    left_out: int = 0
    format: str = ""

    def __add__(self, other: "Counted") -> "Counted":
        """Those of both parts together."""
        scores = self.scores if other.scores is None else other.scores
        if self.scores is not None and other.scores is not None:
            scores = self.scores + other.scores
        return Counted(
            self.columns,
            self.cells + other.cells,
            scores,
            self.numeric | other.numeric,
            self.banded | other.banded,
            self.left_out + other.left_out,
            self.format or other.format,
        )

    def as_json(self) -> dict[str, Any]:
        """For another process to add up."""
        return {
            "columns": list(self.columns),
            "cells": [[list(key), rows] for key, rows in sorted(self.cells.items(), key=str)],
            "scores": None if self.scores is None else _scores_json(self.scores),
            "numeric": sorted(self.numeric),
            "banded": sorted(self.banded),
            "left_out": self.left_out,
            "format": self.format,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Counted":
        """What `as_json` wrote."""
        return cls(
            tuple(given["columns"]),
            Counter({tuple(key): rows for key, rows in given["cells"]}),
            None if given["scores"] is None else _scores_from(given["scores"]),
            set(given["numeric"]),
            set(given["banded"]),
            given["left_out"],
            given["format"],
        )

    def groups(self) -> Counter[Key]:
        """The cells with numbers in bands where there are many different ones, as when all rows are at hand."""
        banded = set(self.banded)
        for place, name in enumerate(self.columns):
            values = {key[place] for key in self.cells} - {None}
            if name in self.numeric and banded_from(len(values)):
                banded.add(name)
            elif len(values) > MOST_GROUPS and name not in banded:
                raise CannotMeasure(
                    f"Column {name} has {len(values):,} different values; a sensitive column may have at most "
                    f"{MOST_GROUPS}."
                )
        places = [place for place, name in enumerate(self.columns) if name in banded]
        found: Counter[Key] = Counter()
        for key, rows in self.cells.items():
            changed = list(key)
            for place in places:
                changed[place] = _band(key[place])
            found[tuple(changed)] += rows
        return found


def partitions(job: Job) -> int:
    """How many row groups the data set has."""
    return int(pq.ParquetFile(job.data_path).num_row_groups)


def count(job: Job, teller: "Teller") -> Counted:
    """Count the row groups of the job, or all."""
    file = pq.ParquetFile(job.data_path)
    asked = range(file.num_row_groups) if job.parts is None else job.parts
    counter = _Columns(job, file) if job.model_path is None else _Model(job, file, teller)
    for done, group in enumerate(asked, start=1):
        for batch in file.iter_batches(counter.rows_at_once, row_groups=[group], columns=counter.wanted):
            counter.add(batch)
        teller.progress(0.05 + 0.9 * done / len(asked), f"Counting: partition {done} of {len(asked)}")
    return counter.found


class _Counter:
    """What counting columns and counting a model's answers share."""

    rows_at_once = ROWS_AT_ONCE

    def __init__(self, job: Job, file: pq.ParquetFile) -> None:
        self.job = job
        names = file.schema_arrow.names
        for what, wanted in (("the label column", [job.label]), ("the sensitive column", job.sensitive)):
            if missing := [name for name in wanted if name not in names]:
                raise CannotEvaluate(
                    f"The data set lacks {what} {listed(missing)}. Its columns are {listed(names)}."
                )
        self.found = Counted(tuple(job.sensitive))
        self.found.numeric = {
            name for name in job.sensitive if _is_number(file.schema_arrow.field(name).type)
        }

    def tally(
        self, batch: pa.RecordBatch, levels: Sequence[str], answers: Codes, score: Floats | None
    ) -> None:
        """Add the batch's rows. `answers` are codes of `levels`, shape (n,)."""
        labels, actual = codes(batch.column(self.job.label))
        kept = _rows_with(labels, actual)
        axes = [self._group(name, batch) for name in self.job.sensitive]
        axes += [([_text(value) for value in labels], actual), (list(levels), answers)]
        positive = np.array([_text(value) == self.job.positive for value in labels], dtype=np.bool_)
        if kept is not None:
            self.found.left_out += int((~kept).sum())
            axes = [(names, index[kept]) for names, index in axes]
            actual, score = actual[kept], None if score is None else score[kept]
        _add_cells(self.found.cells, axes)
        if score is not None and len(score):
            part = ScoreHistogram.count(positive[actual], score, span=self.span)
            self.found.scores = part if self.found.scores is None else self.found.scores + part

    span = (0.0, 1.0)

    def _group(self, name: str, batch: pa.RecordBatch) -> tuple[list[str | None], Codes]:
        values, index = codes(batch.column(name))
        texts = [_text(value) for value in values]
        there = len({text for text in texts if text is not None})
        if name in self.found.numeric:
            if name in self.found.banded or banded_from(there):
                self._band(name)
                return [_band(text) for text in texts], index
        elif there > MOST_GROUPS:
            raise CannotMeasure(
                f"Column {name} has {there:,} different values or more; a sensitive column may have at most "
                f"{MOST_GROUPS}."
            )
        return texts, index

    def _band(self, name: str) -> None:
        """From now on bands of this column are counted; what was counted by number is put into them."""
        if name in self.found.banded:
            return
        self.found.banded.add(name)
        place = self.found.columns.index(name)
        before, self.found.cells = self.found.cells, Counter()
        for key, rows in before.items():
            self.found.cells[*key[:place], _band(key[place]), *key[place + 1 :]] += rows


class _Columns(_Counter):
    """Answers that stand in columns."""

    def __init__(self, job: Job, file: pq.ParquetFile) -> None:
        super().__init__(job, file)
        if job.prediction is None and job.score is None:
            raise CannotEvaluate(
                "There is no model, and the data set names no prediction and no score column."
            )
        self.threshold = job.config.get("threshold")
        self.wanted = list(
            dict.fromkeys(name for name in (job.label, *job.sensitive, job.prediction, job.score) if name)
        )
        if job.score is not None:
            least, most = _range_of(file, job.score)
            inside = least >= 0 and most <= 1
            self.span = (0.0, 1.0) if inside else (least, most)
            if job.prediction is None and self.threshold is None:
                if not inside:
                    raise CannotEvaluate(
                        "The scores are no probabilities; say from which threshold on they select."
                    )
                self.threshold = predictions.DEFAULT_THRESHOLD

    def add(self, batch: pa.RecordBatch) -> None:
        """Count these rows."""
        job = self.job
        score = None if job.score is None else _finite(batch.column(job.score), job.score)
        if score is not None and self.threshold is not None:
            self.tally(batch, DECIDED, (score >= self.threshold).astype(np.uint8), score)
            return
        column = batch.column(str(job.prediction))
        if column.null_count:
            raise CannotEvaluate(f"Column {job.prediction} has no prediction in some rows.")
        levels, answers = codes(column)
        self.tally(batch, [text_of(level) for level in levels], answers, score)


class _Model(_Counter):
    """Answers that a model gives, a chunk of rows at a time."""

    rows_at_once = ROWS_TO_PREDICT
    wanted = None  # every column: which are features, the model itself may know best

    def __init__(self, job: Job, file: pq.ParquetFile, teller: "Teller") -> None:
        super().__init__(job, file)
        teller.enter("loading", 0.02, "Loading the model")
        loaded = load_model(Path(str(job.model_path)), job.manifest, job.formats)
        teller.facts["format"] = self.found.format = loaded.format
        teller.enter("predicting", 0.05, "Predicting")
        self._model = loaded.model

    def add(self, batch: pa.RecordBatch) -> None:
        """Predict and count these rows."""
        rows = batch.to_pandas()
        said = predictions.by_model(
            self.job, self._model, predictions.features_of(self.job, rows, self._model)
        )
        score = said.score if said.probability else None
        self.tally(batch, DECIDED, said.predicted.astype(np.uint8), score)


def codes(column: pa.Array) -> tuple[list[Any], Codes]:
    """The distinct values of a column, and for each row the place of its value, shape (n,)."""
    if pa.types.is_boolean(column.type) and not column.null_count:
        return [False, True], column.cast(pa.uint8()).to_numpy(zero_copy_only=False)
    if pa.types.is_integer(column.type) and not column.null_count and len(column):
        values = column.to_numpy(zero_copy_only=False)
        low, high = int(values.min()), int(values.max())
        if high - low < NARROW:
            return list(range(low, high + 1)), (values - np.int64(low)).astype(np.uint16)
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    levels = encoded.dictionary.to_pylist()
    index = encoded.indices
    if index.null_count:
        index = pc.fill_null(index, len(levels))
        levels.append(None)
    return levels, index.to_numpy(zero_copy_only=False)


def _add_cells(cells: Counter[Key], axes: Sequence[tuple[Sequence[str | None], Codes]]) -> None:
    shape = tuple(len(levels) for levels, _ in axes)
    size = prod(shape)
    kind = np.dtype(np.uint16 if size < 1 << 16 else np.int64)  # of the small ones four times as many fit
    place: Codes = np.zeros(len(axes[0][1]), dtype=kind)
    for levels, index in axes:
        np.multiply(place, kind.type(len(levels)), out=place)
        np.add(place, index.astype(kind, copy=False), out=place)
    rows = np.bincount(place, minlength=size)
    for at in np.flatnonzero(rows):
        where = np.unravel_index(at, shape)
        key = tuple(levels[int(spot)] for (levels, _), spot in zip(axes, where, strict=True))
        cells[key] += int(rows[at])


def _rows_with(labels: Sequence[Any], index: Codes) -> Bools | None:
    """Which rows have a label; None where all do."""
    there = np.array([not is_missing(value) for value in labels], dtype=np.bool_)
    return None if there.all() else there[index]


def _finite(column: pa.Array, name: str) -> Floats:
    score: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    if not np.isfinite(score.sum()):
        bad = int((~np.isfinite(score)).sum())
        if bad:
            raise CannotEvaluate(
                f"The score column {name} holds {bad:,} values or more that are no finite number."
            )
    return score


def _range_of(file: pq.ParquetFile, name: str) -> tuple[float, float]:
    """The least and the largest value, as the file itself says; 0 and 1 where it does not."""
    place = file.schema_arrow.names.index(name) if name in file.schema_arrow.names else -1
    if place < 0:
        raise CannotEvaluate(f"The data set lacks the score column {name}.")
    meta = file.metadata
    held = [meta.row_group(group).column(place).statistics for group in range(meta.num_row_groups)]
    if not held or any(one is None or not one.has_min_max for one in held):
        return 0.0, 1.0
    return min(float(one.min) for one in held), max(float(one.max) for one in held)


def _text(value: Any) -> str | None:
    return None if is_missing(value) else text_of(value)


def _band(text: str | None) -> str | None:
    try:
        return None if text is None else band_of(float(text))
    except ValueError:  # a band already
        return text


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _scores_json(scores: ScoreHistogram) -> dict[str, Any]:
    return {
        "span": list(scores.span),
        "rows": scores.rows.tolist(),
        "score": scores.score.tolist(),
        "squared": scores.squared,
    }


def _scores_from(given: Mapping[str, Any]) -> ScoreHistogram:
    rows = np.array(given["rows"], dtype=np.int64)
    weight = rows.astype(np.float64)
    low, high = given["span"]
    return ScoreHistogram(
        (low, high), rows, weight, weight, np.array(given["score"], dtype=np.float64), given["squared"]
    )
