"""Asking for evaluations and ending them; each with its audit event in the same transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.canonical import plain
from audit.verbs import Verb
from evaluations.jobs import finish
from evaluations.models import LIVE, EvaluationKind, EvaluationRun, JobStatus
from evaluations.wake import wake_evaluation
from policy.evidence import canonical_digest
from registry.actions.locking import stamp
from registry.models import Dataset, ModelKind, ModelVersion

WORKER = Actor.system("worker")
MEASURED_KINDS = (ModelKind.BINARY, ModelKind.MULTICLASS, ModelKind.REGRESSION)
KNOWN_CONFIG = {"seed": int, "min_n": int, "threshold": float, "max_rows": int}


@transaction.atomic
def request_evaluation(
    *,
    version: ModelVersion,
    dataset: Dataset,
    kind: str,
    config: Mapping[str, Any],
    requester: User | None,
    actor: Actor,
    at: datetime,
) -> EvaluationRun:
    """Queue a measurement. The digests of what will be measured are fixed now."""
    refuse_unless_measurable(version, dataset, kind)
    waiting = EvaluationRun.objects.filter(
        version=version, dataset=dataset, kind=kind, status__in=LIVE
    ).first()
    if waiting is not None:
        raise Conflict(
            f"Run {waiting.pk} already measures {kind} of this version on {dataset}.",
            "Wait for it, or cancel it.",
        )
    run = EvaluationRun.objects.create(
        version=version,
        dataset=dataset,
        kind=kind,
        config=checked_config(config),
        artifact_digest=version.artifact_digest,
        dataset_digest=dataset.digest,
        requested_by=requester,
        requested_as=actor.id,
        requested_at=at,
        step="Waiting for a worker",
    )
    stamp(version.pk)
    record(
        Verb.EVALUATION_REQUESTED,
        subject=run.ref,
        actor=actor,
        at=at,
        detail={"kind": kind, "dataset": str(dataset), "dataset_digest": dataset.digest},
    )
    transaction.on_commit(lambda: wake_evaluation(run.pk))
    return run


def refuse_unless_measurable(version: ModelVersion, dataset: Dataset, kind: str) -> None:
    """Say now what a worker would only find out later."""
    if kind not in EvaluationKind.values:
        raise Invalid(
            f"There is no evaluation {kind}.",
            f"The kinds are {', '.join(EvaluationKind.values)}.",
            field="kind",
        )
    if version.model.kind not in MEASURED_KINDS:
        raise Invalid(
            f"{version.model.name} is entered as {version.model.get_kind_display().lower()}, "
            f"and nothing measures the {kind} of that kind yet.",
            "Say in its card how it was tested. What is measured: "
            f"{', '.join(known.label.lower() for known in MEASURED_KINDS)}.",
            field="kind",
        )
    if not dataset.label:
        raise Invalid(
            f"{dataset} names no label column, so nothing can be compared with the truth.",
            "Register a version of the data set that names it.",
            field="dataset",
        )
    if kind == EvaluationKind.FAIRNESS:
        if version.model.kind != ModelKind.BINARY:
            raise Invalid("Fairness is measured for binary classification only.", field="kind")
        if not dataset.sensitive:
            raise Invalid(
                f"{dataset} names no sensitive column, so groups cannot be compared.",
                "Register a version of the data set that names them.",
                field="dataset",
            )
    if version.model.kind == ModelKind.BINARY and not dataset.positive:
        raise Invalid(f"{dataset} does not say which value of {dataset.label} is positive.", field="dataset")
    if version.predictions_only:
        if kind == EvaluationKind.EXPLAINABILITY:
            raise Invalid("A model known only by its predictions cannot be explained.", field="kind")
        if not dataset.prediction:
            raise Invalid(
                f"{dataset} has no prediction column, and this version has no model to make predictions.",
                "Register a data set that holds the vendor's predictions.",
                field="dataset",
            )


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a run; unknown ones are refused rather than ignored."""
    for name, value in config.items():
        kind = KNOWN_CONFIG.get(name)
        if kind is None:
            raise Invalid(
                f"There is no setting {name}.", f"The settings are {', '.join(KNOWN_CONFIG)}.", field="config"
            )
        if isinstance(value, bool) or not isinstance(value, int | kind):
            raise Invalid(f"The setting {name} must be a number.", field="config")
    return dict(config)


@transaction.atomic
def cancel_evaluation(*, run: EvaluationRun, user: User | None, actor: Actor, at: datetime) -> None:
    """Stop a run that has not ended. The worker notices at its next heartbeat."""
    run = EvaluationRun.objects.select_for_update().get(pk=run.pk)
    if not run.is_live:
        raise Conflict(f"Run {run.pk} has ended already.")
    if (
        user is not None
        and user.pk != run.requested_by_id
        and not user.holds(Role.VALIDATOR, Role.ADMINISTRATOR)
    ):
        raise NotAllowed("Only the one who started a run, or a validator, may stop it.")
    EvaluationRun.objects.filter(pk=run.pk).update(
        status=JobStatus.CANCELLED,
        finished_at=at,
        step="",
        failure=f"Stopped by {actor.name}.",
        lease_until=None,
    )
    stamp(run.version_id)
    record(Verb.EVALUATION_CANCELLED, subject=run.ref, actor=actor, at=at)


@transaction.atomic
def succeed_evaluation(
    *, run: EvaluationRun, result: Mapping[str, Any], provenance: Mapping[str, Any], at: datetime
) -> bool:
    """Keep what was measured. The version's row is locked: this changes the evidence that the gate reads."""
    stamp(run.version_id)
    digest = result_digest(run, result)
    kept = finish(
        run,
        status=JobStatus.SUCCEEDED,
        at=at,
        values={"result": dict(result), "result_digest": digest, "provenance": dict(provenance)},
    )
    if kept:
        record(Verb.EVALUATION_SUCCEEDED, subject=run.ref, actor=WORKER, at=at, detail={"result": digest})
    return kept


@transaction.atomic
def fail_evaluation(*, run: EvaluationRun, failure: str, provenance: Mapping[str, Any], at: datetime) -> bool:
    """Say on the run why it could not be measured."""
    stamp(run.version_id)
    kept = finish(
        run, status=JobStatus.FAILED, at=at, values={"failure": failure, "provenance": dict(provenance)}
    )
    if kept:
        record(Verb.EVALUATION_FAILED, subject=run.ref, actor=WORKER, at=at, detail={"failure": failure})
    return kept


@transaction.atomic
def bury_evaluation(pk: int, reason: str, at: datetime) -> None:
    """The sweep's word on a run that killed its worker too often."""
    run = EvaluationRun.objects.select_for_update().get(pk=pk)
    fail_evaluation(run=run, failure=reason, provenance=run.provenance, at=at)


def result_digest(run: EvaluationRun, result: Mapping[str, Any]) -> str:
    """Digest of what was measured, on what and how; the same numbers give the same digest in every run."""
    measured = {
        "kind": run.kind,
        "artifact": run.artifact_digest,
        "dataset": run.dataset_digest,
        "config": run.config,
        "result": result,
    }
    return canonical_digest(plain(measured))
