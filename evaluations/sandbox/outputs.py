"""Truth and answers of the kinds of model that give neither one class nor one number a row for itself: labels by the
set, places in an order, values in time. And the settings that say which column is what."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evaluations.metrics.forecasting import Series
from evaluations.metrics.multilabel import Multilabel
from evaluations.metrics.values import Bools, Floats, Ints
from evaluations.sandbox.job import CannotEvaluate, Job
from evaluations.sandbox.table import listed, need_columns, numbers, texts

if TYPE_CHECKING:
    from evaluations.sandbox.given import Given

YES, NO = {"1", "True", "true", "yes"}, {"0", "False", "false", "no"}


def weights(job: Job, rows: pd.DataFrame) -> Floats | None:
    """The weight of each row, shape (n,), where the settings name a column of weights."""
    name = job.config.get("weight")
    if name is None:
        return None
    need_columns(rows, [name], "the column of weights")
    found = numbers(rows[name], "The column of weights")
    if (found < 0).any():
        raise CannotEvaluate(
            f"Column {name} holds {int((found < 0).sum()):,} weights below 0; a weight is 0 or more."
        )
    if not found.any():
        raise CannotEvaluate(f"Every weight in column {name} is 0, so no row counts.")
    return found


def column_of(job: Job, rows: pd.DataFrame, setting: str, what: str) -> Any:
    """The values of the column that a setting names."""
    name = job.config.get(setting)
    if not name:
        raise CannotEvaluate(f'Say which column {what}: the setting "{setting}".')
    need_columns(rows, [name], f"the column of the setting {setting}:")
    column = rows[name]
    missing = int(column.isna().sum())
    if missing:
        raise CannotEvaluate(f"Column {name} ({setting}) is empty in {missing:,} rows.")
    return column


def numbered(given: "Given", what: str) -> Floats:
    """The number that the model, or a column, gives each row, shape (n,)."""
    job = given.job
    if given.model is not None:
        found = np.asarray(given.model.predict(given.features()))
        if found.ndim > 1 and found.shape[1:] != (1,):
            raise CannotEvaluate(
                f"The model gives {found.shape[1]:,} values a row, and {what} is one number a row."
            )
        return numbers(pd.Series(of_length(found.reshape(-1), given.rows), name="predict"), "The prediction")
    name = job.score or job.prediction
    if name is None:
        raise CannotEvaluate("There is no model, and the data set names no prediction and no score column.")
    need_columns(given.rows, [name], "the prediction column")
    return numbers(given.rows[name], "The prediction")


def of_length(found: Any, rows: pd.DataFrame) -> Any:
    """The answers, if there is one for each row."""
    if len(found) != len(rows):
        raise CannotEvaluate(f"The model gave {len(found):,} predictions for {len(rows):,} rows.")
    return found


@dataclass(frozen=True, slots=True)
class Ranked:
    """Arrays of shape (n,); `query` numbers the queries from 0."""

    relevance: Floats
    score: Floats
    query: Ints


def ranking(given: "Given") -> Ranked:
    """How relevant each item is, how the model scores it, and for which query."""
    asked = column_of(given.job, given.rows, "query", "says which items belong to one query")
    query = np.unique(texts(asked).astype(str), return_inverse=True)[1].astype(np.int64)
    relevance = numbers(given.rows[given.job.label], "The label column")
    return Ranked(relevance, numbered(given, "a ranking's score"), query)


@dataclass(frozen=True, slots=True)
class Timed:
    """Series in order of time, and where each of their rows stands in the data set, shape (n,)."""

    series: Series
    order: Ints


def forecasting(given: "Given") -> Timed:
    """Actual and foretold values in order of series and time."""
    job, rows = given.job, given.rows
    moments = _moments(column_of(job, rows, "time", "holds the time"))
    names: tuple[str, ...] = ()
    series = np.zeros(len(rows), dtype=np.int64)
    if job.config.get("series"):
        found = texts(column_of(job, rows, "series", "names the series")).astype(str)
        kinds, place = np.unique(found, return_inverse=True)
        names, series = tuple(str(kind) for kind in kinds), place.astype(np.int64)
    time = np.unique(moments, return_inverse=True)[1].astype(np.int64)
    order = np.lexsort((time, series))
    twice = (np.diff(series[order]) == 0) & (np.diff(time[order]) == 0)
    if twice.any():
        where = int(order[np.flatnonzero(twice)[0]])
        raise CannotEvaluate(
            f"{int(twice.sum()):,} rows have the time of the row before in their series; the first is "
            f"{rows[job.config['time']].iloc[where]}. Name the column of the series in the setting series."
        )
    actual = numbers(rows[job.label], "The label column")
    predicted = numbered(given, "a forecast")
    season = int(job.config.get("season", 1))
    data = Series(actual[order], predicted[order], series[order], time[order], season, names)
    return Timed(data, order)


def _moments(column: Any) -> Any:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64)
    found = pd.to_datetime(column, errors="coerce", utc=True)
    bad = int(found.isna().sum())
    if bad:
        raise CannotEvaluate(
            f"Column {column.name} holds {bad:,} values that are no time; write them as 2026-11-21 or "
            "2026-11-21T10:00."
        )
    return found.to_numpy()


def multilabel(given: "Given") -> Multilabel:
    """Which labels each row has, and which it was given."""
    job, rows = given.job, given.rows
    names = [str(name) for name in job.config.get("labels") or ()]
    if not names:
        raise CannotEvaluate('Say which columns hold the labels, each 0 or 1: the setting "labels".')
    need_columns(rows, names, "the label columns")
    actual = np.column_stack([_flags(rows[name], f"Column {name}") for name in names])
    if given.model is None:
        columns = [str(name) for name in job.config.get("predictions") or ()]
        if len(columns) != len(names):
            raise CannotEvaluate(
                'There is no model; name a column of predictions for each label: the setting "predictions".'
            )
        need_columns(rows, columns, "the prediction columns")
        said = np.column_stack([_flags(rows[name], f"Column {name}") for name in columns])
        return Multilabel(names, actual, said)
    features = given.features()
    found = of_length(np.asarray(given.model.predict(features)), rows)
    if found.ndim != 2 or found.shape[1] != len(names):
        gives = found.shape[1] if found.ndim == 2 else 1
        raise CannotEvaluate(
            f"The model gives {gives:,} labels a row, and the settings name {len(names):,}: {listed(names)}."
        )
    said = np.column_stack([_flags(pd.Series(column), "The model's prediction") for column in found.T])
    return Multilabel(names, actual, said, _chances(given, features, len(names)))


def _chances(given: "Given", features: pd.DataFrame, size: int) -> Floats | None:
    """Probability of each label, shape (n, labels); scikit-learn gives a list of (n, 2) or one (n, labels)."""
    if not hasattr(given.model, "predict_proba"):
        return None
    said = given.model.predict_proba(features)
    if isinstance(said, list):
        if any(part.shape[1] != 2 for part in said):  # a label that the training data never had, or always
            return None
        said = np.column_stack([part[:, 1] for part in said])
    found: Floats = np.asarray(said, dtype=np.float64)
    if found.shape != (len(features), size):
        return None
    if not np.isfinite(found).all():
        raise CannotEvaluate(
            f"The model gave no finite probability for {int((~np.isfinite(found)).any(axis=1).sum()):,} rows."
        )
    return found


def _flags(column: Any, what: str) -> Bools:
    found = texts(column)
    unknown = sorted(set(found) - YES - NO)
    if unknown:
        raise CannotEvaluate(f"{what} holds {listed(unknown)}; a label is 0 or 1.")
    return np.isin(found.astype(str), sorted(YES))
