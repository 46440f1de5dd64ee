"""What every step of a finding shares: rows held, refusals recorded, the step kept, people told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse

from accounts.models import Role, User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.actions.locking import locked_model, locked_version
from registry.models import ModelVersion, RegisteredModel
from registry.sight import who_see
from riskreview.findings.rules import RAISERS, Deed, parts_in, why_not_independent, why_not_now, why_not_you
from riskreview.models import Finding, FindingStep, StepKind

SHORTEST_TEXT = 20
LONGEST_TEXT = 5_000
FOR_JUDGES = {StepKind.RESPONDED, StepKind.REBUTTED, StepKind.REMEDIATED, StepKind.EXTENSION_ASKED}
"""Steps of the owner, which the other side wants to know; the rest is told to those who answer for it."""
RELATED = ("model__owner", "version__model", "owner", "raised_by")


def hold(model: RegisteredModel, version: ModelVersion | None) -> None:
    """What the finding stands against, held until the transaction ends: the gate waits, and its evidence moves."""
    if version is not None:
        locked_version(version)
    else:
        locked_model(model)


@contextmanager
def step_of(finding: Finding, deed: Deed, *, user: User, actor: Actor, at: datetime) -> Iterator[Finding]:
    """The finding, held, for somebody who may do this with it now. Raises NotAllowed, Conflict.

    Who may not is recorded in a transaction of its own, which outlives the one that it undid.
    """
    try:
        with transaction.atomic():
            hold(finding.model, finding.version)
            rows = Finding.objects.select_for_update(of=("self",)).select_related(*RELATED)
            held = rows.get(pk=finding.pk)
            if reason := why_not_you(deed, held, user):
                raise NotAllowed(reason, "The page of the finding says who can.")
            if reason := why_not_now(deed, held):
                raise Conflict(reason, "Look at the finding again: somebody was quicker.")
            yield held
    except NotAllowed as refusal:
        with transaction.atomic():
            detail = {"deed": deed.value, "reason": str(refusal)}
            record(Verb.FINDING_STEP_REFUSED, subject=finding.ref, actor=actor, at=at, detail=detail)
        raise


def keep_step(
    finding: Finding,
    kind: StepKind,
    *,
    by: User | None,
    note: str,
    actor: Actor,
    at: datetime,
    due_on: date | None = None,
) -> FindingStep:
    """The step in the finding's history, on the record and in the inbox of the other side."""
    step = FindingStep.objects.create(finding=finding, kind=kind, by=by, at=at, note=note, due_on=due_on)
    detail = {
        "finding": finding.pk,
        "title": finding.title,
        "severity": finding.severity,
        "state": finding.state,
        "owner": finding.owner.ref,
        "due_on": finding.due_on.isoformat(),
        "note": note,
    }
    if finding.is_incident:
        detail |= {"incident_kinds": finding.incident_kinds, "known_on": finding.aware_on.isoformat()}
    if due_on is not None:
        detail["until"] = due_on.isoformat()
    record(Verb(f"finding.{kind}"), subject=finding.ref, actor=actor, at=at, detail=detail)
    if by is not None:
        _tell(finding, step, by)
    return step


def _tell(finding: Finding, step: FindingStep, by: User) -> None:
    people = judges_of(finding) if step.kind in FOR_JUDGES else [finding.owner, finding.model.owner]
    people = who_see(people, finding.model)
    notify(
        [person for person in people if person.pk != by.pk],
        kind=f"finding.{step.kind}",
        text=f"{step.get_kind_display()} by {by.name}: {finding}, {finding.about}",
        url=reverse("riskreview:finding", args=[finding.pk]),
        key=f"finding-step:{step.pk}",
        at=step.at,
    )


def judges_of(finding: Finding) -> list[User]:
    """Whoever raised it, if they may judge it; else every validator who may."""
    raiser, parts = finding.raised_by, parts_in(finding)
    if raiser.is_active and raiser.holds(*RAISERS) and not why_not_independent(finding, raiser, parts):
        return [raiser]
    validators = User.objects.filter(grants__role=Role.VALIDATOR, is_active=True)
    return [person for person in validators if not why_not_independent(finding, person, parts)]


def said(text: str, field: str) -> str:
    """A text that stands in the record, tidied. Raises Invalid."""
    text = text.strip().replace("\0", "")
    if len(text) < SHORTEST_TEXT:
        raise Invalid(
            "This stands in the record, so it needs to be said.",
            f"Write at least {SHORTEST_TEXT} characters.",
            field=field,
        )
    if len(text) > LONGEST_TEXT:
        raise Invalid(
            f"The text has {len(text):,} characters.", f"Keep it under {LONGEST_TEXT:,}.", field=field
        )
    return text
