"""What the active policy asks of the figures of a run, and which checks failed: the policy's and the run's own."""

from dataclasses import dataclass
from typing import Any

from evaluations.models import EvaluationRun, JobStatus
from policy.judge_evaluation import BOUNDS
from policy.metrics import label_of
from policy.requirement import Check
from policy.words import compared, number
from registry.models import Environment
from riskreview.models import Severity, TierAssessment
from riskreview.policies.packs import active_pack

MOST_TITLE = 160


@dataclass(frozen=True)
class FailedCheck:
    """A check that a run failed. `name` is stable: a metric with its bound and limits, or the id of an own check."""

    name: str
    metric: str  # by which the catalogue is searched
    title: str
    said: str
    by_policy: bool

    @property
    def severity(self) -> str:
        """What the policy asks stops a version; what a run notices by itself is weighed by people."""
        return Severity.HIGH if self.by_policy else Severity.MEDIUM


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


def failed_checks(run: EvaluationRun) -> list[FailedCheck]:
    """The checks that a finished run failed, the policy's first. What could not be told has not failed."""
    if run.status != JobStatus.SUCCEEDED or not run.result:
        return []
    overall = run.result.get("overall", {})
    asked = [
        _of_policy(check, overall[metric])
        for metric, checks in checks_on(run).items()
        for check in checks
        if overall.get(metric, {}).get(check.bound) is not None and not is_met(check, overall[metric])
    ]
    own = [_of_run(check) for check in run.result.get("checks", []) if check.get("passed") is False]
    return asked + own


def is_met(check: Check, measured: dict[str, Any]) -> bool:
    """Whether a measured figure reaches what is asked; a missing one does not."""
    value = measured.get(check.bound)
    if value is None:
        return False
    return all(check.sides_met(value))


def in_words(check: Check) -> str:
    """`lower bound at least 0.650`."""
    parts = []
    if check.at_least is not None:
        parts.append(f"at least {number(check.at_least)}")
    if check.at_most is not None:
        parts.append(f"at most {number(check.at_most)}")
    which = f"{BOUNDS[check.bound]} " if check.bound in BOUNDS else ""
    return f"{which}{' and '.join(parts)}"


def _of_policy(check: Check, measured: dict[str, Any]) -> FailedCheck:
    value = float(measured[check.bound])
    below = check.at_least is not None and value < check.at_least
    limit = check.at_least if below else check.at_most
    shown, asked = compared(value, limit if limit is not None else value)
    which = f" ({BOUNDS[check.bound]})" if check.bound in BOUNDS else ""
    word = "least" if below else "most"
    title = f"{label_of(check.metric)}{which} {shown}, asked at {word} {asked}"
    name = f"policy:{check.metric}.{check.bound}:{check.at_least}:{check.at_most}"
    return FailedCheck(name, check.metric, title[:MOST_TITLE], f"The policy asks {in_words(check)}.", True)


def _of_run(check: dict[str, Any]) -> FailedCheck:
    about = f": {check['about']}" if check.get("about") else ""
    title = f"Does not hold: {check['title'][:1].lower()}{check['title'][1:]}{about}"
    return FailedCheck(
        f"run:{check['id']}"[:MOST_TITLE], check["id"], title[:MOST_TITLE], check["said"], False
    )
