"""Every disturbance, search and test of one model, as one result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from evaluations.metrics.robustness import adversarial, relations, sensitivity
from evaluations.metrics.robustness.answers import TOLERANCE, Ask, ModelFailed, Undisturbed, undisturbed
from evaluations.metrics.robustness.disturb import NOISE, catalogue
from evaluations.metrics.robustness.drops import Paired
from evaluations.metrics.robustness.effects import ANSWERS, effect_of, failing, measured
from evaluations.metrics.robustness.features import Feature, features_of
from evaluations.metrics.robustness.scenarios import scenarios
from evaluations.metrics.values import CannotMeasure, Check, Estimate, Floats, Measured, together

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asks for beyond the usual."""

    noise: Sequence[float] = NOISE
    monotone: Mapping[str, str] = field(default_factory=dict)
    invariant: Sequence[str] = ()
    scenarios: Sequence[Any] = ()
    bound: float = adversarial.BOUND


def robustness(
    ask: Ask,
    rows: pd.DataFrame,
    truth: Floats,
    kind: str,
    asked: Asked,
    *,
    output: str,
    seed: int,
    progress: Progress,
) -> Measured:
    """Measure. `rows` are the columns that the model takes, `truth` (n,) as in `drops.Paired`; `output` says in words
    what the watched output is."""
    names = [str(name) for name in rows.columns]
    relations.check_settings(names, asked.monotone, asked.invariant)
    written = scenarios(asked.scenarios, rows)
    try:
        base = undisturbed(ask, rows)
    except ModelFailed as failed:
        raise CannotMeasure(f"The model failed on the rows as they are: {failed}") from failed
    features = features_of(rows)
    paired = Paired(kind, truth, base.answers, seed=seed)
    found = []
    every = [*catalogue(features, asked.noise), *written]
    for place, disturbance in enumerate(every):
        progress(0.6 * place / len(every), f"Disturbing: {disturbance.label}")
        found.append(effect_of(ask, base, paired, disturbance, seed=seed + place))
    progress(0.6, "Searching for small changes that change decisions")
    parts = [
        measured(found, paired, failing(ask, base, features, found, seed=seed)),
        _attacked(ask, base, features, asked.bound, seed=seed),
        _related(ask, base, features, asked, seed=seed),
    ]
    progress(0.85, "Measuring sensitivity")
    parts.append(_sensitive(ask, base, features, output, seed=seed))
    whole = together([_about(output, len(rows)), *(part for part in parts if part is not None)])
    return replace(whole, conventions=dict(sorted(whole.conventions.items())))


def _attacked(
    ask: Ask, base: Undisturbed, features: Sequence[Feature], bound: float, *, seed: int
) -> Measured | None:
    try:
        found = adversarial.attack(ask, base, features, bound=bound, seed=seed)
    except ModelFailed as failed:
        said = f"The model fails on small changes of its numbers: {failed}"
        return Measured({}, {}, checks=[Check("answers.adversarial", ANSWERS, False, said)])
    if found is None:
        return Measured(
            {}, {}, notes=["There are no numbers among the inputs, so none were searched for weak spots."]
        )
    how = adversarial.CONVENTION.format(bound=found.bound, n=found.n)
    return Measured(
        {"adversarial_flips": found.flipped, "adversarial_step": found.smallest},
        {
            "adversarial_flips": f"Share of decisions that the search changed. {how} Wilson interval.",
            "adversarial_step": "Of the decisions that it changed, the median of the largest step in standard "
            f"deviations of its column; interval by order statistics. {how}",
        },
        tables=[found.examples],
    )


def _related(
    ask: Ask, base: Undisturbed, features: Sequence[Feature], asked: Asked, *, seed: int
) -> Measured | None:
    if not asked.monotone and not asked.invariant:
        return None
    picked = np.sort(np.random.default_rng(seed).permutation(len(base.rows))[: relations.ROWS])
    few = base.rows.iloc[picked].reset_index(drop=True)
    try:
        part = undisturbed(ask, few)
        ordered, examples = relations.monotone(ask, few, asked.monotone)
        unmoved = relations.invariant(ask, part, features, asked.invariant)
    except ModelFailed as failed:
        said = f"The model fails when a monotone or invariant column takes another of its values: {failed}"
        return Measured({}, {}, checks=[Check("answers.relations", ANSWERS, False, said)])
    overall, said_of = {}, {}
    for name, found, how in (
        ("monotone_violations", ordered, relations.MONOTONE_CONVENTION),
        ("invariance_flips", unmoved, relations.INVARIANT_CONVENTION),
    ):
        if found:
            worst = max(found, key=lambda relation: relation.share.value or 0.0)
            overall[name] = worst.share
            said_of[name] = f"Of {worst.feature}, the worst of {len(found)}. {how}"
    checks = [_relation_check(relation) for relation in [*ordered, *unmoved]]
    tables = [relations.table_of([*ordered, *unmoved]), *([examples] if examples.rows else [])]
    return Measured(overall, said_of, tables=tables, checks=checks)


def _relation_check(relation: relations.Relation) -> Check:
    share = relation.share.value or 0.0
    n = relation.share.n
    broken = round(share * n)
    if relation.wanted == "without effect":
        said = f"Another {relation.feature} alone changes the decision about {broken:,} of {n:,} rows ({share:.1%})."
        title = "Columns that must not matter do not"
        return Check(f"invariant.{relation.feature}", title, broken == 0, said, relation.feature)
    said = (
        f"The output is not {relation.wanted} in {relation.feature} for {broken:,} of {n:,} rows ({share:.1%}); the "
        f"largest step the wrong way is {relation.worst:.3g}."
    )
    title = "The output moves the way it must"
    return Check(f"monotone.{relation.feature}", title, broken == 0, said, relation.feature)


def _sensitive(
    ask: Ask, base: Undisturbed, features: Sequence[Feature], output: str, *, seed: int
) -> Measured:
    picked = np.sort(np.random.default_rng(seed).permutation(len(base.rows))[: sensitivity.ROWS])
    few = base.rows.iloc[picked].reset_index(drop=True)
    try:
        swings = sensitivity.one_at_a_time(ask, few, features)
        indices = sensitivity.sobol_of_model(ask, base.rows, seed=seed)
    except ModelFailed as failed:
        said = f"The model fails on combinations of values that the data does not hold: {failed}"
        return Measured({}, {}, checks=[Check("answers.sensitivity", ANSWERS, False, said)])
    names = [feature.name for feature in features]
    how = sensitivity.ONE_AT_A_TIME.format(n=len(few))
    curves: dict[str, Any] = {
        "swings": {
            "base": float(base.answers.score[picked].mean()),
            "output": output,
            "features": [
                {"name": s.name, "low": s.low, "high": s.high, "at_low": s.at_low, "at_high": s.at_high}
                for s in swings
            ],
        }
    }
    overall: dict[str, Estimate] = {}
    conventions = {"one_at_a_time": how}
    notes = []
    if indices is None:
        notes.append("The output is the same for every input that was drawn, so it has no Sobol indices.")
    else:
        order = sorted(range(len(names)), key=lambda place: -indices.total[place])
        overall["largest_sobol"] = indices.of(order[0])[1]
        conventions["largest_sobol"] = (
            f"Total index of {names[order[0]]}. {sensitivity.SOBOL_CONVENTION.format(n=indices.n)}"
        )
        curves["sobol"] = [_sobol_point(names[place], indices, place) for place in order]
    return Measured(overall, conventions, curves=curves, notes=notes)


def _sobol_point(name: str, indices: sensitivity.Indices, place: int) -> dict[str, Any]:
    first, total = indices.of(place)
    return {
        "name": name,
        "first": first.value,
        "first_low": first.low,
        "first_high": first.high,
        "total": total.value,
        "total_low": total.low,
        "total_high": total.high,
    }


def _about(output: str, n: int) -> Measured:
    """What is true of every figure."""
    said = {
        "output": f"Watched is {output}. Another decision of a regression is a change by more than {TOLERANCE:g} "
        "standard deviations of its undisturbed answers.",
        "rows": f"{n:,} rows, drawn with the run's seed where there are more.",
    }
    return Measured({}, said)
