"""Jobs in the database: claimed under a lease, fenced by a token, given up after so many attempts.

A message of the broker is only a wake-up. Whatever a worker, a broker or a machine loses, the sweep finds the row
again: queued rows are woken anew, and rows whose lease ran out are queued again or, after the last attempt, failed.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from audit.rows import wrote_values
from evaluations.models import LIVE, Job, JobStatus

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 3
WAKE_AGAIN_AFTER = timedelta(seconds=10)
LOST = (
    f"The worker stopped answering {MAX_ATTEMPTS} times. It may have run out of memory; see the worker's log."
)

AnyJob = TypeVar("AnyJob", bound=Job)
_wakers: dict[type[Job], Callable[[int], None]] = {}
_buriers: dict[type[Job], Callable[[int, str, datetime], None]] = {}
_requeued: dict[type[Job], Callable[[Any], None]] = {}


def register_kind(
    model: type[AnyJob],
    *,
    wake: Callable[[int], None],
    bury: Callable[[int, str, datetime], None],
    requeued: Callable[[AnyJob], None] | None = None,
) -> None:
    """Tell the sweep about a kind of job: how to wake a worker for it, and the action that fails it for good.

    `requeued` is told, in the same transaction, of a job that is about to be queued again.
    """
    _wakers[model] = wake
    _buriers[model] = bury
    if requeued is not None:
        _requeued[model] = requeued


@transaction.atomic
def claim(model: type[AnyJob], pk: int, *, at: datetime) -> AnyJob | None:
    """Take a queued job, or None when somebody else has it or nobody wants it any more."""
    waiting = model._default_manager.select_for_update().filter(pk=pk, status=JobStatus.QUEUED)
    return _take(waiting.first(), at)


@transaction.atomic
def claim_most_urgent(waiting: QuerySet[AnyJob], *, at: datetime) -> AnyJob | None:
    """Take the first of these queued jobs, in the order that they come in; those that others hold are passed over."""
    rows = waiting.filter(status=JobStatus.QUEUED)
    return _take(rows.select_for_update(of=("self",), skip_locked=True).first(), at)


def _take(job: AnyJob | None, at: datetime) -> AnyJob | None:
    if job is None:
        return None
    job.status = JobStatus.RUNNING
    job.attempt += 1
    job.lease_token = uuid.uuid4()
    job.lease_until = at + LEASE
    job.started_at = at
    job.progress = 0.0
    job.step = "Starting"
    job.save()
    return job


def heartbeat(
    job: Job, *, progress: float, step: str, at: datetime, values: Mapping[str, Any] | None = None
) -> bool:
    """Renew the lease and show progress. False: cancelled, or another worker has taken over; stop at once."""
    shown = {"progress": min(max(progress, 0.0), 1.0), "step": step[:120]}
    return bool(_mine(job).update(lease_until=at + LEASE, **shown, **(values or {})))


def give_back(job: Job, *, step: str, values: Mapping[str, Any]) -> bool:
    """Let the job be tried again later, unless the lease was lost or this was its last attempt."""
    if job.attempt >= MAX_ATTEMPTS:
        return False
    again = {"status": JobStatus.QUEUED, "step": step[:120], "lease_token": None, "lease_until": None}
    return bool(_mine(job).update(**again, **values))


def put_back(job: Job, *, step: str, values: Mapping[str, Any]) -> bool:
    """Let a job that was just claimed wait for something else. That was no attempt."""
    again = {"status": JobStatus.QUEUED, "step": step[:120], "lease_token": None, "lease_until": None}
    return bool(_mine(job).update(**again, attempt=job.attempt - 1, started_at=None, **values))


def finish(job: Job, *, status: JobStatus, at: datetime, values: Mapping[str, Any]) -> bool:
    """Write the outcome, unless the lease was lost. Call inside the transaction that records the event."""
    progress = 1.0 if status == JobStatus.SUCCEEDED else job.progress
    outcome = {"status": status, "finished_at": at, **values}
    kept = bool(_mine(job).update(progress=progress, step="", lease_until=None, **outcome))
    if kept:
        wrote_values(type(job), [job.pk], outcome)
    return kept


def sweep(*, at: datetime) -> int:
    """Bring back what was lost. Returns how many jobs were woken, queued again or given up."""
    touched = 0
    for model, wake in _wakers.items():
        overdue = model._default_manager.filter(status=JobStatus.RUNNING, lease_until__lt=at)
        for job in overdue:
            if job.attempt >= MAX_ATTEMPTS:
                _buriers[model](job.pk, LOST, at)
            else:
                _queue_again(job, at)
            touched += 1
        waiting = model._default_manager.filter(
            status=JobStatus.QUEUED, requested_at__lt=at - WAKE_AGAIN_AFTER
        ).order_by("pk")
        for pk in waiting.values_list("pk", flat=True)[:20]:
            wake(pk)
            touched += 1
    return touched


@transaction.atomic
def _queue_again(job: Job, at: datetime) -> None:
    """A job whose worker was lost waits again, unless the worker came back meanwhile."""
    if (tell := _requeued.get(type(job))) is not None:
        tell(job)
    _mine(job).filter(lease_until__lt=at).update(status=JobStatus.QUEUED, step="Waiting", lease_token=None)


def live(model: type[AnyJob]) -> Any:
    """Rows that are queued or running."""
    return model._default_manager.filter(status__in=LIVE)


def _mine(job: Job) -> Any:
    """The row, if this worker still holds its lease."""
    return type(job)._default_manager.filter(pk=job.pk, status=JobStatus.RUNNING, lease_token=job.lease_token)
