"""The facts of a report for machines: what is attached to the PDF, and what the verifier reads."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from evaluations.models import EvaluationRun
from governance.gate.models import GateDecision
from governance.reports.content import Content
from governance.reports.models import Report
from riskreview.models import BreakGlass, Finding, SignOff, Waiver


def about(report: Report, *, at: datetime) -> dict[str, Any]:
    """Which report this is and what it is about; the manifest of a bundle says the same."""
    return {
        "report": str(report.uuid),
        "kind": report.kind,
        "model": report.version.model.slug if report.version else report.model and report.model.slug,
        "version": report.version and report.version.version,
        "environment": report.environment,
        "framework": report.framework or None,
        "since": report.since,
        "as_of": at,
    }


def of_version(content: Content) -> dict[str, Any]:
    """A report of one version."""
    report = content.report
    return {
        **about(report, at=content.at),
        **({"rebuilt": {"gaps": list(content.gaps)}} if report.past else {}),
        **part(content),
        "checkpoint": content.checkpoint.note if content.checkpoint else None,
    }


def part(content: Content) -> dict[str, Any]:
    """One version in one environment: verdict, grounds, and what people and pipelines did."""
    version, judged = content.version, content.judged
    return {
        "model": version.model.slug,
        "version": version.version,
        "environment": content.environment,
        "tier": judged.verdict.tier,
        "decision": judged.verdict.decision,
        "basis": judged.verdict.basis,
        "exceptions": [asdict(used) for used in judged.verdict.exceptions],
        "summary": judged.verdict.summary,
        "requirements": [result._asdict() for result in judged.verdict.requirements],
        "policy": judged.policy.digest if judged.policy else None,
        "evidence_digest": judged.digest,
        "components": judged.components,
        "artifact": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in content.files],
        "evaluations": [_evaluation(item.run) for item in content.evaluations],
        "signoffs": [_signoff(row) for row in content.signoffs],
        "waivers": [waiver(row) for row in content.waivers],
        "break_glass": [break_glass(row) for row in content.break_glass],
        "decisions": [_decision(row) for row in content.decisions],
    }


def _evaluation(run: EvaluationRun) -> dict[str, Any]:
    return {"run": run.pk, "kind": run.kind, "digest": run.result_digest, "result": run.result}


def _signoff(row: SignOff) -> dict[str, Any]:
    return {
        "role": row.role,
        "signer": row.signer.username,
        "acting_for": row.acting_for.username if row.acting_for else None,
        "decision": row.decision,
        "at": row.signed_at,
        "evidence_digest": row.evidence_digest,
    }


def _decision(row: GateDecision) -> dict[str, Any]:
    return {
        "id": row.id,
        "decision": row.decision,
        "basis": row.basis,
        "at": row.decided_at,
        "attestation": row.attestation,
    }


def waiver(row: Waiver) -> dict[str, Any]:
    return {
        "id": row.pk,
        "state": row.state,
        "requirement": row.requirement,
        "scope": row.scope,
        "why": row.why,
        "controls": row.controls,
        "requested_by": row.requested_by.username,
        "approvals": [
            {"role": one.role, "person": one.person.username, "at": one.at} for one in row.approvals.all()
        ],
        "granted_at": row.granted_at,
        "last_day": row.last_day.isoformat(),
        "ended_at": row.ended_at,
        "ended_reason": row.ended_reason,
    }


def break_glass(row: BreakGlass) -> dict[str, Any]:
    return {
        "id": row.pk,
        "state": row.state,
        "reason": row.reason,
        "people": [
            {"role": one.role, "person": one.person.username, "at": one.at} for one in row.people.all()
        ],
        "unmet": row.unmet,
        "began_at": row.began_at,
        "ends_at": row.ends_at,
        "ended_at": row.ended_at,
        "ended_reason": row.ended_reason,
        "finding": row.finding_id,
    }


def finding(row: Finding) -> dict[str, Any]:
    return {
        "id": row.name,
        "title": row.title,
        "version": row.version.version if row.version else None,
        "severity": row.severity,
        "state": row.state,
        "owner": row.owner.username,
        "due_on": row.due_on.isoformat(),
        **({"incident_kinds": row.incident_kinds, "known_on": row.aware_on} if row.is_incident else {}),
    }
