"""SHAP values of a sample of rows, summed up: importances with intervals, dots to draw, and how firm they are."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics import bootstrap
from evaluations.metrics.explain_columns import is_number
from evaluations.metrics.explain_output import Progress, Target
from evaluations.metrics.explain_stability import over_backgrounds, over_halves
from evaluations.metrics.explainers import (
    ADDITIVITY_TOLERANCE,
    BACKGROUND_ROWS,
    ORDERS,
    TREE,
    Explained,
    exact,
    sampled,
)
from evaluations.metrics.intervals import midranks
from evaluations.metrics.values import Check, Estimate, Floats, Ints, Measured, number

EXACT_ROWS, SAMPLED_ROWS = 500, 100
AGAIN_ROWS, OTHER_BACKGROUND = {True: 200, False: 30}, 100
DRAWN_ROWS, DRAWN_FEATURES, DRAWN_DIGITS = 200, 12, 4
FIRM = 0.8
"""A rank correlation from which the order of the features counts as firm; a convention of ours, shown with it."""


def sample(n: int, most: int, seed: int) -> Ints:
    """Places of at most so many rows, drawn without replacement, rising."""
    return np.sort(np.random.default_rng(seed).permutation(n)[:most])


def explain_rows(
    model: Any, rows: pd.DataFrame, target: Target, *, seed: int, max_rows: int | None, progress: Progress
) -> tuple[Explained, pd.DataFrame, Target]:
    """The SHAP values of some rows, those rows, and what was explained of them."""
    picked = sample(len(rows), min(max_rows or EXACT_ROWS, len(rows)), seed)
    explained = exact(model, rows.iloc[picked], target.part(picked))
    if explained is None:
        picked = sample(len(rows), min(max_rows or SAMPLED_ROWS, SAMPLED_ROWS), seed)
        explained = sampled(model, rows.iloc[picked], target.part(picked), seed=seed, progress=progress)
    return explained, rows.iloc[picked].reset_index(drop=True), target.part(picked)


def summed_up(
    explained: Explained, rows: pd.DataFrame, target: Target, *, of: int, seed: int, hidden: Collection[str]
) -> Measured:
    """Importances with their intervals; `of` is how many rows there were to draw from."""
    names = [str(name) for name in rows.columns]
    sizes, n = np.abs(explained.values), len(rows)
    importance = sizes.mean(axis=0)
    low, high, share = _bounds(sizes, importance, seed=seed)
    order = sorted(range(len(names)), key=lambda place: (-importance[place], names[place]))
    drawn = sample(n, DRAWN_ROWS, seed)
    return Measured(
        overall={
            "top_feature_share": share,
            "rank_stability": over_halves(explained.values, seed=seed),
            "additivity_error": Estimate(explained.additivity_error, None, None, n),
            "explained_rows": Estimate(float(n), None, None, n),
        },
        conventions=_conventions(explained, target, n, of),
        explanations={
            "of": target.words(),
            "method": explained.method,
            "output": explained.unit,
            "base_value": float(explained.base.mean()),
            "rows": n,
            "features": [
                {
                    "name": names[place],
                    "importance": importance[place],
                    "low": low[place],
                    "high": high[place],
                }
                for place in order
            ],
            "points": [
                {
                    "feature": names[place],
                    "values": _points(
                        explained.values[:, place], rows.iloc[:, place], drawn, names[place] in hidden
                    ),
                }
                for place in order[:DRAWN_FEATURES]
            ],
        },
        checks=[_adds_up(explained)],
    )


def with_other_background(
    model: Any,
    rows: pd.DataFrame,
    explained: Explained,
    target: Target,
    *,
    everything: pd.DataFrame,
    seed: int,
) -> Measured:
    """The same rows explained against two other backgrounds, drawn from all rows apart from each other."""
    few = sample(len(rows), AGAIN_ROWS[explained.method != ORDERS], seed)
    order = np.random.default_rng([seed, 1]).permutation(len(everything))
    width = min(OTHER_BACKGROUND, len(everything) // 2)
    found = []
    for place in (0, 1) if width else ():
        behind = everything.iloc[order[place * width : (place + 1) * width]]
        part, of = rows.iloc[few], target.part(few)
        if explained.method == ORDERS:
            found.append(sampled(model, part, of, seed=seed, progress=_silent, background=behind))
        else:
            again = exact(model, part, of, background=behind, interventional=True)
            found += [again] if again else []
    if len(found) < 2:
        return Measured(
            {"background_stability": Estimate(None, None, None, len(few))},
            {"background_stability": "Needs a model that can be explained against rows of the data."},
        )
    stable = over_backgrounds(found[0].values, found[1].values, seed=seed)
    rows_behind = min(width, BACKGROUND_ROWS) if explained.method == ORDERS else width
    how = "interventional SHAP on the raw output" if explained.method == TREE else explained.method
    said = (
        f"Spearman correlation of mean |SHAP| of {len(few):,} rows under two backgrounds of {rows_behind:,} other rows "
        f"each ({how}). 95% percentile interval by bootstrap of the rows, 200 resamples."
    )
    return Measured({"background_stability": stable}, {"background_stability": said})


def firmness(found: Measured) -> Check:
    """Whether the order of the features holds for other rows and another background."""
    known = {
        name: found.overall[name].value
        for name in ("rank_stability", "background_stability")
        if name in found.overall
    }
    told = [value for value in known.values() if value is not None]
    title = "The order of the features is firm"
    if not told:
        return Check(
            "ranking_firm", title, None, "With fewer than two features that matter there is no order."
        )
    worst = min(told)
    said = f"The rank correlation between resamples is {worst:.2f}; firm is from {FIRM:g} on."
    return Check("ranking_firm", title, worst >= FIRM, said)


def _silent(share: float) -> None:
    """Progress of what is quick."""


def _adds_up(explained: Explained) -> Check:
    said = (
        f"The largest gap between an output and the sum of its SHAP values is {explained.additivity_error:.2g} "
        f"{explained.unit}; allowed is {ADDITIVITY_TOLERANCE:g} of the outputs' range (of 1 where that is smaller)."
    )
    return Check("additivity", "Explanations add up to the output", explained.adds_up, said)


def _bounds(sizes: Floats, importance: Floats, *, seed: int) -> tuple[Floats, Floats, Estimate]:
    """Intervals of the importances, and the share of the largest one in their sum, by bootstrap of rows."""
    n = len(sizes)
    drawn = np.array([weights @ sizes / n for weights in bootstrap.resampled_weights(n, seed=seed)])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    whole, top = float(importance.sum()), int(importance.argmax())
    share = Estimate(None, None, None, n)
    if whole > 0:
        value = float(importance[top]) / whole
        shares = drawn[:, top] / np.maximum(drawn.sum(axis=1), 1e-300)
        ends = np.percentile(shares, [2.5, 97.5])
        share = Estimate(value, min(float(ends[0]), value), max(float(ends[1]), value), n)
    return np.minimum(low, importance), np.maximum(high, importance), share


def _points(
    values: Floats, column: "pd.Series[Any]", drawn: Ints, is_hidden: bool
) -> list[list[float | None]]:
    """Pairs of SHAP value and rank of the feature's value from 0 to 1; None where the feature has no
    order or its values are held back."""
    ranks: list[float | None] = [None] * len(column)
    if is_number(column) and len(column) > 1 and not is_hidden:
        numbers = column.to_numpy(dtype=np.float64)
        known = np.flatnonzero(~np.isnan(numbers))
        for place, rank in zip(known, midranks(numbers[known]), strict=True):
            ranks[place] = number((rank - 1) / max(len(known) - 1, 1), DRAWN_DIGITS)
    return [[number(values[place], DRAWN_DIGITS), ranks[place]] for place in drawn]


def how_explained(method: str) -> str:
    """Which explainer, against what."""
    if method == TREE:
        return f"{TREE} of shap on the model's raw output, exact; background: the training rows that each node saw"
    if method != ORDERS:
        return f"{method} of shap, exact; the background are rows of the data"
    return f"{ORDERS} of shap, sampled: random orders of the columns against rows of the data as background"


def _conventions(explained: Explained, target: Target, n: int, rows: int) -> dict[str, str]:
    behind = (
        ""
        if explained.method == TREE
        else f" Background: {min(n, BACKGROUND_ROWS) if explained.method == ORDERS else n:,} rows."
    )
    by_rows = f"95% percentile interval by bootstrap of rows, {bootstrap.draws_for(n):,} resamples."
    return {
        "shap": f"{how_explained(explained.method)}; in {explained.unit}, of {target.words()}.{behind} "
        "One-hot columns are summed back to the column they come from.",
        "importance": f"Mean of |SHAP| over the explained rows. {by_rows}",
        "explained_rows": f"{n:,} of {rows:,} rows, drawn with the seed.",
        "additivity_error": "Largest gap between a row's output and the sum of its SHAP values and the base "
        f"value, in {explained.unit}.",
        "top_feature_share": f"Mean |SHAP| of the most important feature, as a share of the sum over all. {by_rows}",
        "rank_stability": "Spearman correlation of mean |SHAP| between random halves of the explained rows: mean of "
        "200 splits, and the range of 95% of them.",
    }
