"""Findings: raising one, answering it, and ending it."""

from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.models import EvaluationRun
from registry.actions.locking import locked_model
from registry.models import ModelVersion, RegisteredModel
from riskreview.models import Finding


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
    due_on: date,
    run: EvaluationRun | None = None,
    check_failed: str = "",
    raiser: User,
    actor: Actor,
    at: datetime,
) -> Finding:
    """Put a finding in the register and on the record."""
    locked_model(model)
    finding = Finding.objects.create(
        model=model,
        version=version,
        origin=origin,
        severity=severity,
        title=title,
        description=description,
        owner=owner,
        due_on=due_on,
        run=run,
        check_failed=check_failed,
        raised_by=raiser,
        raised_at=at,
    )
    detail = {"finding": finding.pk, "severity": severity, "title": title, "due_on": due_on.isoformat()}
    record(Verb.FINDING_RAISED, subject=finding.ref, actor=actor, at=at, detail=detail)
    return finding
