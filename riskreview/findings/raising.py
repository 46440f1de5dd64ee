"""Findings: raising one, giving it to somebody else, and setting how long one may stand."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction

from accounts.access import require_role
from accounts.models import Role, User
from accounts.refusals import Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.models import EvaluationRun
from policy.due_days import problem_with
from registry.models import ModelVersion, RegisteredModel
from riskreview.findings.due_dates import due_date
from riskreview.findings.incidents import day_said, kinds_said
from riskreview.findings.rules import SETTING_DAYS, Deed, may_raise
from riskreview.findings.steps import hold, keep_step, said, step_of
from riskreview.models import DueDays, Finding, FindingOrigin, Severity, StepKind

LONGEST_TITLE = 160


@transaction.atomic
def raise_finding(
    *,
    model: RegisteredModel,
    version: ModelVersion | None = None,
    origin: str,
    severity: str,
    title: str,
    description: str,
    owner: User,
    due_on: date | None = None,
    run: EvaluationRun | None = None,
    check_failed: str = "",
    incident_kinds: Collection[str] = (),
    known_on: date | None = None,
    raiser: User,
    actor: Actor,
    at: datetime,
) -> Finding:
    """Put a finding in the register and on the record. Without a date the table of days gives it.

    Whoever breaks the glass raises the finding that follows, whatever their role: that action has judged them.
    """
    follows = origin == FindingOrigin.BREAK_GLASS
    if not follows and not may_raise(raiser, model):
        raise NotAllowed(
            f"Whoever judges models, or the team of {model.name}, raises findings about it.",
            "Tell a validator, a risk officer or a compliance officer.",
        )
    _refuse_bad_choice(severity, origin)
    _refuse_mismatch(model, version, run)
    hold(model, version)
    by_table = due_date(model, severity, at)
    if due_on is not None and not follows:
        _refuse_bad_date(due_on, by_table, at)
    _refuse_idle(owner, "owner")
    finding = Finding.objects.create(
        model=model,
        version=version,
        origin=origin,
        severity=severity,
        title=_title_said(title),
        description=said(description, "description"),
        owner=owner,
        due_on=due_on or by_table,
        run=run,
        check_failed=check_failed[:LONGEST_TITLE],
        incident_kinds=kinds_said(incident_kinds, origin=origin, by=raiser),
        known_on=day_said(known_on, origin=origin, at=at),
        raised_by=raiser,
        raised_at=at,
    )
    keep_step(finding, StepKind.RAISED, by=raiser, note="", actor=actor, at=at)
    return finding


def reassign(*, finding: Finding, to: User, reason: str, user: User, actor: Actor, at: datetime) -> Finding:
    """Let somebody else answer for it. Its date stays."""
    with step_of(finding, Deed.REASSIGN, user=user, actor=actor, at=at) as held:
        _refuse_idle(to, "to")
        if to.pk == held.owner_id:
            raise Invalid(f"{to.name} owns it already.", "Choose somebody else.", field="to")
        note = f"From {held.owner.name} to {to.name}. {said(reason, 'reason')}"
        held.owner = to
        held.save(update_fields=["owner"])
        keep_step(held, StepKind.REASSIGNED, by=user, note=note, actor=actor, at=at)
    return held


@transaction.atomic
def set_due_days(
    *, days: Mapping[str, Mapping[str, int]], note: str, user: User, actor: Actor, at: datetime
) -> DueDays:
    """A new edition of the table. Findings that stand keep the date that they have."""
    require_role(user, *SETTING_DAYS, to="set how long findings may stand")
    note = said(note, "note")
    table = {severity: dict(row) for severity, row in days.items()}
    if problem := problem_with(table):
        raise Invalid(problem, "Nothing was changed.")
    newest = DueDays.objects.select_for_update().first()
    number = newest.number + 1 if newest else 1
    made = DueDays.objects.create(number=number, days=table, note=note, set_by=user, set_at=at)
    detail = {"edition": number, "days": table, "before": newest.days if newest else None, "note": note}
    record(Verb.DUE_DAYS_SET, subject=made.ref, actor=actor, at=at, detail=detail)
    return made


def _title_said(text: str) -> str:
    text = text.strip().replace("\0", "")
    if not text or len(text) > LONGEST_TITLE:
        raise Invalid(
            "A finding has a short title.", f"Write 1 to {LONGEST_TITLE} characters.", field="title"
        )
    return text


def _refuse_bad_choice(severity: str, origin: str) -> None:
    if severity not in Severity.values:
        choices = ", ".join(Severity.values)
        raise Invalid(f'"{severity}" is no severity.', f"Choose {choices}.", field="severity")
    if origin not in FindingOrigin.values:
        choices = ", ".join(FindingOrigin.values)
        raise Invalid(f'"{origin}" is no origin.', f"Choose {choices}.", field="origin")


def _refuse_mismatch(model: RegisteredModel, version: ModelVersion | None, run: EvaluationRun | None) -> None:
    if version is not None and version.model_id != model.pk:
        raise Invalid(f"{version} is no version of {model.name}.", "Choose one of its own.", field="version")
    if run is not None and run.version.model_id != model.pk:
        raise Invalid(f"Run {run.pk} measured another model.", "Choose one of this model.", field="run")


def _refuse_bad_date(due_on: date, by_table: date, at: datetime) -> None:
    if due_on < at.date():
        raise Invalid("The due date lies in the past.", "Choose a later date.", field="due_on")
    if due_on > by_table:
        raise Invalid(
            f"The table of due dates gives it until {by_table.isoformat()}.",
            "Choose that date or an earlier one; its owner can ask for more time.",
            field="due_on",
        )


def _refuse_idle(person: User, field: str) -> None:
    """Only somebody who works here and does more than read answers for a finding."""
    if not person.is_active or not person.roles - {Role.AUDITOR.value}:
        raise Invalid(
            f"{person.name} cannot answer for a finding.",
            "Choose somebody active who does more than read.",
            field=field,
        )
