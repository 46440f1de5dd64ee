"""The file of a model: all its versions, how each stands, and what people and pipelines did with each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from audit.checkpoints import newest_checkpoint
from audit.models import Checkpoint, Event
from audit.queries import trail_of
from governance.gate.models import GateDecision
from governance.portfolio.queries import versions_of
from governance.portfolio.standing import TARGET, Standing
from governance.reports import facts
from governance.reports.content import AUDIT_LINES, Content, content_of, told
from governance.reports.models import Report
from registry.models import Deployment, Environment, RegisteredModel
from riskreview.models import BreakGlass, Finding, Review, TierAssessment, Waiver
from riskreview.risks.rows import Shown, shown
from riskreview.risks.scales import current_scales

MOST_PARTS = 60
"""Versions × environments that are told in full. With more, the newest ones are."""


@dataclass(frozen=True)
class ModelFile:
    """Everything that the file of a model tells."""

    report: Report
    at: datetime
    model: RegisteredModel
    standings: list[Standing]
    parts: list[Content]
    left_out: int
    tiers: list[TierAssessment]
    risks: list[Shown]
    findings: list[Finding]
    deployments: list[Deployment]
    events: list[tuple[Event, str, str]]
    checkpoint: Checkpoint | None
    gaps: tuple[str, ...] = ()
    """Of a moment in the past: what could not be rebuilt and is shown as it is today."""

    @property
    def newest(self) -> Standing | None:
        """How the newest version stands."""
        return self.standings[0] if self.standings else None

    @property
    def running(self) -> list[Deployment]:
        """What runs now, as far as pipelines have said."""
        return [row for row in self.deployments if row.is_running]

    @property
    def open_findings(self) -> list[Finding]:
        """What still stands against it."""
        return [row for row in self.findings if row.is_open]

    @property
    def exceptions(self) -> list[Content]:
        """The parts in which an exception is in force or was asked for."""
        return [part for part in self.parts if part.waivers or part.break_glass]


def gather(report: Report, *, at: datetime) -> ModelFile:
    """Read everything about the report's model as it stands."""
    model = RegisteredModel.objects.select_related("owner").get(pk=report.its_model.pk)
    found = versions_of(model, at=at)
    pairs = eventful(model, found, until=at)
    return ModelFile(
        report=report,
        at=at,
        model=model,
        standings=found,
        parts=[content_of(report, standing, where, at=at) for standing, where in pairs[:MOST_PARTS]],
        left_out=max(len(pairs) - MOST_PARTS, 0),
        tiers=list(model.tier_assessments.select_related("assessed_by", "confirmed_by")),
        risks=shown(model.risks.select_related("model", "owner", "accepted_by"), current_scales(), at=at),
        findings=in_order(model.findings.select_related("model", "version__model", "owner")),
        deployments=list(Deployment.objects.filter(version__model=model).select_related("version__model")),
        events=told(trail_of(model.ref, limit=AUDIT_LINES)),
        checkpoint=newest_checkpoint(),
    )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """What stands first, the earliest due before the others."""
    return sorted(findings, key=lambda row: (not row.is_open, row.due_on, row.pk))


def eventful(model: RegisteredModel, found: list[Standing], *, until: datetime) -> list[tuple[Standing, str]]:
    """Where something was reviewed, decided or excepted; and the newest version in production, whatever happened."""
    of_model = Q(version__model=model)
    asked = of_model & Q(requested_at__lte=until)
    reviews = Review.objects.filter(of_model, opened_at__lte=until)
    decisions = GateDecision.objects.filter(of_model, decided_at__lte=until)
    pairs: set[tuple[int | None, str]] = {
        *reviews.values_list("version", "environment"),
        *decisions.values_list("version", "environment"),
        *Waiver.objects.filter(asked).values_list("version", "environment"),
        *BreakGlass.objects.filter(asked).values_list("version", "environment"),
    }
    if found:
        pairs.add((found[0].version.pk, TARGET.value))
    places = list(reversed(Environment.values))
    return [
        (standing, where) for standing in found for where in places if (standing.version.pk, where) in pairs
    ]


def facts_of(file: ModelFile) -> dict[str, Any]:
    """The same for machines: `parts` are told as in the report of one version."""
    model = file.model
    return {
        **facts.about(file.report, at=file.at),
        **({"rebuilt": {"gaps": list(file.gaps)}} if file.report.past else {}),
        "name": model.name,
        "purpose": model.purpose,
        "owner": model.owner.username,
        "lifecycle": model.lifecycle,
        "versions": [_version(standing) for standing in file.standings],
        "parts": [facts.part(content) for content in file.parts],
        "parts_left_out": file.left_out,
        "tiers": [_tier(row) for row in file.tiers],
        "risks": [_risk(row) for row in file.risks],
        "findings": [facts.finding(row) for row in file.findings],
        "deployments": [_deployment(row) for row in file.deployments],
        "checkpoint": file.checkpoint.note if file.checkpoint else None,
    }


def _version(standing: Standing) -> dict[str, Any]:
    version = standing.version
    return {
        "version": version.version,
        "registered_at": version.registered_at,
        "artifact_digest": version.artifact_digest,
        "status": standing.status,
        "tier": standing.tier,
        "answers": standing.answers,
    }


def _tier(row: TierAssessment) -> dict[str, Any]:
    return {
        "computed": row.computed_tier,
        "confirmed": row.confirmed_tier or None,
        "assessed_by": row.assessed_by.username,
        "assessed_at": row.assessed_at,
        "confirmed_by": row.confirmed_by.username if row.confirmed_by else None,
        "confirmed_at": row.confirmed_at,
        "digest": row.digest,
    }


def _risk(row: Shown) -> dict[str, Any]:
    risk = row.risk
    return {
        "id": f"R-{risk.pk}",
        "title": risk.title,
        "state": row.state,
        "inherent": row.inherent.level or None,
        "residual": row.residual.level or None,
        "treatment": risk.treatment,
        "owner": risk.owner.username,
        "review_on": risk.review_on.isoformat(),
    }


def _deployment(row: Deployment) -> dict[str, Any]:
    return {
        "version": row.version.version,
        "environment": row.environment,
        "status": row.status,
        "decision": row.decision_id or None,
        "problem": row.problem,
        "deployed_at": row.deployed_at,
        "ended_at": row.ended_at,
    }
