"""What moves a model's output: SHAP, shuffled columns, effects, interactions and a tree that imitates it.

Everything rests on seeded samples of the rows, so that the time does not grow with the data; the conventions say how
many rows each.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics import explain_shuffled as shuffled
from evaluations.metrics.explain_output import Output, Progress, Target, output_of
from evaluations.metrics.explain_parts import (
    effects_part,
    interactions_part,
    shuffled_part,
    surrogate_part,
)
from evaluations.metrics.explain_shap import explain_rows, firmness, sample, summed_up, with_other_background
from evaluations.metrics.values import Floats, Ints, Measured, together

SHUFFLED_ROWS, REPEATS, FEWEST_SHUFFLED, SHUFFLED_PREDICTIONS = 2_000, 5, 200, 400_000
EFFECT_ROWS, SURROGATE_ROWS = 2_000, 4_000
EFFECTS, INTERACTING = 6, 5
SCALE_ROWS = 500


def explain(
    model: Any,
    rows: pd.DataFrame,
    target: Target,
    *,
    seed: int,
    max_rows: int | None,
    progress: Progress,
    actual: Floats | None = None,
    hidden: Collection[str] = (),
) -> Measured:
    """Explain seeded samples of the rows; `target.predicted` holds one class per row of `rows`.

    `actual` is the truth of each row (0 and 1, places among the labels, or numbers); without it nothing is shuffled.
    Values of the columns in `hidden` do not enter what comes back.
    """
    rows = rows.reset_index(drop=True)
    explained, few, part = explain_rows(
        model, rows, target, seed=seed, max_rows=max_rows, progress=lambda share: progress(share * 0.5)
    )
    shap = summed_up(explained, few, part, of=len(rows), seed=seed, hidden=hidden)
    again = with_other_background(model, few, explained, part, everything=rows, seed=seed)
    progress(0.55)
    ranked = [feature["name"] for feature in shap.explanations["features"]]
    one = target.one_class()
    scale = rows.iloc[sample(len(rows), SCALE_ROWS, seed)]
    output = output_of(model, scale, one, unit=explained.unit)
    limit = max_rows or len(rows)
    parts = [shap, again, _columns_shuffled(output, rows, target, actual, shap, seed=seed, limit=limit)]
    progress(0.7)
    open_features = [name for name in ranked if name not in hidden]
    effect_rows = rows.iloc[sample(len(rows), min(EFFECT_ROWS, limit), seed)]
    parts.append(
        effects_part(
            output,
            effect_rows,
            open_features[:EFFECTS],
            one,
            seed=seed,
            held_back=sorted(set(ranked) & set(hidden)),
        )
    )
    progress(0.8)
    parts.append(interactions_part(output, rows, ranked[:INTERACTING], one, seed=seed))
    progress(0.95)
    imitated = rows.iloc[sample(len(rows), min(SURROGATE_ROWS, limit), seed)]
    parts.append(surrogate_part(output, imitated, target, seed=seed, hidden=hidden))
    whole = together(parts)
    return together([whole, Measured({}, {}, checks=[firmness(whole)])])


def _columns_shuffled(
    output: Output,
    rows: pd.DataFrame,
    target: Target,
    actual: Floats | None,
    shap: Measured,
    *,
    seed: int,
    limit: int,
) -> Measured:
    """Permutation importance, as far as there is a truth that tells rows apart."""
    most = max(FEWEST_SHUFFLED, SHUFFLED_PREDICTIONS // (REPEATS * max(rows.shape[1], 1)))
    picked = sample(len(rows), min(SHUFFLED_ROWS, most, limit), seed)
    truth = None if actual is None else actual[picked]
    if truth is None or len(np.unique(truth)) < 2:
        return Measured(
            {}, {}, notes=["No column was shuffled: the rows hold no truth that differs between them."]
        )
    few = rows.iloc[picked].reset_index(drop=True)
    generator = np.random.default_rng([seed, 2])
    orders: Sequence[Ints] = [generator.permutation(len(few)) for _ in range(REPEATS)]
    decide = target.decide
    if target.predicted is not None and decide is not None:
        skill, words = shuffled.balanced_accuracy(truth), "balanced accuracy"
        found = shuffled.drops(lambda given: np.asarray(decide(given), dtype=np.float64), few, skill, orders)
    elif target.is_class:
        skill, words = shuffled.auc(truth), "AUC"
        found = shuffled.drops(output.of, few, skill, orders)
    else:
        skill, words = shuffled.r2(truth), "R²"
        found = shuffled.drops(output.of, few, skill, orders)
    return shuffled_part(words, found, shap, rows=len(few), repeats=REPEATS)
