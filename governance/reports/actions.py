"""Asking for a report and ending the job; each with its audit event in the same transaction."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.refusals import Conflict
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.jobs import finish
from evaluations.models import LIVE, JobStatus
from evaluations.wake import wake
from governance.reports.asking import Question
from governance.reports.models import Report, ReportKind
from governance.reports.orders import Signature
from governance.reports.render import Rendered

REPORT_TASK = "reports.make"
WORKER = Actor.system("worker")


@transaction.atomic
def request_report(*, question: Question, requester: User | None, actor: Actor, at: datetime) -> Report:
    """Queue a report: as things stand when a worker makes it, or stood at the question's moment."""
    subject = {
        "kind": question.kind,
        "version": question.version,
        "model": question.model,
        "environment": question.environment,
        "framework": question.framework.id if question.framework else "",
        "since": question.since,
    }
    asked = {"past": question.moment is not None} | ({"as_of": question.moment} if question.moment else {})
    same = Report.objects.filter(**subject, **asked, requested_as=actor.id, status__in=LIVE).first()
    if same is not None:
        raise Conflict(f"Report {same.pk} of the same is being made for you.", "Wait for it.")
    report = Report.objects.create(
        **subject,
        framework_name=question.framework.name[:200] if question.framework else "",
        as_of=question.moment or at,
        past=question.moment is not None,
        requested_by=requester,
        requested_as=actor.id,
        requester_name=actor.name,
        requested_at=at,
        step="Waiting for a worker",
    )
    record(Verb.REPORT_REQUESTED, subject=report.ref, actor=actor, at=at, detail=_asked(report))
    transaction.on_commit(lambda: wake_report(report.pk))
    return report


def _asked(report: Report) -> dict[str, object]:
    detail: dict[str, object] = {"report": report.pk}
    if report.kind != ReportKind.VERSION:
        detail["kind"] = report.kind
    if report.framework:
        detail["framework"] = report.framework
    if report.environment:
        detail["environment"] = report.environment
    if report.since is not None:
        detail["since"] = report.since
    if report.past:
        detail["as_of"] = report.as_of
    return detail


def wake_report(pk: int) -> None:
    """Wake a worker for a report."""
    wake(REPORT_TASK, pk)


@transaction.atomic
def succeed_report(*, report: Report, rendered: Rendered, as_of: datetime, at: datetime) -> bool:
    """Keep the file's name, size, checksum and signature."""
    signature = rendered.signature
    kept = finish(
        report,
        status=JobStatus.SUCCEEDED,
        at=at,
        values={
            "file": rendered.name,
            "size": rendered.size,
            "sha256": rendered.sha256,
            "pages": rendered.pages,
            "as_of": as_of,
            **_signed(signature),
        },
    )
    if kept:
        detail: dict[str, object] = {
            "report": str(report.uuid),
            "sha256": rendered.sha256,
            "size": rendered.size,
            "pages": rendered.pages,
            "facts_sha256": rendered.facts_sha256,
            "html_sha256": rendered.html_sha256,
        }
        if signature:
            detail["signed_by"] = signature.subject
            detail["certificate_sha256"] = signature.sha256
        if rendered.unprinted:
            detail["characters_spelled_out"] = rendered.unprinted
        record(Verb.REPORT_SUCCEEDED, subject=report.ref, actor=WORKER, at=at, detail=detail)
    return kept


def _signed(signature: Signature | None) -> dict[str, object]:
    if signature is None:
        return {}
    return {
        "signed_by": signature.subject[:500],
        "signed_issuer": signature.issuer[:500],
        "signed_until": signature.valid_until,
        "stamped_by": signature.stamped_by[:300],
    }


@transaction.atomic
def fail_report(*, report: Report, failure: str, at: datetime) -> bool:
    """Say on the job why there is no report."""
    kept = finish(report, status=JobStatus.FAILED, at=at, values={"failure": failure})
    if kept:
        record(Verb.REPORT_FAILED, subject=report.ref, actor=WORKER, at=at, detail={"failure": failure})
    return kept


@transaction.atomic
def bury_report(pk: int, reason: str, at: datetime) -> None:
    """The sweep's word on a report that killed its worker too often."""
    fail_report(report=Report.objects.select_for_update().get(pk=pk), failure=reason, at=at)


@transaction.atomic
def record_download(*, report: Report, what: str = "pdf", actor: Actor, at: datetime) -> None:
    """A report or its evidence bundle that left the house is on the record."""
    detail = {"what": what, "sha256": report.sha256}
    record(Verb.REPORT_DOWNLOADED, subject=report.ref, actor=actor, at=at, detail=detail)
