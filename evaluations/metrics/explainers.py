"""SHAP values of a fitted model for original columns: exact for scikit-learn's trees and linear models, else
sampled.

Trees are explained on their raw output. TreeExplainer's probability output adds up but is wrong by up to
0.065 for boosted trees against brute force over all coalitions; the raw output is exact.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shap
from shap.utils._exceptions import ExplainerError, InvalidModelError

from evaluations.metrics.explain_columns import Coding
from evaluations.metrics.explain_output import (
    DECISION,
    LABEL_UNIT,
    LOG_ODDS,
    MARGIN,
    PROBABILITY,
    Answers,
    Progress,
    Target,
    is_log_odds,
    output_of,
    parts_of,
)
from evaluations.metrics.original_columns import sources
from evaluations.metrics.values import Floats

TREES = ("sklearn.ensemble", "sklearn.tree")
LINEAR = ("sklearn.linear_model",)
TREE, LINES, ORDERS = "TreeExplainer", "LinearExplainer", "PermutationExplainer"
BACKGROUND_ROWS = 30
FEW_COLUMNS = 30  # so many are worth two orders each
BATCH = 10
ADDITIVITY_TOLERANCE = 1e-3
"""Relative to the spread of the output; an exact explainer that misses more than this has not understood
the model."""


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

    @property
    def adds_up(self) -> bool:
        """Whether the gap is within the tolerance."""
        spread = max(1.0, float(np.ptp(self.output)))
        return self.additivity_error <= ADDITIVITY_TOLERANCE * spread


def exact(
    model: Any,
    rows: pd.DataFrame,
    target: Target,
    *,
    background: pd.DataFrame | None = None,
    interventional: bool = False,
) -> Explained | None:
    """By TreeExplainer or LinearExplainer; None where neither knows the model.

    A linear model is explained against the mean of `background` (the rows themselves where it is not given). Trees
    need none: the training rows that each node saw stand in for it, unless `interventional` asks for `background`.
    """
    preprocessing, estimator = parts_of(model)
    module = type(estimator).__module__
    if not module.startswith(TREES + LINEAR):
        return None
    origin = sources(preprocessing, rows.shape[1])
    if origin is None:
        return None
    table = _table(preprocessing, rows)
    is_tree = module.startswith(TREES)
    behind = None
    if background is not None and (interventional or not is_tree):
        behind = _table(preprocessing, background)
    if table.dtype.kind not in "iufb":
        return None
    try:
        explained = _by_shap(estimator, table, target, background=behind)
        return _checked(_summed(explained, origin, rows.shape[1]))
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


def _table(preprocessing: Any | None, rows: pd.DataFrame) -> Any:
    made: Any = rows if preprocessing is None else preprocessing.transform(rows)
    return np.asarray(made.toarray() if hasattr(made, "toarray") else made)


def _by_shap(estimator: Any, table: Floats, target: Target, *, background: Floats | None) -> Explained:
    is_tree = type(estimator).__module__.startswith(TREES)
    if is_tree:
        how = "tree_path_dependent" if background is None else "interventional"
        explainer = shap.TreeExplainer(estimator, data=background, feature_perturbation=how)
        found = explainer.shap_values(table, check_additivity=False)
    else:
        behind = table if background is None else background
        explainer = shap.LinearExplainer(estimator, shap.maskers.Independent(behind, max_samples=len(behind)))
        found = explainer.shap_values(table)
    values = np.asarray(found, dtype=np.float64)
    expected = np.asarray(explainer.expected_value, dtype=np.float64).reshape(-1)
    base = np.tile(expected, (len(table), 1))
    output, unit = _raw_output(estimator, table, target)
    by_class = values.ndim == 3
    return Explained(
        target.of(values, by_class=by_class),
        target.of(base if by_class else base[:, -1], by_class=by_class),
        target.of(output, by_class=output.ndim == 2),
        TREE if is_tree else LINES,
        unit,
    )


def _summed(explained: Explained, origin: list[int], columns: int) -> Explained:
    """One-hot columns summed back to the column that they come from."""
    found = np.zeros((len(explained.values), columns))
    np.add.at(found.T, np.array(origin), explained.values.T)
    return replace(explained, values=found)


def _checked(explained: Explained) -> Explained | None:
    """None where the values do not add up to the output."""
    return explained if explained.adds_up else None


def sampled(
    model: Any,
    rows: pd.DataFrame,
    target: Target,
    *,
    seed: int,
    progress: Progress,
    background: pd.DataFrame | None = None,
    background_rows: int = BACKGROUND_ROWS,
) -> Explained:
    """By random orders of the original columns against background rows (some of the rows themselves where none are
    given); works for every model."""
    behind = rows if background is None else background
    coding = Coding(pd.concat([rows, behind], ignore_index=True))
    codes = coding.encode(rows)
    unit, function = _function(model, rows, target)
    picked = np.random.default_rng(seed).permutation(len(behind))[:background_rows]
    explainer = shap.explainers.Permutation(
        lambda given: function(coding.decode(given)),
        shap.maskers.Independent(coding.encode(behind.iloc[picked])),
        seed=seed,
    )
    evaluations = (2 * rows.shape[1] + 1) * (2 if rows.shape[1] <= FEW_COLUMNS else 1)
    found, bases = [], []
    for start in range(0, len(codes), BATCH):
        part = explainer(codes[start : start + BATCH], max_evals=evaluations, silent=True)
        found.append(np.asarray(part.values))
        bases.append(np.asarray(part.base_values))
        progress(min(1.0, (start + BATCH) / len(codes)))
    values, base, output = np.concatenate(found), np.concatenate(bases), function(rows)
    if output.ndim == 2:
        values, base, output = (target.of(part, by_class=True) for part in (values, base, output))
    return Explained(values, base, output, ORDERS, unit)


def _raw_output(estimator: Any, table: Floats, target: Target) -> tuple[Floats, str]:
    if not target.is_class:
        return np.asarray(estimator.predict(table), dtype=np.float64), LABEL_UNIT
    if not hasattr(estimator, "decision_function"):
        return np.asarray(estimator.predict_proba(table), dtype=np.float64), PROBABILITY
    margin = np.asarray(estimator.decision_function(table), dtype=np.float64)
    if margin.ndim == 1 and hasattr(estimator, "predict_proba"):
        chance = np.asarray(estimator.predict_proba(table), dtype=np.float64)[:, 1]
        return margin, LOG_ODDS if is_log_odds(margin, chance) else MARGIN
    return margin, MARGIN


def _function(model: Any, rows: pd.DataFrame, target: Target) -> tuple[str, Answers]:
    """The explained output; for each row's own class the numbers of all classes, shape (n, classes)."""
    if target.predicted is None:
        output = output_of(model, rows, target)
        return output.unit, output.of
    if hasattr(model, "predict_proba"):
        return PROBABILITY, lambda given: np.asarray(model.predict_proba(given), dtype=np.float64)
    if hasattr(model, "decision_function"):
        return MARGIN, lambda given: np.asarray(model.decision_function(given), dtype=np.float64)
    decide, classes = target.decide, len(target.labels)
    if decide is None:
        raise TypeError("a classifier without probabilities, margins or decisions")
    return DECISION, lambda given: np.eye(classes)[decide(given)]
