"""What a worker does with an evaluation run: check the bytes, measure in the sandbox, keep the answer."""

import logging
import tempfile
from pathlib import Path
from time import monotonic

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.refusals import Refusal
from audit.actions import record
from audit.verbs import Verb
from evaluations.actions import WORKER, fail_evaluation, succeed_evaluation
from evaluations.jobs import claim, heartbeat
from evaluations.models import EvaluationRun
from evaluations.sandbox import Job, Limits, Outcome, run_job
from evaluations.wake import EVALUATION_TASK
from registry.actions.locking import stamp
from registry.storage import StoredBytesDiffer, materialised, materialised_dataset

log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 1.0


@shared_task(name=EVALUATION_TASK)
def run_evaluation(pk: int) -> None:
    """Measure one run, if it still waits."""
    run = _claim(pk)
    if run is None:
        return
    try:
        with materialised(run.version) as model, materialised_dataset(run.dataset) as data:
            outcome = _measure(run, model, data)
    except (StoredBytesDiffer, Refusal) as problem:
        fail_evaluation(run=run, failure=str(problem), provenance={}, at=timezone.now())
        return
    now = timezone.now()
    if outcome.result is not None:
        kept = succeed_evaluation(run=run, result=outcome.result, provenance=outcome.provenance, at=now)
    else:
        kept = fail_evaluation(run=run, failure=outcome.failure, provenance=outcome.provenance, at=now)
    if not kept:
        log.warning("Run %s was cancelled or taken over; its outcome was dropped", run.pk)


@transaction.atomic
def _claim(pk: int) -> EvaluationRun | None:
    now = timezone.now()
    run = claim(EvaluationRun, pk, at=now)
    if run is not None:
        stamp(run.version_id)
        record(
            Verb.EVALUATION_STARTED, subject=run.ref, actor=WORKER, at=now, detail={"attempt": run.attempt}
        )
    return run


def _measure(run: EvaluationRun, model: Path, data: Path) -> Outcome:
    limits = Limits(
        memory_mb=settings.SANDBOX_MEMORY_MB,
        cpu_seconds=settings.SANDBOX_SECONDS,
        wall_seconds=settings.SANDBOX_SECONDS,
    )
    pulse = _Pulse(run)
    with tempfile.TemporaryDirectory(prefix=f"run-{run.pk}-", dir=_jobs_folder()) as folder:
        return run_job(_job(run, model, data), Path(folder), limits, pulse.on_progress, pulse.should_stop)


def _jobs_folder() -> Path:
    folder: Path = settings.VAR_DIR / "jobs"
    folder.mkdir(exist_ok=True)
    return folder


def _job(run: EvaluationRun, model: Path, data: Path) -> Job:
    dataset, version = run.dataset, run.version
    return Job(
        kind=run.kind,
        model_kind=version.model.kind,
        model_path=None if version.predictions_only else str(model),
        data_path=str(data),
        label=dataset.label,
        positive=dataset.positive or None,
        prediction=dataset.prediction or None,
        score=dataset.score or None,
        sensitive=tuple(dataset.sensitive),
        features=tuple(column["name"] for column in version.signature.get("inputs", [])) or None,
        config=run.config,
        seed=int(run.config.get("seed", 20261121)),
    )


class _Pulse:
    """Renews the lease while the sandbox works, at most once a second."""

    def __init__(self, run: EvaluationRun) -> None:
        self._run = run
        self._progress = 0.0
        self._step = "Starting"
        self._last = 0.0
        self._lost = False

    def on_progress(self, progress: float, step: str) -> None:
        """Called by the sandbox for each step."""
        self._progress, self._step = progress, step
        self._beat()

    def should_stop(self) -> bool:
        """Called by the sandbox all the time: true when the run was cancelled or taken over."""
        if monotonic() - self._last >= HEARTBEAT_SECONDS:
            self._beat()
        return self._lost

    def _beat(self) -> None:
        self._last = monotonic()
        self._lost = not heartbeat(self._run, progress=self._progress, step=self._step, at=timezone.now())
