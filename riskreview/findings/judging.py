"""The side that judges a finding: the rebuttal, the remedy, more time, letting it stand, opening it again."""

from datetime import datetime

from accounts.models import User
from accounts.refusals import Conflict
from audit.actor import Actor
from riskreview.findings.due_dates import due_date
from riskreview.findings.rules import Deed
from riskreview.findings.steps import keep_step, said, step_of
from riskreview.models import Finding, FindingExtension, FindingState, StepKind


def judge_rebuttal(
    *, finding: Finding, accepted: bool, note: str, user: User, actor: Actor, at: datetime
) -> Finding:
    """Agree that it is no finding, which closes it, or hold on to it: then its owner answers again."""
    with step_of(finding, Deed.JUDGE_REBUTTAL, user=user, actor=actor, at=at) as held:
        note = said(note, "note")
        if accepted:
            held.state, held.ended_at = FindingState.CLOSED, at
            held.save(update_fields=["state", "ended_at"])
        else:
            held.state, held.response = FindingState.OPEN, ""
            held.save(update_fields=["state", "response"])
        kind = StepKind.REBUTTAL_ACCEPTED if accepted else StepKind.REBUTTAL_REFUSED
        keep_step(held, kind, by=user, note=note, actor=actor, at=at)
    return held


def verify(*, finding: Finding, holds: bool, note: str, user: User, actor: Actor, at: datetime) -> Finding:
    """Say whether the remedy holds. From then on the finding stands against nothing; if not, work goes on."""
    with step_of(finding, Deed.VERIFY, user=user, actor=actor, at=at) as held:
        note = said(note, "note")
        if holds:
            held.state, held.verified_by, held.ended_at = FindingState.VERIFIED, user, at
            held.save(update_fields=["state", "verified_by", "ended_at"])
        else:
            held.state = FindingState.RESPONDED
            held.save(update_fields=["state"])
        kind = StepKind.VERIFIED if holds else StepKind.NOT_VERIFIED
        keep_step(held, kind, by=user, note=note, actor=actor, at=at)
    return held


def close(*, finding: Finding, note: str, user: User, actor: Actor, at: datetime) -> Finding:
    """File it away once it is verified."""
    with step_of(finding, Deed.CLOSE, user=user, actor=actor, at=at) as held:
        held.state = FindingState.CLOSED
        held.save(update_fields=["state"])
        keep_step(held, StepKind.CLOSED, by=user, note=note.strip()[:2000], actor=actor, at=at)
    return held


def decide_extension(
    *, finding: Finding, granted: bool, note: str, user: User, actor: Actor, at: datetime
) -> FindingExtension:
    """Grant the later date that was asked for, or keep the old one."""
    with step_of(finding, Deed.DECIDE_EXTENSION, user=user, actor=actor, at=at) as held:
        asked = held.extensions.get(granted=None)
        if granted and asked.until <= at.date():
            raise Conflict(
                "The date that was asked for has passed.", "Refuse it; a new one can be asked for."
            )
        asked.granted, asked.decided_by, asked.decided_at = granted, user, at
        asked.note = said(note, "note")
        asked.save(update_fields=["granted", "decided_by", "decided_at", "note"])
        if granted:
            held.due_on, held.escalated = asked.until, 0
            held.save(update_fields=["due_on", "escalated"])
        kind = StepKind.EXTENSION_GRANTED if granted else StepKind.EXTENSION_REFUSED
        keep_step(held, kind, by=user, note=asked.note, due_on=asked.until, actor=actor, at=at)
    return asked


def override(*, finding: Finding, reason: str, user: User, actor: Actor, at: datetime) -> Finding:
    """Let it stand as it is. The gate no longer counts it, and every answer about the version tells it."""
    with step_of(finding, Deed.OVERRIDE, user=user, actor=actor, at=at) as held:
        held.state, held.ended_at = FindingState.OVERRIDDEN, at
        held.overridden_by, held.override_reason = user, said(reason, "reason")
        held.save(update_fields=["state", "ended_at", "overridden_by", "override_reason"])
        keep_step(held, StepKind.OVERRIDDEN, by=user, note=held.override_reason, actor=actor, at=at)
    return held


def reopen(*, finding: Finding, reason: str, user: User, actor: Actor, at: datetime) -> Finding:
    """Let it stand again, from the start and with a new date by the table. What was done stays in its history."""
    with step_of(finding, Deed.REOPEN, user=user, actor=actor, at=at) as held:
        reason = said(reason, "reason")
        cleared = {
            "state": FindingState.OPEN,
            "response": "",
            "answer": "",
            "evidence": "",
            "evidence_run": None,
            "remediated_by": None,
            "verified_by": None,
            "overridden_by": None,
            "override_reason": "",
            "ended_at": None,
            "escalated": 0,
            "due_on": due_date(held.model, held.severity, at),
        }
        for name, value in cleared.items():
            setattr(held, name, value)
        held.save(update_fields=list(cleared))
        held.extensions.filter(granted=None).delete()
        keep_step(held, StepKind.REOPENED, by=user, note=reason, due_on=held.due_on, actor=actor, at=at)
    return held
