"""What a worker does with an evaluation run: check the bytes, measure in the sandbox, keep the answer."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.refusals import Refusal, Unavailable
from audit.actions import record
from audit.asked import begin
from audit.queries import request_of
from audit.spans import Steps, span
from audit.verbs import Verb
from evaluations.actions import WORKER, fail_evaluation, retry_evaluation, succeed_evaluation
from evaluations.endpoints.scoring import score_run
from evaluations.environments.tasks import build_environment
from evaluations.environments.use import Surroundings, awaited, surroundings_of
from evaluations.formats import allowed_formats
from evaluations.jobs import claim_most_urgent, heartbeat, put_back
from evaluations.kinds import settings_in_force
from evaluations.logs import RunLog, clean
from evaluations.made_here import made_here
from evaluations.models import EvaluationRun, PredictionSource
from evaluations.partitioned import count_on_cluster, facts, is_partitioned, partitioned, whole
from evaluations.provenance import provenance_of
from evaluations.queries import waiting_in
from evaluations.queues import limits_of, queue_of
from evaluations.sandbox import Job, Outcome, run_job
from evaluations.standing import record_walls
from evaluations.wake import EVALUATION_TASK
from registry.actions.locking import stamp
from registry.masking import not_row_by_row
from registry.storage import StoredBytesDiffer, materialised, materialised_dataset

__all__ = ["build_environment", "run_evaluation", "try_walls"]  # what Celery and the app look for here
logger = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 1.0
HALF = 0.5  # of the progress, for scoring at an endpoint


@shared_task(name=EVALUATION_TASK)
def run_evaluation(pk: int) -> None:
    """Measure the most urgent run of the queue that this one is of: a message is only a wake-up."""
    kind = EvaluationRun.objects.filter(pk=pk).values_list("kind", flat=True).first()
    run = _claim(queue_of(kind)) if kind else None
    if run is None:
        return
    log = RunLog(run.log, run.attempt, timezone.now())
    with span(f"evaluation {run.kind}", evaluation__number=run.pk, evaluation__attempt=run.attempt):
        _work(run, log)


def _work(run: EvaluationRun, log: RunLog) -> None:
    try:
        _refuse_unless_as_asked(run)
        surroundings = surroundings_of(run)
        with _laid_out(run) as places:
            outcome = _measure(run, places, surroundings, log)
    except (Unavailable, OSError) as hiccup:
        _later_or_never(run, hiccup, log)
    except (StoredBytesDiffer, Refusal) as problem:
        _end(run, Outcome(None, str(problem), {}), log)
    else:
        _end(run, outcome, log)


def _end(run: EvaluationRun, outcome: Outcome, log: RunLog) -> None:
    now = timezone.now()
    around = provenance_of(run, outcome.provenance, at=now)
    if outcome.result is not None:
        kept = succeed_evaluation(run=run, result=outcome.result, provenance=around, at=now, log=log.text)
    else:
        kept = fail_evaluation(run=run, failure=outcome.failure, provenance=around, at=now, log=log.text)
    if not kept:
        logger.warning("Run %s was cancelled or taken over; its outcome was dropped", run.pk)


def _later_or_never(run: EvaluationRun, hiccup: Unavailable | OSError, log: RunLog) -> None:
    """What our own machines could not do is tried again. What the model could not do never comes here."""
    now = timezone.now()
    said = str(hiccup) if isinstance(hiccup, Unavailable) else hiccup.strerror or type(hiccup).__name__
    reason = f"{clean(said).rstrip('.')}."
    log.step(f"Broken off: {reason}", now)
    if not retry_evaluation(run=run, reason=reason, at=now, log=log.text):
        failure = f"{reason} It was tried {run.attempt} times."
        fail_evaluation(
            run=run, failure=failure, provenance=run.provenance, at=now, log=log.text, given_up=True
        )


def try_walls(**_: object) -> None:
    """Celery's signal that this worker is ready: what stands around models here goes on the system page."""
    record_walls(at=timezone.now())


@transaction.atomic
def _claim(queue: str) -> EvaluationRun | None:
    now = timezone.now()
    while (run := claim_most_urgent(waiting_in(queue, at=now), at=now)) is not None:
        if (environment := awaited(run, at=now)) is None:
            stamp(run.version_id)
            # The message may have been about another run.
            begin(request_of(run.ref, Verb.EVALUATION_REQUESTED))
            detail = {"attempt": run.attempt}
            record(Verb.EVALUATION_STARTED, subject=run.ref, actor=WORKER, at=now, detail=detail)
            return run
        log = RunLog(run.log, 1, now)
        log.step(f"Waiting for the environment {environment.short} to be built", now)
        values = {"awaits": environment, "log": log.text}
        put_back(run, step=f"Waiting for its environment {environment.short}", values=values)
    return None


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of a run lie while it works."""

    model: Path
    data: Path
    reference: Path | None
    against: Path | None
    predictions: Path | None = None


def _refuse_unless_as_asked(run: EvaluationRun) -> None:
    """Whatever is run and read has the digest that was fixed when the run was asked for."""
    fixed = [
        (run.version, run.version.artifact_digest, run.artifact_digest),
        (run.dataset, run.dataset.digest, run.dataset_digest),
    ]
    if run.reference is not None:
        fixed.append((run.reference, run.reference.digest, run.reference_digest))
    if run.against is not None:
        fixed.append((run.against, run.against.artifact_digest, run.against_digest))
    if run.predictions is not None:
        fixed.append((run.predictions, run.predictions.digest, run.predictions_digest))
    for what, now, then in fixed:
        if now != then:
            raise StoredBytesDiffer(f"{what} has another digest than when this run was asked for.")


@contextmanager
def _laid_out(run: EvaluationRun) -> Iterator[Places]:
    """Every file of the run, hashed just now. Raises StoredBytesDiffer, Unavailable."""
    with ExitStack() as stack:
        yield Places(
            model=stack.enter_context(materialised(run.version)),
            data=stack.enter_context(materialised_dataset(run.dataset)),
            reference=stack.enter_context(materialised_dataset(run.reference)) if run.reference else None,
            against=stack.enter_context(materialised(run.against)) if run.against else None,
            predictions=stack.enter_context(materialised_dataset(run.predictions))
            if run.predictions
            else None,
        )


def _measure(run: EvaluationRun, places: Places, surroundings: Surroundings, log: RunLog) -> Outcome:
    pulse = _Pulse(run, log)
    with ExitStack() as stack:
        stack.callback(pulse.steps.end)
        folder, answers = (Path(stack.enter_context(_job_folder(run))) for _ in range(2))
        job = replace(_job(run, places), **surroundings.fields)
        around: dict[str, Any] = dict(surroundings.facts)
        if run.source == PredictionSource.ENDPOINT:
            scored = score_run(run, job, answers, on_progress=pulse.first_half, should_stop=pulse.should_stop)
            if scored.failure:
                return Outcome(None, scored.failure, scored.provenance)
            job, around, pulse.begun = scored.job, {**around, **scored.provenance}, HALF
        own = made_here(run.version, run.against)
        if is_partitioned(run):
            job, around = partitioned(job), {**around, "partitioned": facts()}
            if settings.DASK_SCHEDULER_ADDRESS:
                job, ended = count_on_cluster(
                    job, limits_of(run.kind), answers, pulse.on_progress, pulse.should_stop, own=own
                )
                around["partitioned"] |= ended.facts
                if ended.failure:
                    return Outcome(None, ended.failure, around)
        else:
            job = whole(job, run)
        outcome = run_job(
            job,
            folder,
            limits_of(run.kind),
            pulse.on_progress,
            pulse.should_stop,
            log.said,
            sandbox=settings.SANDBOX,
            own=own,
        )
        return replace(outcome, provenance={**outcome.provenance, **around})


def _job_folder(run: EvaluationRun) -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix=f"run-{run.pk}-", dir=_jobs_folder())


def _jobs_folder() -> Path:
    folder: Path = settings.VAR_DIR / "jobs"
    folder.mkdir(exist_ok=True)
    return folder


def _job(run: EvaluationRun, places: Places) -> Job:
    dataset, version = run.dataset, run.version
    answers = run.predictions or dataset
    in_force = settings_in_force(run.kind, run.config)
    return Job(
        kind=run.kind,
        manifest=None
        if version.predictions_only
        else {file.path: file.sha256 for file in version.files.all()},
        against_manifest={file.path: file.sha256 for file in run.against.files.all()}
        if run.against
        else None,
        formats=allowed_formats(),
        model_kind=version.model.kind,
        model_path=None if version.predictions_only else str(places.model),
        data_path=str(places.data),
        label=dataset.label,
        positive=dataset.positive or None,
        prediction=answers.prediction or None,
        score=answers.score or None,
        predictions_path=str(places.predictions) if places.predictions else None,
        join=run.join or None,
        sensitive=tuple(dataset.sensitive),
        features=tuple(column["name"] for column in version.signature.get("inputs", [])) or None,
        config=in_force,
        seed=int(in_force["seed"]),
        plugins_path=settings.PLUGINS_DIR,
        reference_path=str(places.reference) if places.reference else None,
        against_path=str(places.against) if places.against else None,
        reference_groups=dict(dataset.reference_groups),
        data_schema=dict(dataset.schema),
        confidential=tuple(sorted(not_row_by_row(dataset))),
    )


class _Pulse:
    """Renews the lease while the sandbox works, and shows progress and log, at most once a second."""

    def __init__(self, run: EvaluationRun, log: RunLog) -> None:
        self._run = run
        self._log = log
        self._progress = 0.0
        self._step = "Starting"
        self._shown = run.log
        self._last = 0.0
        self._lost = False
        self.steps = Steps()
        self.begun = 0.0  # what was done before the sandbox, as a share of the whole

    def first_half(self, progress: float, step: str) -> None:
        """Called while an endpoint scores."""
        self._progress, self._step = progress * HALF, step
        self.steps.begin(f"scoring: {step}")
        self._log.step(step, timezone.now())
        self.should_stop()

    def on_progress(self, progress: float, step: str) -> None:
        """Called by the sandbox for each step."""
        self._progress, self._step = self.begun + progress * (1 - self.begun), step
        self.steps.begin(f"step: {step}")
        self._log.step(step, timezone.now())
        self._beat()

    def should_stop(self) -> bool:
        """Called by the sandbox all the time: true when the run was cancelled or taken over."""
        if monotonic() - self._last >= HEARTBEAT_SECONDS:
            self._beat()
        return self._lost

    def _beat(self) -> None:
        self._last = monotonic()
        told = self._log.text
        values = {} if told == self._shown else {"log": told}
        self._lost = not heartbeat(
            self._run, progress=self._progress, step=self._step, at=timezone.now(), values=values
        )
        self._shown = told
