"""Asking for evaluations and ending them; each with its audit event in the same transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.canonical import plain
from audit.rows import wrote_values
from audit.verbs import Verb
from evaluations.companions import NOTHING, Companions, companions_for
from evaluations.jobs import finish, give_back
from evaluations.kinds import RULES, checked_settings
from evaluations.models import LIVE, EvaluationKind, EvaluationRun, JobStatus, PredictionSource, Trigger
from evaluations.queues import USUAL
from evaluations.records import refuse_unless_a_record
from evaluations.sources import BY_ITSELF, Source, source_for
from evaluations.wake import wake_evaluation
from policy.evidence import canonical_digest
from registry.actions.locking import stamp
from registry.models import Dataset, ModelKind, ModelVersion

FIRST_PAUSE = timedelta(seconds=10)
WORKER = Actor.system("worker")
MEASURED_KINDS = frozenset(kind for rules in RULES.values() for kind in rules.model_kinds)


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
    compared: Companions = NOTHING,
    predicted: Source = BY_ITSELF,
    trigger: str = Trigger.DEMAND,
    priority: int = USUAL,
) -> EvaluationRun:
    """Queue a measurement. The digests of what will be measured and compared with are fixed now."""
    refuse_unless_measurable(version, dataset, kind)
    compared = companions_for(version, dataset, kind, RULES[kind], compared)
    predicted = source_for(version, dataset, EvaluationKind(kind).label, RULES[kind], predicted)
    if kind == EvaluationKind.LOCAL_EXPLANATION:
        refuse_unless_a_record(dataset, config)
    live = EvaluationRun.objects.filter(version=version, dataset=dataset, kind=kind, status__in=LIVE)
    waiting = next((run for run in live if RULES[kind].evidence or run.config == dict(config)), None)
    if waiting is not None:
        raise Conflict(
            f"Run {waiting.pk} already measures {kind} of this version on {dataset}.",
            "Wait for it, or cancel it.",
        )
    run = EvaluationRun.objects.create(
        version=version,
        dataset=dataset,
        kind=kind,
        config=checked_settings(kind, config),
        trigger=trigger,
        priority=priority,
        artifact_digest=version.artifact_digest,
        dataset_digest=dataset.digest,
        reference=compared.reference,
        reference_digest=compared.reference.digest if compared.reference else "",
        against=compared.against,
        against_digest=compared.against.artifact_digest if compared.against else "",
        source=predicted.kind,
        predictions=predicted.predictions,
        predictions_digest=predicted.predictions.digest if predicted.predictions else "",
        join=predicted.join,
        endpoint_digest=predicted.endpoint_digest,
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
        detail=_asked_for(run),
    )
    transaction.on_commit(lambda: wake_evaluation(run.pk))
    return run


def repeat_evaluation(
    *, run: EvaluationRun, requester: User | None, actor: Actor, at: datetime
) -> EvaluationRun:
    """Ask the same question anew: kind, data, companions and settings. The old run stays as it is."""
    if run.source == PredictionSource.REPORTED:
        raise Conflict(f"Run {run.pk} was reported and not measured here.", "Report the new result.")
    return request_evaluation(
        version=run.version,
        dataset=run.dataset,
        kind=run.kind,
        config=run.config,
        requester=requester,
        actor=actor,
        at=at,
        compared=Companions(run.reference, run.against),
        predicted=Source(run.source, run.predictions, run.join),
    )


def _asked_for(run: EvaluationRun) -> dict[str, str]:
    """What the record keeps of a question."""
    asked = {"kind": run.kind, "dataset": str(run.dataset), "dataset_digest": run.dataset_digest}
    if run.trigger != Trigger.DEMAND:
        asked["trigger"] = run.trigger
    if run.reference is not None:
        asked |= {"reference": str(run.reference), "reference_digest": run.reference_digest}
    if run.against is not None:
        asked |= {"against": run.against.version, "against_digest": run.against_digest}
    if run.predictions is not None:
        asked |= {"predictions": str(run.predictions), "predictions_digest": run.predictions_digest}
    if run.endpoint_digest:
        asked |= {"source": run.source, "endpoint_digest": run.endpoint_digest}
    return asked


def refuse_unless_measurable(version: ModelVersion, dataset: Dataset, kind: str) -> None:
    """Say now what a worker would only find out later."""
    rules = RULES.get(kind)
    if rules is None:
        raise Invalid(f"There is no evaluation {kind}.", f"The kinds are {', '.join(RULES)}.", field="kind")
    label = EvaluationKind(kind).label
    if version.model.kind not in rules.model_kinds:
        meant = [str(ModelKind(name).label).lower() for name in rules.model_kinds]
        raise Invalid(
            f"{version.model.name} is entered as {version.model.get_kind_display().lower()}, "
            f"and nothing measures the {label.lower()} of that kind yet.",
            f"{label} is measured for {', '.join(meant)}. Say in the card how else it was tested.",
            field="kind",
        )
    if rules.label and not dataset.label:
        raise Invalid(
            f"{dataset} names no label column, so nothing can be compared with the truth.",
            "Register a version of the data set that names it.",
            field="dataset",
        )
    if rules.sensitive and not dataset.sensitive:
        raise Invalid(
            f"{dataset} names no sensitive column, so groups cannot be compared.",
            "Register a version of the data set that names them.",
            field="dataset",
        )
    if rules.label and version.model.kind == ModelKind.BINARY and not dataset.positive:
        raise Invalid(f"{dataset} does not say which value of {dataset.label} is positive.", field="dataset")


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
    outcome = {"status": JobStatus.CANCELLED, "finished_at": at, "failure": f"Stopped by {actor.name}."}
    EvaluationRun.objects.filter(pk=run.pk).update(step="", lease_until=None, **outcome)
    wrote_values(EvaluationRun, [run.pk], outcome)
    stamp(run.version_id)
    record(Verb.EVALUATION_CANCELLED, subject=run.ref, actor=actor, at=at)


@transaction.atomic
def succeed_evaluation(
    *,
    run: EvaluationRun,
    result: Mapping[str, Any],
    provenance: Mapping[str, Any],
    at: datetime,
    log: str | None = None,
) -> bool:
    """Keep what was measured. The version's row is locked: this changes the evidence that the gate reads."""
    stamp(run.version_id)
    digest = result_digest(run, result)
    kept = finish(
        run,
        status=JobStatus.SUCCEEDED,
        at=at,
        values={
            "result": dict(result),
            "result_digest": digest,
            "provenance": dict(provenance),
            **_logged(log),
        },
    )
    if kept:
        record(Verb.EVALUATION_SUCCEEDED, subject=run.ref, actor=WORKER, at=at, detail={"result": digest})
    return kept


@transaction.atomic
def fail_evaluation(
    *,
    run: EvaluationRun,
    failure: str,
    provenance: Mapping[str, Any],
    at: datetime,
    log: str | None = None,
    given_up: bool = False,
) -> bool:
    """Say on the run why it could not be measured; `given_up` where that is not the model's fault."""
    stamp(run.version_id)
    values = {"failure": failure, "provenance": dict(provenance), "given_up": given_up, **_logged(log)}
    kept = finish(run, status=JobStatus.FAILED, at=at, values=values)
    if kept:
        record(Verb.EVALUATION_FAILED, subject=run.ref, actor=WORKER, at=at, detail={"failure": failure})
    return kept


@transaction.atomic
def retry_evaluation(*, run: EvaluationRun, reason: str, at: datetime, log: str) -> bool:
    """Queue the run again after a hiccup of ours. False when it has been tried often enough, or was lost."""
    stamp(run.version_id)
    pause = FIRST_PAUSE * 3 ** (run.attempt - 1)
    values = {"not_before": at + pause, "log": log}
    kept = give_back(run, step=f"Waiting to be tried again: {reason}", values=values)
    if kept:
        detail = {"reason": reason, "attempt": run.attempt}
        record(Verb.EVALUATION_RETRIED, subject=run.ref, actor=WORKER, at=at, detail=detail)
    return kept


def restamp_evaluation(run: EvaluationRun) -> None:
    """The sweep queues a run again: what the gate remembers of its version is no longer so."""
    stamp(run.version_id)


@transaction.atomic
def bury_evaluation(pk: int, reason: str, at: datetime) -> None:
    """The sweep's word on a run that killed its worker too often."""
    run = EvaluationRun.objects.select_for_update().get(pk=pk)
    fail_evaluation(run=run, failure=reason, provenance=run.provenance, at=at, given_up=True)


def _logged(log: str | None) -> dict[str, str]:
    return {} if log is None else {"log": log}


def result_digest(run: EvaluationRun, result: Mapping[str, Any]) -> str:
    """Digest of what was measured, on what and how; the same numbers give the same digest in every run."""
    measured: dict[str, Any] = {
        "kind": run.kind,
        "artifact": run.artifact_digest,
        "dataset": run.dataset_digest,
        "config": run.config,
        "result": result,
    }
    compared = {
        "reference": run.reference_digest,
        "against": run.against_digest,
        "predictions": run.predictions_digest,
        "endpoint": run.endpoint_digest,
    }
    measured |= {name: digest for name, digest in compared.items() if digest}
    if run.source == PredictionSource.REPORTED:
        measured["source"] = run.source
    return canonical_digest(plain(measured))


@transaction.atomic
def record_result_download(*, run: EvaluationRun, actor: Actor, at: datetime) -> None:
    """Remember who took the measurements along as a file."""
    record(Verb.EVALUATION_DOWNLOADED, subject=run.ref, actor=actor, at=at, detail={"format": "json"})
