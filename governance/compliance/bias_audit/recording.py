"""Recording a bias audit that somebody independent did, and withdrawing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.access import require_role
from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus, PredictionSource
from governance.compliance.bias_audit.audit import Meant, tables_of
from governance.compliance.bias_audit.measured import columns_of, values_of
from governance.compliance.bias_audit.table import CATEGORIES, AuditTable
from governance.compliance.models import AuditData, AuditRate, BiasAudit
from riskreview.findings.steps import said

RECORDERS = (Role.COMPLIANCE_OFFICER,)


@dataclass(frozen=True)
class Said:
    """What a person says of an audit; fields as those of BiasAudit."""

    rate: str
    auditor: str
    independence: str
    audited_on: date
    distributed_on: date
    data_kind: str
    data_source: str
    data_until: date
    columns: Mapping[str, str]
    categories: Mapping[str, Mapping[str, str]]
    left_out: Sequence[str] = ()
    left_out_reason: str = ""
    published_at: str = ""


@transaction.atomic
def record_bias_audit(
    *, run: EvaluationRun, given: Said, user: User, actor: Actor, at: datetime
) -> BiasAudit:
    """Put an audit on the record: who did it, on which data, and how the columns of the run are read."""
    require_role(user, *RECORDERS, to="record a bias audit")
    _refuse_run(run)
    _refuse_dates(given, at.date())
    meant = Meant(given.rate, given.columns, given.categories, given.left_out)
    _refuse_meaning(run, meant)
    tables = tables_of(run, meant)
    if not tables:
        raise Invalid(
            "The run gives no table for this.", "Map at least one column and its values.", field="sex_column"
        )
    reason = _left_out_reason(given, tables)
    if not given.auditor.strip():
        raise Invalid("An audit has an auditor.", "Name the person or firm.", field="auditor")
    made = BiasAudit.objects.create(
        model=run.version.model,
        version=run.version,
        run=run,
        result_digest=run.result_digest,
        rate=given.rate,
        auditor=given.auditor.strip()[:200],
        independence=said(given.independence, "independence"),
        audited_on=given.audited_on,
        distributed_on=given.distributed_on,
        data_kind=given.data_kind,
        data_source=said(given.data_source, "data_source"),
        data_until=given.data_until,
        columns=dict(given.columns),
        categories={part: dict(known) for part, known in given.categories.items()},
        left_out=list(given.left_out),
        left_out_reason=reason,
        published_at=given.published_at.strip()[:300],
        recorded_by=user,
        recorded_at=at,
    )
    detail = {
        "auditor": made.auditor,
        "audited_on": made.audited_on.isoformat(),
        "distributed_on": made.distributed_on.isoformat(),
        "run": run.pk,
        "result_digest": made.result_digest,
        "rate": made.rate,
        "data_kind": made.data_kind,
        "left_out": made.left_out,
    }
    record(Verb.BIAS_AUDIT_RECORDED, subject=made.ref, actor=actor, at=at, detail=detail)
    return made


@transaction.atomic
def withdraw_bias_audit(
    *, audit: BiasAudit, reason: str, user: User, actor: Actor, at: datetime
) -> BiasAudit:
    """Say that an audit no longer stands. It stays in the history."""
    require_role(user, *RECORDERS, to="withdraw a bias audit")
    held = BiasAudit.objects.select_for_update(of=("self",)).select_related("model").get(pk=audit.pk)
    if held.withdrawn_at is not None:
        raise Conflict("It is withdrawn already.", "Nothing was changed.")
    held.withdrawn_reason, held.withdrawn_by, held.withdrawn_at = said(reason, "reason"), user, at
    held.save(update_fields=["withdrawn_reason", "withdrawn_by", "withdrawn_at"])
    detail = {"reason": held.withdrawn_reason, "auditor": held.auditor}
    record(Verb.BIAS_AUDIT_WITHDRAWN, subject=held.ref, actor=actor, at=at, detail=detail)
    return held


def _refuse_run(run: EvaluationRun) -> None:
    fits = run.kind == EvaluationKind.FAIRNESS and run.status == JobStatus.SUCCEEDED
    if not fits or run.source == PredictionSource.REPORTED:
        raise Invalid(
            "This run cannot carry a bias audit.",
            "Choose a fairness run that was measured here.",
            field="run",
        )


def _refuse_dates(given: Said, today: date) -> None:
    for name in ("audited_on", "data_until"):
        if getattr(given, name) > today:
            raise Invalid("This day has not come yet.", "Write the day as it was.", field=name)
    if given.data_until > given.audited_on:
        raise Invalid("The data go on after the audit.", "Write the last day they cover.", field="data_until")
    if given.rate not in AuditRate.values or given.data_kind not in AuditData.values:
        raise Invalid("This is no answer.", "Choose one of the list.", field="rate")


def _refuse_meaning(run: EvaluationRun, meant: Meant) -> None:
    result = run.result or {}
    known = columns_of(result)
    for part, column in meant.columns.items():
        if part not in CATEGORIES or (column and column not in known):
            raise Invalid(
                f"The run has no column {column[:80]}.", "Choose one of its list.", field=f"{part}_column"
            )
        for value, name in meant.categories.get(part, {}).items():
            if column and (value not in values_of(result, column) or name not in ("", *CATEGORIES[part])):
                raise Invalid(
                    f"{value[:80]} cannot be {name[:80]}.", "Choose one of the categories.", field=""
                )


def _left_out_reason(given: Said, tables: Sequence[AuditTable]) -> str:
    """Why categories are left out; only those under 2% may be, and not without a reason."""
    if not given.left_out:
        return ""
    small = {line.category for table in tables for line in table.lines if line.small}
    if large := [name for name in given.left_out if name not in small]:
        raise Invalid(
            f"{large[0][:80]} is not under 2% of the people.",
            "Leave out only categories under 2%.",
            field="left_out",
        )
    return said(given.left_out_reason, "left_out_reason")
