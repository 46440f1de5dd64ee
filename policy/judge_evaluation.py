"""Judge whether an evaluation was run on these bytes, lately enough, and reached what is asked."""

import math
from typing import Any, NamedTuple

from policy.context import Context, Judgement, earliest, told
from policy.evidence import EvaluationFact, RunningFact
from policy.measured import counting, why_not
from policy.metrics import NOT_FOR, label_of
from policy.requirement import Check, Requirement
from policy.result import RequirementResult
from policy.words import KINDS, UNMEASURED, compared, day, listed, named, number, span

BOUNDS = {"low": "lower bound", "high": "upper bound"}
ROLE_NAMES = {"production_sample": "production sample"}


class Outcome(NamedTuple):
    """One check on one run. `met` is None where the number cannot be judged."""

    met: bool | None
    sentence: str
    detail: dict[str, Any]


def judge_evaluation(requirement: Requirement, context: Context) -> Judgement:
    """Satisfied when every recent run on the asked role of data set reaches every check.

    All such data sets count, not only the last one used: otherwise a bad result could be hidden behind
    a run on easier data.
    """
    evidence = context.evidence
    kind = evidence.model_kind
    if kind not in KINDS:  # before any exemption: nobody escapes by calling the model something else
        return Judgement(_unmeasurable(requirement, context, kind))
    exempt = _exempt(requirement, context)
    if exempt:
        return Judgement(told(requirement, context, "not_applicable", exempt))
    measured = kind not in NOT_FOR.get(requirement.evaluation, ())
    if not measured or not any(check.covers(kind) for check in requirement.checks):
        return Judgement(_unmeasurable(requirement, context, kind))
    newest = counting(
        evidence.evaluations, requirement.evaluation, reported=requirement.accept_reported, plan=context.plan
    )
    runs = [run for run in newest if run.dataset_role == requirement.dataset_role]
    if not runs:
        return Judgement(_missing(requirement, context, newest))
    digest = evidence.artifact.digest if evidence.artifact else None
    current = [run for run in runs if run.artifact_digest == digest]
    if not current:
        return Judgement(_stale(requirement, context, runs[0], "measured other bytes than this version has"))
    max_age = requirement.max_age
    recent = [run for run in current if max_age is None or context.now - run.finished_at < max_age]
    age = span(max_age) if max_age else ""
    if not recent:
        return Judgement(_stale(requirement, context, current[0], f"is {age} old or older"))
    if missed := [run for run in current if run not in recent and _misses(requirement, context, run)]:
        why = (
            f"on {missed[0].dataset} did not reach what is asked; that it is {age} old or older mends nothing"
        )
        return Judgement(_stale(requirement, context, missed[0], why))
    until = earliest(*(run.finished_at + max_age for run in recent)) if max_age else None
    return Judgement(_measured(requirement, context, recent), until)


def _exempt(requirement: Requirement, context: Context) -> str | None:
    kind = context.evidence.model_kind
    if requirement.applies_to and kind not in requirement.applies_to:
        asked = listed(KINDS[name] for name in requirement.applies_to)
        return f"Asked of {asked} only; this model is for {KINDS[kind]}."
    evidence = context.evidence
    # A use that decides about people cannot escape the comparison by declaring no group.
    if requirement.when_sensitive and not (evidence.sensitive_attributes or evidence.decides_about_people):
        return "No data set declares a sensitive attribute, so there are no groups to compare."
    return None


def _unmeasurable(requirement: Requirement, context: Context, kind: str) -> RequirementResult:
    """Nobody decided what such a model must reach, so it reaches nothing."""
    words = (KINDS | UNMEASURED).get(kind, kind)
    administrators = context.evidence.holders.get("administrator", ())
    return told(
        requirement,
        context,
        "error",
        f"No check is meant for this kind of model: it is for {words}.",
        remedy=f"Nothing measures the {requirement.evaluation} of such models yet, so the answer stays deny. "
        "Leave it out of this tier and environment in the policy pack, if that is what the policy means.",
        who=named(administrators, "administrator") or context.makers,
    )


def _missing(
    requirement: Requirement, context: Context, others: tuple[EvaluationFact, ...]
) -> RequirementResult:
    role = ROLE_NAMES.get(requirement.dataset_role, requirement.dataset_role)
    underway = next((run for run in context.evidence.running if run.kind == requirement.evaluation), None)
    reason = f"{requirement.evaluation.capitalize()} was never measured on {role} data."
    remedy = f"Run the {requirement.evaluation} evaluation on {role} data."
    url = None
    if underway is not None:
        reason, remedy, url = _underway(underway, reason, remedy)
    elif uncounted := _uncounted(requirement, context):
        reason = (
            f"Run {uncounted.run} {_why_not(uncounted, context)}; the policy does not count such results."
        )
        url = uncounted.url or None
    elif others:
        other = ROLE_NAMES.get(others[0].dataset_role, others[0].dataset_role)
        reason = f"Run {others[0].run} used {other} data; {role} data are asked for."
    return told(requirement, context, "unsatisfied", reason, remedy=remedy, who=context.makers, url=url)


def _uncounted(requirement: Requirement, context: Context) -> EvaluationFact | None:
    """The newest run on the asked role of data that says nothing for the gate."""
    asked = (requirement.evaluation, requirement.dataset_role)
    runs = [run for run in context.evidence.evaluations if (run.kind, run.dataset_role) == asked]
    return max(runs, key=lambda run: (run.finished_at, run.run), default=None)


def _why_not(run: EvaluationFact, context: Context) -> str:
    return why_not(run, context.plan) or "was reported by its maker and not measured here"


def _misses(requirement: Requirement, context: Context, run: EvaluationFact) -> bool:
    checks = [check for check in requirement.checks if check.covers(context.evidence.model_kind)]
    return any(not _outcome(check, run).met for check in checks)


def _underway(run: RunningFact, reason: str, remedy: str) -> tuple[str, str, str | None]:
    if run.status == "failed":
        why = (run.failure or "the reason was not recorded").rstrip(".")
        return f"Run {run.run} failed: {why}.", f"Mend the cause, then: {remedy}", run.url or None
    state = "waits in the queue" if run.status == "queued" else "is under way"
    return f"{reason} Run {run.run} {state}.", "Wait for the run to finish.", run.url or None


def _stale(requirement: Requirement, context: Context, run: EvaluationFact, why: str) -> RequirementResult:
    return told(
        requirement,
        context,
        "unsatisfied",
        f"Run {run.run} of {day(run.finished_at, context.now)} {why}.",
        remedy=f"Run the {requirement.evaluation} evaluation again.",
        who=context.makers,
        url=run.url or None,
        evidence=(f"run {run.run}", run.digest),
        detail={"since": run.finished_at.isoformat(), "changed": [f"evaluation.{requirement.evaluation}"]},
        stale=True,
    )


def _measured(requirement: Requirement, context: Context, runs: list[EvaluationFact]) -> RequirementResult:
    checks = [check for check in requirement.checks if check.covers(context.evidence.model_kind)]
    outcomes = [(run, _outcome(check, run)) for run in runs for check in checks]
    several = len({run.dataset for run in runs}) > 1
    unjudged = [item for item in outcomes if item[1].met is None]
    unmet = [item for item in outcomes if item[1].met is False]
    evidence = tuple(part for run in runs for part in (f"run {run.run}", run.digest))
    detail = {"checks": [outcome.detail for _, outcome in outcomes]}
    shown = unjudged or unmet
    if shown:
        reason = _sentences(shown, several)
        return told(
            requirement,
            context,
            "error" if unjudged else "unsatisfied",
            reason,
            remedy=_remedy(requirement, bool(unjudged)),
            who=context.makers,
            url=runs[0].url or None,
            evidence=evidence,
            detail=detail,
        )
    reason = f"{_sentences(outcomes, several)} Run {runs[0].run}, {day(runs[0].finished_at, context.now)}."
    if told_by := [run for run in runs if run.reported]:
        numbers = listed(f"run {run.run}" for run in told_by)
        reason += f" Reported by its maker, not measured here: {numbers}. The policy accepts that."
    return told(
        requirement, context, "satisfied", reason, url=runs[0].url or None, evidence=evidence, detail=detail
    )


def _remedy(requirement: Requirement, unjudged: bool) -> str:
    if unjudged:
        return f"Run the {requirement.evaluation} evaluation again, on data that give this number."
    return "Improve the model and register it as a new version."


def _sentences(outcomes: list[tuple[EvaluationFact, Outcome]], several: bool) -> str:
    return " ".join(
        f"{outcome.sentence} on {run.dataset}." if several else f"{outcome.sentence}."
        for run, outcome in outcomes
    )


def _outcome(check: Check, run: EvaluationFact) -> Outcome:
    metric = run.metrics.get(check.metric)
    label = label_of(check.metric)
    name = f"{label} {BOUNDS[check.bound]}" if check.bound in BOUNDS else label
    found = getattr(metric, check.bound) if metric is not None else None
    value = float(found) if found is not None and math.isfinite(found) else None
    detail = {
        "run": run.run,
        "metric": check.metric,
        "bound": check.bound,
        "value": value,
        "at_least": check.at_least,
        "at_most": check.at_most,
        "met": False,
    }
    if value is None:
        lacks = "has no number" if found is None else "is not a number"
        return Outcome(None, f"{name} {lacks} in run {run.run}", detail)
    low, high = check.sides_met(value)
    shown, asked = _told_apart(check, value, low, high)
    interval = ""
    if metric is not None and check.bound == "value" and metric.low is not None and metric.high is not None:
        interval = f" [{number(metric.low)}, {number(metric.high)}]"
    sentence = f"{name} {shown}{interval}, asked {asked}"
    return Outcome(low and high, sentence, {**detail, "met": low and high})


def _told_apart(check: Check, value: float, low_met: bool, high_met: bool) -> tuple[str, str]:
    """The number and what is asked of it; a miss is shown with enough decimals to see that it is one."""
    shown = number(value)
    least = number(check.at_least) if check.at_least is not None else ""
    most = number(check.at_most) if check.at_most is not None else ""
    if check.at_least is not None and not low_met:
        shown, least = compared(value, check.at_least)
    if check.at_most is not None and not high_met:
        shown, most = compared(value, check.at_most)
    if least and most:
        return shown, f"{least} to {most}"
    return shown, f"at least {least}" if least else f"at most {most}"
