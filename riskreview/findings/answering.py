"""The side that answers for a finding: a plan or a rebuttal, the remedy, more time."""

from datetime import date, datetime, timedelta

from accounts.models import User
from accounts.refusals import Invalid
from audit.actor import Actor
from evaluations.models import EvaluationRun, JobStatus
from riskreview.findings.rules import Deed
from riskreview.findings.steps import keep_step, said, step_of
from riskreview.models import Finding, FindingExtension, FindingState, Response, StepKind

LONGEST_EXTENSION = timedelta(days=366)


def respond(
    *, finding: Finding, response: str, answer: str, user: User, actor: Actor, at: datetime
) -> Finding:
    """Say how it will be mended, or why it is no finding."""
    with step_of(finding, Deed.RESPOND, user=user, actor=actor, at=at) as held:
        if response not in Response.values:
            raise Invalid("Choose a plan or a rebuttal.", field="response")
        held.state, held.response, held.answer = FindingState.RESPONDED, response, said(answer, "answer")
        held.save(update_fields=["state", "response", "answer"])
        kind = StepKind.REBUTTED if held.is_rebutted else StepKind.RESPONDED
        keep_step(held, kind, by=user, note=held.answer, actor=actor, at=at)
    return held


def remediate(
    *,
    finding: Finding,
    evidence: str,
    run: EvaluationRun | None = None,
    user: User,
    actor: Actor,
    at: datetime,
) -> Finding:
    """Say that it is mended, and by what that shows. It stands until somebody else has verified that."""
    with step_of(finding, Deed.REMEDIATE, user=user, actor=actor, at=at) as held:
        if run is not None and (run.version.model_id != held.model_id or run.status != JobStatus.SUCCEEDED):
            raise Invalid(
                f"Run {run.pk} shows nothing about {held.model.name}.",
                "Choose a finished run of this model.",
                field="run",
            )
        held.state, held.evidence = FindingState.REMEDIATED, said(evidence, "evidence")
        held.evidence_run, held.remediated_by = run, user
        held.save(update_fields=["state", "evidence", "evidence_run", "remediated_by"])
        note = f"{held.evidence} (run {run.pk})" if run is not None else held.evidence
        keep_step(held, StepKind.REMEDIATED, by=user, note=note, actor=actor, at=at)
    return held


def ask_extension(
    *, finding: Finding, until: date, reason: str, user: User, actor: Actor, at: datetime
) -> FindingExtension:
    """Ask for a later date. The old one counts until a validator or risk officer grants it."""
    with step_of(finding, Deed.ASK_EXTENSION, user=user, actor=actor, at=at) as held:
        if until <= max(held.due_on, at.date()):
            raise Invalid(
                f"It is due on {held.due_on.isoformat()}; that is no later date.",
                "Choose a date after that and after today.",
                field="until",
            )
        if until > max(held.due_on, at.date()) + LONGEST_EXTENSION:
            raise Invalid(
                "That is more than a year later.", "Ask for less, and again if need be.", field="until"
            )
        asked = FindingExtension.objects.create(
            finding=held, until=until, reason=said(reason, "reason"), asked_by=user, asked_at=at
        )
        keep_step(
            held, StepKind.EXTENSION_ASKED, by=user, note=asked.reason, due_on=until, actor=actor, at=at
        )
    return asked
