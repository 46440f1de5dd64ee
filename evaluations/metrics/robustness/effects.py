"""What each disturbance does to the answers, and on which the model gives none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluations.metrics.binary import rate
from evaluations.metrics.robustness.answers import Ask, ModelFailed, Undisturbed
from evaluations.metrics.robustness.disturb import FAMILIES, Disturbance, probes
from evaluations.metrics.robustness.drops import CONVENTION, Drop, Paired
from evaluations.metrics.robustness.features import Feature
from evaluations.metrics.robustness.scenarios import CONVENTION as SCENARIO_CONVENTION
from evaluations.metrics.values import Check, Column, Estimate, Measured, Table

PROBE_ROWS, SHOWN_COLUMNS = 50, 20
NAMES = {"roc_auc": "AUC", "accuracy": "Accuracy", "rmse": "RMSE"}
ANSWERS = "The model answers disturbed rows"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one disturbance did: metric, share of rows with another answer, mean |change|; or why nothing came back."""

    disturbance: Disturbance
    drop: Drop | None = None
    flips: Estimate | None = None
    change: float | None = None
    failed: str = ""


def effect_of(ask: Ask, base: Undisturbed, paired: Paired, disturbance: Disturbance, *, seed: int) -> Effect:
    changed = disturbance.change(base.rows, np.random.default_rng(seed))
    try:
        after = ask(changed)
    except ModelFailed as failed:
        return Effect(disturbance, failed=str(failed))
    flips = base.flipped(after)
    change = float(np.abs(after.score - base.answers.score).mean())
    return Effect(disturbance, paired.drop(after), rate(int(flips.sum()), len(flips)), change)


def failing(
    ask: Ask, base: Undisturbed, features: Sequence[Feature], found: Sequence[Effect], *, seed: int
) -> list[Check]:
    """A check for each family of disturbances on which the model fails, with the columns that make it."""
    failed = [effect for effect in found if effect.failed]
    if not failed:
        said = f"The model answered under all {len(found)} disturbances."
        return [Check("answers", ANSWERS, True, said)]
    checks = []
    few = Undisturbed(base.rows.iloc[:PROBE_ROWS], base.answers, base.step)
    for family in dict.fromkeys(effect.disturbance.family for effect in failed):
        why = {probe.column: _failure(ask, few, probe, seed=seed) for probe in probes(features, family)}
        columns = [column for column, said in why.items() if said]
        if columns:
            what, first = probes(features, family)[0].label, why[columns[0]]
            said = f"The model fails on {what} in {_listed(columns)}. It says: {first}"
            checks.append(Check(f"answers.{family}", ANSWERS, False, said, _listed(columns)))
            continue
        first_of = next(effect for effect in failed if effect.disturbance.family == family)
        said = f"The model fails under “{first_of.disturbance.label}”. It says: {first_of.failed}"
        checks.append(Check(f"answers.{family}", ANSWERS, False, said, first_of.disturbance.column))
    return checks


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - SHOWN_COLUMNS} more" if len(columns) > SHOWN_COLUMNS else ""
    return ", ".join(columns[:SHOWN_COLUMNS]) + more


def _failure(ask: Ask, few: Undisturbed, probe: Disturbance, *, seed: int) -> str:
    try:
        ask(probe.change(few.rows, np.random.default_rng(seed)))
    except ModelFailed as failed:
        return str(failed)
    return ""


def measured(found: Sequence[Effect], paired: Paired, checks: list[Check]) -> Measured:
    n = len(paired.truth)
    failures = sum(bool(effect.failed) for effect in found)
    overall: dict[str, Estimate] = {}
    said: dict[str, str] = {}
    worst = _largest(found)
    if worst is not None and worst.drop is not None:
        overall["worst_drop"] = worst.drop.drop
        said["worst_drop"] = f"{NAMES[paired.metric]} lost under “{worst.disturbance.label}”. {CONVENTION}"
    for family in dict.fromkeys(effect.disturbance.family for effect in found):
        part = [effect for effect in found if effect.disturbance.family == family]
        how = FAMILIES.get(family, f"Scenarios of the settings. {SCENARIO_CONVENTION}")
        largest = _largest(part)
        nothing = Estimate(None, None, None, n)
        overall[f"{family}_drop"] = nothing if largest is None or largest.drop is None else largest.drop.drop
        flips = [effect.flips for effect in part if effect.flips is not None]
        overall[f"{family}_flips"] = max(flips, key=lambda flip: flip.value or 0.0, default=nothing)
        of = (
            "nothing: the model fails"
            if largest is None
            else f"“{largest.disturbance.label}”, the worst of these"
        )
        said[f"{family}_drop"] = f"{NAMES[paired.metric]} lost under {of}. {how} {CONVENTION}"
        said[f"{family}_flips"] = f"The most that one of these changes. {how} Wilson interval."
    overall["failed_disturbances"] = Estimate(float(failures), None, None, len(found))
    said["failed_disturbances"] = (
        f"How many of {len(found)} disturbances made the model fail instead of answer."
    )
    return Measured(
        overall, said, curves={"drops": _points(found, paired)}, tables=[_table(found, paired)], checks=checks
    )


def _largest(found: Sequence[Effect]) -> Effect | None:
    known = [effect for effect in found if effect.drop is not None and effect.drop.drop.value is not None]
    return max(known, key=lambda effect: effect.drop.drop.value or 0.0, default=None)  # type: ignore[union-attr]


def _points(found: Sequence[Effect], paired: Paired) -> dict[str, Any]:
    points = []
    for effect in found:
        drop = None if effect.drop is None else effect.drop.drop
        points.append(
            {
                "family": effect.disturbance.family,
                "label": effect.disturbance.label,
                "drop": drop and drop.value,
                "low": drop and drop.low,
                "high": drop and drop.high,
                "flips": effect.flips and effect.flips.value,
                "failed": bool(effect.failed),
            }
        )
    return {"metric": NAMES[paired.metric], "before": paired.before, "points": points}


def _table(found: Sequence[Effect], paired: Paired) -> Table:
    name = NAMES[paired.metric]
    columns = (
        Column("Disturbance"),
        Column(f"{name} before", "number"),
        Column(f"{name} after", "number"),
        Column("Worse by", "number"),
        Column("95% interval", "interval"),
        Column("Decisions changed", "share"),
        Column("Mean change of output", "number"),
        Column("Failure"),
    )
    rows = []
    for effect in found:
        drop = effect.drop.drop if effect.drop else None
        rows.append(
            (
                effect.disturbance.label,
                paired.before,
                effect.drop.after if effect.drop else None,
                drop and drop.value,
                (drop.low, drop.high) if drop and drop.low is not None else None,
                effect.flips and effect.flips.value,
                effect.change,
                effect.failed,
            )
        )
    note = f"{len(paired.truth):,} rows. {' '.join(FAMILIES.values())}"
    return Table("disturbances", "What each disturbance costs", note, columns, rows)
