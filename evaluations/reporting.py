"""Results that somebody else measured: kept, marked as such, and counted only where the policy says so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.refusals import Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from evaluations.actions import result_digest
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus, PredictionSource
from evaluations.result_schema import reported_result
from policy.metrics import OF_KIND
from registry.actions.locking import stamp
from registry.models import Dataset, ModelVersion


@transaction.atomic
def report_evaluation(
    *,
    version: ModelVersion,
    dataset: Dataset,
    kind: str,
    result: Mapping[str, Any],
    reporter: User | None,
    actor: Actor,
    at: datetime,
) -> EvaluationRun:
    """Keep a result that was not measured here. Raises Invalid where it cannot be taken."""
    if kind not in OF_KIND:
        raise Invalid(
            f"No result of {EvaluationKind(kind).label.lower()} can be reported.",
            f"The kinds are {', '.join(OF_KIND)}.",
            field="kind",
        )
    run = EvaluationRun(
        version=version,
        dataset=dataset,
        kind=kind,
        source=PredictionSource.REPORTED,
        status=JobStatus.SUCCEEDED,
        progress=1.0,
        artifact_digest=version.artifact_digest,
        dataset_digest=dataset.digest,
        requested_by=reporter,
        requested_as=actor.id,
        requested_at=at,
        started_at=at,
        finished_at=at,
        result=reported_result(kind, result),
        provenance={"source": PredictionSource.REPORTED, "reported_by": actor.name},
    )
    run.result_digest = result_digest(run, run.result or {})
    run.save()
    stamp(version.pk)
    detail = {"kind": kind, "dataset": str(dataset), "result": run.result_digest}
    record(Verb.EVALUATION_REPORTED, subject=run.ref, actor=actor, at=at, detail=detail)
    return run
