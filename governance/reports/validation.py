"""The validation report of a version for an environment: what validators concluded, and what that rests on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q

from accounts.models import Role
from governance.reports import facts
from governance.reports.content import Content, gather
from governance.reports.models import Report
from governance.reports.past import content_then
from governance.reports.tested import Tested, Untested, tested, untested
from policy.result import RequirementResult
from policy.risk_scales import RiskScales
from policy.words import counted
from registry.models import ModelVersion
from riskreview.evidence.history import History
from riskreview.evidence.past import as_of
from riskreview.models import Finding, FindingExtension, FindingStep, Risk, Severity, SignOff
from riskreview.risks.rows import Shown, shown
from riskreview.risks.scales import current_scales

PEOPLE = ("owner", "raised_by", "remediated_by", "verified_by", "overridden_by")
WORST_FIRST = ("unsatisfied", "error", "waived", "satisfied", "not_applicable")


@dataclass(frozen=True)
class Found:
    """A finding with its whole course and the risks that are tied to it."""

    finding: Finding
    steps: list[FindingStep]
    extensions: list[FindingExtension]
    risks: list[Shown]


@dataclass(frozen=True)
class Conclusion:
    """What the validators say, in a line and a sentence. `result` and `stale` choose its mark; "" without any."""

    title: str
    text: str
    result: str = ""
    stale: bool = False


@dataclass(frozen=True)
class Validation:
    """Everything that a validation report tells beside what an audit report of the same version would."""

    content: Content
    tested: list[Tested]
    untested: list[Untested]
    findings: list[Found]

    @property
    def signed(self) -> list[SignOff]:
        """What validators signed, the newest first."""
        return [row for row in reversed(self.content.signoffs) if row.role == Role.VALIDATOR]

    @property
    def conclusion(self) -> Conclusion:
        """The worst word of a validator that stands: whoever rejects is not outvoted."""
        return _conclusion(self.content, self.signed)

    @property
    def outcome(self) -> list[RequirementResult]:
        """What the policy asks of evaluations, the worst first."""
        asked = [row for row in self.content.judged.verdict.requirements if row.kind == "evaluation"]
        return sorted(asked, key=lambda row: WORST_FIRST.index(row.result))

    @property
    def missed(self) -> list[RequirementResult]:
        """What of it is not met, or could not be judged."""
        return [row for row in self.outcome if row.result in ("unsatisfied", "error")]

    @property
    def open_findings(self) -> list[Found]:
        """What still stands against it."""
        return [found for found in self.findings if found.finding.is_open]

    @property
    def risks(self) -> list[Shown]:
        """The risks that the findings are tied to, each once."""
        return list({row.risk.pk: row for found in self.findings for row in found.risks}.values())

    @property
    def purpose(self) -> str:
        """What it is meant for, by its card."""
        return self._section("intended_use")

    @property
    def limits(self) -> str:
        """What it is not fit for, by its card."""
        return self._section("caveats")

    def _section(self, name: str) -> str:
        card = self.content.card
        return str(card.sections.get(name, "")).strip() if card is not None else ""


def gather_validation(report: Report, *, at: datetime) -> Validation:
    """Read everything as it stands, or as it stood where the report is of the past."""
    if not report.past:
        content = gather(report, at=at)
        return _validation(content, None, current_scales())
    then = as_of(ModelVersion.objects.get(pk=report.its_version.pk), at=at)
    content, scales = content_then(report, then, report.environment), then.rows.risk_scales
    found = _validation(content, then.history, scales or current_scales())
    return replace(found, content=replace(found.content, gaps=then.gaps))


def _validation(content: Content, history: History | None, scales: RiskScales) -> Validation:
    return Validation(
        content=content,
        tested=tested(content),
        untested=untested(content),
        findings=_findings(content, history, scales),
    )


def _findings(content: Content, history: History | None, scales: RiskScales) -> list[Found]:
    """Everything that was ever found against the version or its model, what stands first and the worst first."""
    at, version = content.at, content.version
    steps = FindingStep.objects.filter(at__lte=at).select_related("by").order_by("pk")
    asked = FindingExtension.objects.filter(asked_at__lte=at).select_related("asked_by", "decided_by")
    rows = Finding.objects.filter(Q(version=version) | Q(version=None), model=version.model_id)
    rows = rows.filter(raised_at__lte=at).select_related("model", "version__model", *PEOPLE)
    rows = rows.prefetch_related(Prefetch("steps", steps), Prefetch("extensions", asked.order_by("pk")))
    tied = _risks_by_finding(content, history, scales)
    found = [
        Found(row, list(row.steps.all()), _then(history, row.extensions.all()), tied.get(row.pk, []))
        for row in _then(history, rows)
    ]
    order = Severity.values
    return sorted(
        found,
        key=lambda one: (not one.finding.is_open, order.index(one.finding.severity), one.finding.due_on),
    )


def _risks_by_finding(
    content: Content, history: History | None, scales: RiskScales
) -> dict[int, list[Shown]]:
    rows = Risk.objects.filter(model=content.version.model_id, raised_at__lte=content.at).order_by("pk")
    rows = rows.select_related("model", "owner", "accepted_by").prefetch_related("findings")
    found: dict[int, list[Shown]] = {}
    for row in shown(_then(history, rows), scales, at=content.at):
        keys = [finding.pk for finding in row.risk.findings.all()]
        for key in history.tied(row.risk, "findings", keys) if history is not None else keys:
            found.setdefault(key, []).append(row)
    return found


def _then(history: History | None, rows: Iterable[Any]) -> list[Any]:
    """The rows as they stood then, or as they stand."""
    return history.of(rows) if history is not None else list(rows)


def _conclusion(content: Content, signed: list[SignOff]) -> Conclusion:
    standing = [(row, content.states[row.pk]) for row in signed if row.pk in content.states]
    if not standing:
        return Conclusion("No validator has concluded", _why_none(content))
    worst = {"no": 0, "stale": 1, "na": 2}
    row, state = min(standing, key=lambda pair: worst.get(pair[1]["shape"], 3))
    who = f"{row.signer.name}, {row.signed_at:%-d %B %Y}."
    conditions = list(row.conditions.all())
    unmet = [condition for condition in conditions if condition.met_at is None]
    if conditions:
        who += f" {counted(len(conditions), 'condition').capitalize()}, {len(unmet)} not met yet."
    if state["shape"] == "no":
        return Conclusion(row.get_decision_display(), who, "unsatisfied")
    if state["shape"] == "ok":
        return Conclusion(row.get_decision_display(), who, "satisfied")
    return Conclusion(
        f"{row.get_decision_display()}, which no longer counts",
        f"{who} {state['note']}.",
        "unsatisfied",
        True,
    )


def _why_none(content: Content) -> str:
    asked = [item for item in content.judged.asked if item.role == Role.VALIDATOR]
    if not asked:
        return f"The policy asks for no validator at this tier in {content.environment}."
    results = content.judged.verdict.requirements
    return next((row.reason for row in results if row.id == asked[0].id), "The policy asks for one.")


def facts_of(validation: Validation) -> dict[str, Any]:
    """What an audit report tells machines, and the course of each finding beside it."""
    return {
        **facts.of_version(validation.content),
        "conclusion": validation.conclusion.title,
        "findings": [_finding(found) for found in validation.findings],
        "tested": [
            {"run": one.run.pk, "missed": list(one.missed), "failed": [row["id"] for row in one.failed]}
            for one in validation.tested
        ],
        "not_tested": [{"kind": row.kind, "why": row.why} for row in validation.untested],
        "limits": validation.limits,
    }


def _finding(found: Found) -> dict[str, Any]:
    row = found.finding
    return {
        **facts.finding(row),
        "origin": row.origin,
        "description": row.description,
        "run": row.run_id,
        "risks": [f"R-{one.risk.pk}" for one in found.risks],
        "steps": [
            {
                "kind": step.kind,
                "by": step.by.username if step.by else None,
                "at": step.at,
                "note": step.note,
                "due_on": step.due_on.isoformat() if step.due_on else None,
            }
            for step in found.steps
        ],
    }
