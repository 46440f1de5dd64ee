"""Findings of the demo: one from a check that was not met, one that went the whole way, one that is overdue."""

from datetime import timedelta

from django.utils import timezone

from evaluations.models import EvaluationKind, JobStatus
from governance.demo.cast import Cast
from registry.models import ModelVersion
from riskreview.checks_asked import failed_checks
from riskreview.findings.answering import remediate, respond
from riskreview.findings.judging import close, verify
from riskreview.findings.raising import raise_finding
from riskreview.models import FindingOrigin, Response, Severity

SINCE_RAISED = timedelta(days=41)
STANDS = timedelta(days=35)


def from_failed_check(version: ModelVersion, cast: Cast) -> None:
    """The validator raises what the fairness run missed; the owner answers with a plan."""
    runs = version.evaluations.filter(kind=EvaluationKind.FAIRNESS, status=JobStatus.SUCCEEDED)
    run = runs.select_related("version__model", "dataset").order_by("-pk").first()
    missed = failed_checks(run) if run is not None else []
    if run is None or not missed:
        return
    viktor, olga, now = cast["viktor"], cast["olga"], timezone.now()
    found = raise_finding(
        model=version.model,
        version=version,
        origin=FindingOrigin.EVALUATION,
        severity=Severity.HIGH,
        title="Groups are selected at too different rates",
        description=f"{missed[0].title}. Measured by run {run.pk} on {run.dataset}. "
        "The card does not say why the use would bear such a difference.",
        owner=olga.user,
        run=run,
        check_failed=missed[0].name,
        raiser=viktor.user,
        actor=viktor.actor,
        at=now,
    )
    respond(
        finding=found,
        response=Response.PLAN,
        answer="We retrain without the two columns that stand in for the group, choose the threshold anew on the "
        "validation data, and register the result as a new version. The pilot stays in one branch until then.",
        user=olga.user,
        actor=olga.actor,
        at=timezone.now(),
    )


def closed(version: ModelVersion, cast: Cast) -> None:
    """A remark of compliance that was answered, mended, verified and closed."""
    carl, dev, viktor = cast["carl"], cast["dev"], cast["viktor"]
    found = raise_finding(
        model=version.model,
        version=version,
        origin=FindingOrigin.AUDIT,
        severity=Severity.LOW,
        title="Nobody is named for questions of applicants",
        description="The notice to applicants gives no address for questions about the decision.",
        owner=cast["olga"].user,
        raiser=carl.user,
        actor=carl.actor,
        at=timezone.now(),
    )
    respond(
        finding=found,
        response=Response.PLAN,
        answer="The notice names the customer desk, which has the reasons of each decision at hand.",
        user=dev.user,
        actor=dev.actor,
        at=timezone.now(),
    )
    remediate(
        finding=found,
        evidence="The template of the notice, edition 7, names the desk with telephone and address.",
        user=dev.user,
        actor=dev.actor,
        at=timezone.now(),
    )
    verify(
        finding=found,
        holds=True,
        note="I read edition 7 and asked the desk about two decisions; both were explained.",
        user=viktor.user,
        actor=viktor.actor,
        at=timezone.now(),
    )
    close(finding=found, note="Sent out since Monday.", user=carl.user, actor=carl.actor, at=timezone.now())


def overdue(version: ModelVersion, cast: Cast) -> None:
    """A finding of an audit weeks ago, which its owner has not answered."""
    began = timezone.now() - SINCE_RAISED
    carl = cast["carl"]
    raise_finding(
        model=version.model,
        version=version,
        origin=FindingOrigin.AUDIT,
        severity=Severity.MEDIUM,
        title="Overrides by staff are not counted",
        description="Staff may decide against the score, and nobody counts how often they do. Without that number "
        "nobody sees whether the score is still believed.",
        owner=cast["olga"].user,
        due_on=(began + STANDS).date(),
        raiser=carl.user,
        actor=carl.actor,
        at=began,
    )
