"""SHAP values of a fitted model for original columns: exact for scikit-learn's trees and linear models, else
sampled.

Trees are explained on their raw output. TreeExplainer's probability output adds up but is wrong by up to
0.065 for boosted trees against brute force over all coalitions; the raw output is exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shap
from shap.utils._exceptions import ExplainerError, InvalidModelError

from evaluations.metrics.groups import is_missing
from evaluations.metrics.original_columns import sources
from evaluations.metrics.values import Floats, Ints

TREES = ("sklearn.ensemble", "sklearn.tree")
LINEAR = ("sklearn.linear_model",)
BACKGROUND_ROWS = 30
LARGEST_CHANCE = 1 - 1e-6
ADDITIVITY_TOLERANCE = 1e-3
"""Relative to the spread of the output; an exact explainer that misses more than this has not understood
the model."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Target:
    """What is explained: a regression (neither is given), one class of two, or each row's predicted class."""

    positive: int | None = None
    predicted: Ints | None = None

    @property
    def is_class(self) -> bool:
        """Whether a class is explained rather than a number."""
        return self.positive is not None or self.predicted is not None

    def of(self, found: Floats, *, by_class: bool) -> Floats:
        """The explained output's numbers; `by_class` says that the last axis holds the classes.

        Without that axis a binary model speaks of its second class, and the first one's numbers are the
        negatives.
        """
        if by_class and found.shape[-1] == 1:
            return np.asarray(found[..., 0])
        if by_class and self.predicted is not None:
            return np.asarray(found[np.arange(len(found)), ..., self.predicted])
        if by_class:
            return np.asarray(found[..., self.positive])
        if self.predicted is not None:
            raise ValueError("no values for each class")
        return -found if self.positive == 0 else found


@dataclass(frozen=True, slots=True)
class Explained:
    """SHAP values, shape (rows, columns), that add up with `base` to `output`, both of shape (rows,)."""

    values: Floats
    base: Floats
    output: Floats
    method: str
    unit: str

    @property
    def additivity_error(self) -> float:
        """Largest gap between a row's output and what its values add up to; under 1e-9 it is rounding,
        which is left out."""
        return round(float(np.max(np.abs(self.base + self.values.sum(axis=1) - self.output))), 9)


def exact(model: Any, rows: pd.DataFrame, target: Target) -> Explained | None:
    """By TreeExplainer or LinearExplainer; None where neither knows the model."""
    preprocessing, estimator = parts_of(model)
    module = type(estimator).__module__
    if not module.startswith(TREES + LINEAR):
        return None
    origin = sources(preprocessing, rows.shape[1])
    if origin is None:
        return None
    table: Any = rows if preprocessing is None else preprocessing.transform(rows)
    dense = np.asarray(table.toarray() if hasattr(table, "toarray") else table)
    if dense.dtype.kind not in "iufb":
        return None
    try:
        return _checked(_by_shap(estimator, dense, target, origin=origin, columns=rows.shape[1]))
    except (
        ExplainerError,
        InvalidModelError,
        TypeError,
        ValueError,
        AttributeError,
        NotImplementedError,
        IndexError,
    ):
        return None  # shap says in as many ways that it does not know a model; sampling knows every one


def _by_shap(estimator: Any, table: Floats, target: Target, *, origin: list[int], columns: int) -> Explained:
    if type(estimator).__module__.startswith(TREES):
        explainer = shap.TreeExplainer(estimator, feature_perturbation="tree_path_dependent")
        found = explainer.shap_values(table, check_additivity=False)
    else:
        explainer = shap.LinearExplainer(estimator, shap.maskers.Independent(table, max_samples=len(table)))
        found = explainer.shap_values(table)
    values = np.asarray(found, dtype=np.float64)
    expected = np.asarray(explainer.expected_value, dtype=np.float64).reshape(-1)
    base = np.tile(expected, (len(table), 1))
    output, unit = _raw_output(estimator, table, target)
    by_class = values.ndim == 3
    return Explained(
        _summed(target.of(values, by_class=by_class), origin, columns),
        target.of(base if by_class else base[:, -1], by_class=by_class),
        target.of(output, by_class=output.ndim == 2),
        "TreeExplainer" if type(estimator).__module__.startswith(TREES) else "LinearExplainer",
        unit,
    )


def _checked(explained: Explained) -> Explained | None:
    """None where the values do not add up to the output."""
    spread = max(1.0, float(np.ptp(explained.output)))
    return explained if explained.additivity_error <= ADDITIVITY_TOLERANCE * spread else None


def sampled(model: Any, rows: pd.DataFrame, target: Target, *, seed: int, progress: Progress) -> Explained:
    """By random permutations of the original columns against a background of rows; works for every model."""
    coding = Coding(rows)
    codes = coding.encode(rows)
    unit, function = _function(model, target)
    background = codes[np.random.default_rng(seed).permutation(len(codes))[:BACKGROUND_ROWS]]
    explainer = shap.explainers.Permutation(
        lambda given: function(coding.decode(given)), shap.maskers.Independent(background), seed=seed
    )
    evaluations = (2 * rows.shape[1] + 1) * (2 if rows.shape[1] <= BACKGROUND_ROWS else 1)
    found, bases = [], []
    for start in range(0, len(codes), 10):
        part = explainer(codes[start : start + 10], max_evals=evaluations, silent=True)
        found.append(np.asarray(part.values))
        bases.append(np.asarray(part.base_values))
        progress(min(1.0, (start + 10) / len(codes)))
    values, base, output = np.concatenate(found), np.concatenate(bases), function(rows)
    if output.ndim == 2:
        values, base, output = (target.of(part, by_class=True) for part in (values, base, output))
    return Explained(values, base, output, "PermutationExplainer", unit)


def parts_of(model: Any) -> tuple[Any | None, Any]:
    """Preprocessing (None where there is none) and the estimator that decides; a fixed threshold changes
    no score."""
    steps: list[Any] = []
    while True:
        if type(model).__name__ in {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}:
            model = model.estimator_
        elif type(model).__name__ == "Pipeline" and hasattr(model, "steps"):
            if len(model.steps) > 1:
                steps.append(model[:-1])
            model = model.steps[-1][1]
        else:
            break
    if len(steps) > 1:
        return type(steps[0])([(f"part{place}", step) for place, step in enumerate(steps)]), model
    return (steps[0] if steps else None), model


class Coding:
    """Columns as numbers and back: shap's maskers mix rows only as numbers."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._columns = list(rows.columns)
        self._types = dict(rows.dtypes)
        self._known: dict[Any, list[Any]] = {
            name: _different(rows[name]) for name in rows if not _is_number(rows[name])
        }

    def encode(self, rows: pd.DataFrame) -> Floats:
        """Numbers as they are, anything else as its place among the different values."""
        found = np.empty(rows.shape, dtype=np.float64)
        for place, name in enumerate(self._columns):
            if name in self._known:
                code = {value: index for index, value in enumerate(self._known[name])}
                found[:, place] = [code[None if is_missing(value) else value] for value in rows[name]]
            else:
                found[:, place] = rows[name].to_numpy(dtype=np.float64)
        return found

    def decode(self, codes: Floats) -> pd.DataFrame:
        """The rows again, with their types."""
        columns = {}
        for place, name in enumerate(self._columns):
            if name in self._known:
                known = pd.array(self._known[name], dtype=self._types[name])
                columns[name] = pd.Series(known.take(codes[:, place].astype(np.int64)))
            else:
                columns[name] = pd.Series(codes[:, place]).astype(self._types[name])
        return pd.DataFrame(columns, columns=self._columns)


def _is_number(column: "pd.Series[Any]") -> bool:
    return column.dtype.kind in "iuf" and isinstance(column.dtype, np.dtype)


def _different(column: "pd.Series[Any]") -> list[Any]:
    return list(dict.fromkeys(None if is_missing(value) else value for value in column))


def _raw_output(estimator: Any, table: Floats, target: Target) -> tuple[Floats, str]:
    if not target.is_class:
        return np.asarray(estimator.predict(table), dtype=np.float64), "the label's unit"
    if hasattr(estimator, "decision_function"):
        unit = "log-odds" if hasattr(estimator, "predict_proba") else "margin"
        return np.asarray(estimator.decision_function(table), dtype=np.float64), unit
    return np.asarray(estimator.predict_proba(table), dtype=np.float64), "probability"


def _summed(values: Floats, origin: list[int], columns: int) -> Floats:
    found = np.zeros((len(values), columns))
    np.add.at(found.T, np.array(origin), values.T)
    return found


def _function(model: Any, target: Target) -> tuple[str, Callable[[pd.DataFrame], Floats]]:
    if not target.is_class:
        return "the label's unit", lambda rows: np.asarray(model.predict(rows), dtype=np.float64).reshape(-1)
    if not hasattr(model, "predict_proba"):
        margin = model.decision_function
        if target.positive is None:
            return "margin", lambda rows: np.asarray(margin(rows), dtype=np.float64)
        return "margin", lambda rows: target.of(np.asarray(margin(rows), dtype=np.float64), by_class=False)
    if target.positive is None:
        return "probability", lambda rows: np.asarray(model.predict_proba(rows), dtype=np.float64)
    return "log-odds", lambda rows: _log_odds(np.asarray(model.predict_proba(rows))[:, target.positive])


def _log_odds(chance: Any) -> Floats:
    held = np.clip(np.asarray(chance, dtype=np.float64), 1 - LARGEST_CHANCE, LARGEST_CHANCE)
    return np.asarray(np.log(held / (1 - held)), dtype=np.float64)
