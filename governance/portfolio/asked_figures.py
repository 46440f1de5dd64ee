"""What the active policy asks of the figures of a run, beside each of them."""

from typing import Any

from evaluations.models import EvaluationRun
from evaluations.tiles import tiles_of
from policy.judge_evaluation import BOUNDS, ROUNDING
from policy.requirement import Check
from policy.words import number
from registry.models import Environment
from riskreview.models import TierAssessment
from riskreview.packs import active_pack


def tiles_asked(run: EvaluationRun) -> list[dict[str, Any]]:
    """The headline figures, each with what production asks of it at the model's tier, and whether it is met."""
    overall = (run.result or {}).get("overall", {})
    asked = checks_on(run)
    tiles = tiles_of(run)
    for tile in tiles:
        checks = asked.get(tile["name"], [])
        if checks:
            tile["bound"] = "; ".join(_words(check) for check in checks)
            tile["shape"] = "ok" if all(_met(check, overall[tile["name"]]) for check in checks) else "no"
    return tiles


def checks_on(run: EvaluationRun) -> dict[str, list[Check]]:
    """Metric → the checks that the active policy makes in production, as far as they are about such a run."""
    assessment = TierAssessment.objects.filter(model=run.version.model_id).first()
    active = active_pack()
    if assessment is None or active is None:
        return {}
    asked = active[1].environments.get(Environment.PRODUCTION, {}).get(assessment.tier, ())
    kind = run.version.model.kind
    found: dict[str, list[Check]] = {}
    for requirement in asked:
        if requirement.evaluation != run.kind or requirement.dataset_role != run.dataset.role:
            continue
        if requirement.applies_to and kind not in requirement.applies_to:
            continue
        for check in requirement.checks:
            if check.covers(kind):
                found.setdefault(check.metric, []).append(check)
    return found


def _met(check: Check, measured: dict[str, Any]) -> bool:
    value = measured.get(check.bound)
    if value is None:
        return False
    enough = check.at_least is None or value >= check.at_least - ROUNDING
    return enough and (check.at_most is None or value <= check.at_most + ROUNDING)


def _words(check: Check) -> str:
    parts = []
    if check.at_least is not None:
        parts.append(f"at least {number(check.at_least)}")
    if check.at_most is not None:
        parts.append(f"at most {number(check.at_most)}")
    which = f"{BOUNDS[check.bound]} " if check.bound in BOUNDS else ""
    return f"{which}{' and '.join(parts)}"
