"""Where a version stands: its verdict in each environment, and the one word for its life.

Derived from the evidence at each reading, so that no stored status can ever disagree with the gate.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.portfolio.stages import stage_of
from policy.context import after, earliest
from policy.evidence import Evidence
from policy.verdict import RequirementResult, Verdict
from policy.words import listed
from registry.models import Environment, Lifecycle, ModelVersion, RegisteredModel
from riskreview.judgement import Judged, judge_many
from riskreview.models import Decision

TARGET = Environment.PRODUCTION
"""The environment that the word for a version's life speaks of."""

TIER_ORDER = {"low": 1, "moderate": 2, "high": 3, "critical": 4, "prohibited": 5}
SHAPES = {"satisfied": "ok", "waived": "waived", "not_applicable": "na", "error": "error"}


@dataclass(frozen=True)
class Standing:
    """A version with everything that the portfolio shows of it."""

    version: ModelVersion
    judged: Mapping[str, Judged]
    status: str

    @property
    def tier(self) -> str:
        """The tier that counts, or nothing."""
        return self.judged[TARGET].verdict.tier or ""

    @property
    def tier_confirmed(self) -> bool:
        """Whether a risk officer stands behind the tier."""
        tier = self.judged[TARGET].evidence.tier
        return tier is not None and tier.confirmed_by is not None

    @property
    def marks(self) -> dict[str, str]:
        """Environment → the shape that says how the gate answers there."""
        return {environment: mark(judged.verdict) for environment, judged in self.judged.items()}

    @property
    def answers(self) -> dict[str, str]:
        """Environment → allow or deny."""
        return {environment: judged.verdict.decision for environment, judged in self.judged.items()}

    @property
    def note(self) -> str:
        """What keeps it out of production, or would without an exception, in half a line."""
        verdict = self.judged[TARGET].verdict
        unmet = [result for result in verdict.requirements if result.result in ("unsatisfied", "error")]
        if not unmet:
            excused = [result.title for result in verdict.requirements if result.result == "waived"]
            return f"Waived: {listed(excused)}" if excused else ""
        held = unmet[0].title if len(unmet) == 1 else f"{len(unmet)} requirements unmet"
        return f"Break-glass: {held}" if verdict.basis == "break_glass" else held

    def holds_until(self, at: datetime) -> datetime | None:
        """The first moment after `at` when time alone may change anything here; None if it never does."""
        moments = [judged.verdict.holds_until for judged in self.judged.values()]
        for judged in self.judged.values():
            for signoff in judged.evidence.signoffs:
                moments.append(signoff.expires_at)
                moments.extend(after(condition.due_on) for condition in signoff.conditions)
        return earliest(*(moment for moment in moments if moment is not None and moment > at))


def mark(verdict: Verdict) -> str:
    """The one shape for a verdict: allow, or the worst thing that holds it back."""
    if verdict.decision == "allow":
        return {"waiver": "waived", "break_glass": "glass"}.get(verdict.basis, "ok")
    unmet = [result for result in verdict.requirements if result.result in ("unsatisfied", "error")]
    if any(result.result == "error" for result in unmet):
        return "error"
    if unmet and all(result.stale for result in unmet):
        return "stale"
    return "no"


def standings(versions: Sequence[ModelVersion], *, at: datetime) -> list[Standing]:
    """The standing of each version, in a fixed number of queries."""
    judged = judge_many(versions, at=at)
    found = []
    for version in versions:
        mine = {environment: judged[version.pk, environment] for environment in Environment.values}
        found.append(Standing(version, mine, status_of(version, mine[TARGET])))
    return found


def standing_of(version: ModelVersion, *, at: datetime) -> Standing:
    """The standing of one version."""
    return standings([version], at=at)[0]


def stage_of_model(model: RegisteredModel, newest: Standing | None, deployed_in: Collection[str]) -> str:
    """How far a model is, by its newest version and where any of its versions runs."""
    statuses = [newest.status] if newest is not None else []
    asked = newest is not None and any(judged.evidence.review_open for judged in newest.judged.values())
    return stage_of(model.lifecycle, statuses, deployed_in, review_open=asked and "evaluating" in statuses)


def status_of(version: ModelVersion, judged: Judged) -> str:
    """The word for a version's life, from how production would answer and why."""
    evidence, verdict = judged.evidence, judged.verdict
    if version.model.lifecycle == Lifecycle.RETIRED:
        return "retired"
    if vetoed(evidence) or (evidence.tier is not None and evidence.tier.tier == "prohibited"):
        return "rejected"
    if judged.meets_policy:
        return "approved"
    if any(run.status in ("queued", "running") for run in evidence.running):
        return "evaluating"
    if _lapsed(evidence, verdict.requirements):
        return "lapsed"
    return "in_review" if evidence.review_open else "draft"


def vetoed(evidence: Evidence) -> bool:
    """Whether a rejection stands."""
    return any(signoff.decision == Decision.REJECT and not signoff.withdrawn for signoff in evidence.signoffs)


def _lapsed(evidence: Evidence, requirements: Sequence[RequirementResult]) -> bool:
    """Signed once, and the signatures no longer carry it."""
    signatures = [result for result in requirements if result.kind == "signoff"]
    unmet = [result for result in signatures if result.result == "unsatisfied"]
    return bool(evidence.signoffs) and any(result.stale for result in unmet)
