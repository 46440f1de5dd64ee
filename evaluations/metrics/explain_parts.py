"""Figures, tables and words of each way to look into a model."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics import bootstrap
from evaluations.metrics import explain_interactions as acting
from evaluations.metrics.explain_effects import ICE_ROWS, INTERVALS, MOST_LEVELS, Effect, effect_of
from evaluations.metrics.explain_output import Output, Target
from evaluations.metrics.explain_shuffled import Drop
from evaluations.metrics.explain_stability import rank_correlation
from evaluations.metrics.explain_surrogate import DEPTH, surrogate
from evaluations.metrics.values import Column, Estimate, Measured, Table, number

DRAWN_DIGITS = 4


def shuffled_part(
    metric: str,
    found: tuple[float, tuple[float, float], list[Drop]],
    shap: Measured,
    *,
    rows: int,
    repeats: int,
) -> Measured:
    """Permutation importance, and whether it ranks the features as SHAP does."""
    value, (low, high), drops = found
    ordered = sorted(drops, key=lambda drop: (-drop.value, drop.name))
    by_shap = {feature["name"]: feature["importance"] for feature in shap.explanations["features"]}
    same = rank_correlation(
        np.array([drop.value for drop in drops]), np.array([by_shap[drop.name] for drop in drops])
    )
    table = Table(
        "permutation",
        "Permutation importance",
        f"How much {metric} is lost when a column is shuffled, so that it tells nothing any more. About 0: the "
        "model does as well without it.",
        (Column("Feature"), Column(f"Loss of {metric}", "number"), Column("95% interval", "interval")),
        [(drop.name, drop.value, (drop.low, drop.high)) for drop in ordered],
    )
    return Measured(
        {"importance_agreement": Estimate(same, None, None, rows)},
        {
            "permutation": f"{metric} as it is less {metric} with the column shuffled, mean of {repeats} shuffles of "
            f"{rows:,} rows drawn with the seed. 95% interval by the rows' influence on the metric (delta method).",
            "importance_agreement": "Spearman correlation of mean |SHAP| and permutation importance over features.",
        },
        explanations={
            "permutation": {
                "metric": metric,
                "value": value,
                "low": low,
                "high": high,
                "rows": rows,
                "repeats": repeats,
                "features": [
                    {"name": drop.name, "importance": drop.value, "low": drop.low, "high": drop.high}
                    for drop in ordered
                ],
            }
        },
        tables=[table],
    )


def effects_part(
    output: Output,
    rows: pd.DataFrame,
    names: Sequence[str],
    target: Target,
    *,
    seed: int,
    held_back: Sequence[str],
) -> Measured:
    """ALE and ICE of the features that matter most."""
    rows = rows.reset_index(drop=True)
    found = {name: effect_of(output.of, rows, name, seed=seed) for name in names}
    still = [name for name, effect in found.items() if effect is None]
    notes = [f"Nothing moves {', '.join(still)}: one value in all rows that were looked at."] if still else []
    if held_back:
        notes.append(
            f"Values of {', '.join(held_back)} are confidential: no effects are drawn, and ranks and bounds "
            "are held back."
        )
    convention = (
        f"ALE of {target.words()} in {output.unit}, centred on the mean row, over {len(rows):,} rows drawn with the "
        f"seed; {INTERVALS} intervals with about as many rows each, or the {MOST_LEVELS} most common values in the "
        f"order in which they resemble each other. Pointwise 95% intervals by the variance of the local effects. ICE: "
        f"{ICE_ROWS} rows, centred likewise."
    )
    effects = [_effect(effect) for effect in found.values() if effect is not None]
    return Measured(
        {},
        {"effects": convention},
        explanations={"effects": effects, "effects_of": target.words(), "effects_in": output.unit},
        notes=notes,
    )


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "feature": effect.name,
        "ordered": effect.ordered,
        "grid": list(effect.grid),
        "value": effect.value,
        "low": effect.low,
        "high": effect.high,
        "ice": [[number(value, DRAWN_DIGITS) for value in line] for line in effect.ice],
        "n": effect.n,
        "left_out": effect.left_out,
    }


def interactions_part(
    output: Output, rows: pd.DataFrame, names: Sequence[str], target: Target, *, seed: int
) -> Measured:
    """Friedman's H of the features that matter most, two by two."""
    if len(names) < 2:
        nothing = {"strongest_interaction": Estimate(None, None, None, len(rows))}
        return Measured(nothing, {"strongest_interaction": "One feature has nothing to act together with."})
    found = acting.interactions(output.of, rows, names, seed=seed)
    strongest, looked_at = found[0], min(acting.SAMPLES * acting.SAMPLE_ROWS, len(rows))
    size = f"Size in {output.unit}"
    table = Table(
        "interactions",
        "Features that act together",
        "H: how much of the joint effect of two features is more than the sum of both; 0 means that they simply add "
        "up, 1 that only both together matter. A high H of a small size matters little.",
        (
            Column("Feature"),
            Column("and"),
            Column("H", "number"),
            Column("95% interval", "interval"),
            Column(size, "number"),
        ),
        [
            (one.first, one.second, one.share, None if one.low is None else (one.low, one.high), one.size)
            for one in found
        ],
    )
    said = (
        f"Friedman's H of the pair with the largest joint effect, of {target.words()} in {output.unit}: mean over "
        f"{acting.SAMPLES} samples of {acting.SAMPLE_ROWS} rows, t interval over the samples. Size: root mean square "
        "of what is joint."
    )
    return Measured(
        {"strongest_interaction": Estimate(strongest.share, strongest.low, strongest.high, looked_at)},
        {"strongest_interaction": said},
        tables=[table],
    )


def surrogate_part(
    output: Output, rows: pd.DataFrame, target: Target, *, seed: int, hidden: Collection[str]
) -> Measured:
    """A tree of a few questions that imitates the model."""
    rows = rows.reset_index(drop=True)
    decided = None if target.decide is None else target.decide(rows)
    numbers = None if target.predicted is not None else output.of(rows)
    found = surrogate(rows, numbers, decided, seed=seed, hidden=hidden)
    overall = {}
    if found.r2 is not None:
        overall["surrogate_r2"] = found.r2
    if found.agreement is not None:
        overall["surrogate_agreement"] = found.agreement
    columns = [Column("Where"), Column("Share of rows", "share")]
    columns += [Column(f"Output, {output.unit}", "number")] if numbers is not None else []
    columns += [Column("Decided")] if decided is not None else []
    table = Table(
        "surrogate",
        "The model in a few rules",
        "A shallow tree that imitates the model. It stands for the model only as far as its fidelity says.",
        columns,
        [
            (
                rule.words,
                rule.share,
                *([rule.value] if numbers is not None else []),
                *([_label(target, rule.label)] if decided is not None else []),
            )
            for rule in found.rules
        ],
    )
    split = (
        f"A decision tree of depth {DEPTH}, fitted to the model's answers on one half of {len(rows):,} rows and judged "
        "on the other half"
    )
    return Measured(
        overall,
        {
            "surrogate_r2": f"{split}: R² of the tree's output against the model's. "
            f"{bootstrap.convention((len(rows) + 1) // 2)}",
            "surrogate_agreement": f"{split}: how often both decide the same. 95% interval by Wilson (1927).",
        },
        tables=[table],
    )


def _label(target: Target, place: int | None) -> str | None:
    return None if place is None else target.labels[place]
