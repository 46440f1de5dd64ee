"""What moves a model's output: mean |SHAP| of each original column, and a sample of the values behind it."""

from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics import bootstrap
from evaluations.metrics.explainers import Explained, Progress, Target, exact, sampled
from evaluations.metrics.intervals import midranks
from evaluations.metrics.values import Estimate, Floats, Measured, number

EXACT_ROWS, SAMPLED_ROWS = 500, 100
DRAWN_ROWS, DRAWN_FEATURES, DRAWN_DIGITS = 200, 12, 4
PREDICTED_CLASS = "each row's predicted class"


def explain(
    model: Any, rows: pd.DataFrame, target: Target, *, seed: int, max_rows: int | None, progress: Progress
) -> Measured:
    """Explain a seeded sample of the rows; `target.predicted` holds one class per row of `rows`."""
    picked = _sample(len(rows), max_rows or EXACT_ROWS, seed)
    explained = exact(model, rows.iloc[picked], _part(target, picked))
    if explained is None:
        picked = _sample(len(rows), min(max_rows or SAMPLED_ROWS, SAMPLED_ROWS), seed)
        explained = sampled(model, rows.iloc[picked], _part(target, picked), seed=seed, progress=progress)
    n = len(picked)
    return Measured(
        overall={
            "explained_rows": Estimate(float(n), None, None, n),
            "additivity_error": Estimate(explained.additivity_error, None, None, n),
        },
        conventions=_conventions(explained, target, n, len(rows)),
        explanations={"of": _explained_output(target), **_summary(explained, rows.iloc[picked], seed=seed)},
    )


def _sample(n: int, most: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.sort(np.random.default_rng(seed).permutation(n)[:most])


def _part(target: Target, picked: np.ndarray[Any, np.dtype[np.int64]]) -> Target:
    return target if target.predicted is None else Target(predicted=target.predicted[picked])


def _summary(explained: Explained, rows: pd.DataFrame, *, seed: int) -> dict[str, Any]:
    names = [str(name) for name in rows.columns]
    sizes = np.abs(explained.values)
    importance = sizes.mean(axis=0)
    low, high = _importance_bounds(sizes, importance, seed=seed)
    order = sorted(range(len(names)), key=lambda place: (-importance[place], names[place]))
    drawn = _sample(len(rows), DRAWN_ROWS, seed)
    return {
        "method": explained.method,
        "output": explained.unit,
        "base_value": float(explained.base.mean()),
        "rows": len(rows),
        "features": [
            {"name": names[place], "importance": importance[place], "low": low[place], "high": high[place]}
            for place in order
        ],
        "points": [
            {
                "feature": names[place],
                "values": _points(explained.values[:, place], rows.iloc[:, place], drawn),
            }
            for place in order[:DRAWN_FEATURES]
        ],
    }


def _importance_bounds(sizes: Floats, importance: Floats, *, seed: int) -> tuple[Floats, Floats]:
    n = len(sizes)
    drawn = np.array([weights @ sizes / n for weights in bootstrap.resampled_weights(n, seed=seed)])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return np.minimum(low, importance), np.maximum(high, importance)


def _points(
    values: Floats, column: "pd.Series[Any]", drawn: np.ndarray[Any, np.dtype[np.int64]]
) -> list[list[float | None]]:
    """Pairs of SHAP value and rank of the feature's value from 0 to 1; None where the feature has no
    order."""
    ranks: list[float | None] = [None] * len(column)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf" and len(column) > 1:
        numbers = column.to_numpy(dtype=np.float64)
        known = np.flatnonzero(~np.isnan(numbers))
        for place, rank in zip(known, midranks(numbers[known]), strict=True):
            ranks[place] = number((rank - 1) / max(len(known) - 1, 1), DRAWN_DIGITS)
    return [[number(values[place], DRAWN_DIGITS), ranks[place]] for place in drawn]


def _explained_output(target: Target) -> str:
    if target.predicted is not None:
        return PREDICTED_CLASS
    return "the model's output" if target.positive is None else "the positive class"


def _conventions(explained: Explained, target: Target, n: int, rows: int) -> dict[str, str]:
    how = (
        "the exact values of shap"
        if explained.method != "PermutationExplainer"
        else "sampled: random orders of the columns against a background of 30 rows"
    )
    return {
        "shap": f"{explained.method}, {how}; raw output, in {explained.unit}, of "
        f"{_explained_output(target)}. One-hot columns are summed back to the column they come from.",
        "importance": "Mean of |SHAP| over the explained rows. 95% percentile interval by bootstrap of "
        f"rows, {bootstrap.draws_for(n):,} resamples.",
        "explained_rows": f"{n:,} of {rows:,} rows, drawn with the seed.",
        "additivity_error": "Largest gap between a row's output and the sum of its SHAP values and the base "
        f"value, in {explained.unit}.",
    }
