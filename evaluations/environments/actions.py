"""Asking for environments and ending their builds; each with its audit event in the same transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.refusals import Conflict
from audit.actions import record
from audit.actor import Actor
from audit.canonical import plain
from audit.rows import wrote_values
from audit.verbs import Verb
from evaluations.environments.needs import Needs
from evaluations.environments.places import is_here, leave
from evaluations.jobs import finish
from evaluations.models import LIVE, Environment, EvaluationRun, JobStatus
from evaluations.wake import wake_environment, wake_evaluation

WORKER = Actor.system("worker")
TRIED_AGAIN_AFTER = timedelta(minutes=10)
"""A failure that may pass is not asked about more often than this."""
STILL_IN_USE = timedelta(minutes=1)  # how exactly the last use is written down


@transaction.atomic
def want_environment(*, needs: Needs, at: datetime, actor: Actor = WORKER) -> Environment:
    """The environment for these needs; its build is queued where there is none, or where it is worth another try."""
    row, new = Environment.objects.get_or_create(
        digest=needs.digest,
        defaults={
            "requirements": list(needs.requirements),
            "python": needs.python,
            "platform": needs.platform,
            "requested_at": at,
            "step": "Waiting for a worker",
        },
    )
    if new:
        _asked(row, actor=actor, at=at)
    elif _is_worth_a_build(row, at):
        row = Environment.objects.select_for_update().get(pk=row.pk)
        if _is_worth_a_build(row, at):
            _queue(row, actor=actor, at=at)
    if row.is_ready and (row.last_used_at is None or at - row.last_used_at > STILL_IN_USE):
        Environment.objects.filter(pk=row.pk).update(last_used_at=at)
    return row


@transaction.atomic
def rebuild_environment(*, environment: Environment, actor: Actor, at: datetime) -> Environment:
    """Build it anew. The one that runs use now stays until the new one is there."""
    row = Environment.objects.select_for_update().get(pk=environment.pk)
    if row.status in LIVE:
        raise Conflict(f"{row} is being built already.", "Wait for it.")
    _queue(row, actor=actor, at=at)
    return row


@transaction.atomic
def end_build(
    *, environment: Environment, folder: str, found: Mapping[str, Any], log: str, at: datetime
) -> bool:
    """Write down what was installed, or why nothing was, and let the runs go on that waited. False: the lease was
    lost."""
    failure = str(found["failure"])
    values = {
        "failure": failure,
        "requirement": str(found.get("requirement", ""))[:400],
        "passing": bool(found.get("passing", False)),
        "folder": folder,
        "installed": found.get("installed", {}),
        "size": found.get("size", 0),
        "log": log,
    }
    status = JobStatus.FAILED if failure else JobStatus.SUCCEEDED
    kept = finish(environment, status=status, at=at, values=values)
    if kept:
        verb = Verb.ENVIRONMENT_FAILED if failure else Verb.ENVIRONMENT_BUILT
        detail = {"failure": failure} if failure else {"installed": plain(values["installed"])}
        record(verb, subject=environment.ref, actor=WORKER, at=at, detail=detail)
        _wake_waiting(environment)
    return kept


@transaction.atomic
def bury_environment(pk: int, reason: str, at: datetime) -> None:
    """The sweep's word on a build that killed its worker too often."""
    row = Environment.objects.select_for_update().get(pk=pk)
    end_build(environment=row, folder="", found={"failure": reason, "passing": True}, log=row.log, at=at)


@transaction.atomic
def retire_environment(*, environment: Environment, before: datetime, at: datetime) -> bool:
    """Nobody used it since `before`: its folder may go. It is built again when somebody asks."""
    unused = Environment.objects.select_for_update().filter(
        pk=environment.pk, status=JobStatus.SUCCEEDED, finished_at__lt=before
    )
    row = unused.exclude(last_used_at__gte=before).first()
    if row is None:
        return False
    leave(row)
    removed = {"status": JobStatus.CANCELLED, "folder": "", "size": 0}
    Environment.objects.filter(pk=row.pk).update(**removed)
    wrote_values(Environment, [row.pk], removed)
    record(Verb.ENVIRONMENT_REMOVED, subject=row.ref, actor=WORKER, at=at, detail={"folder": row.folder})
    return True


def _is_worth_a_build(row: Environment, at: datetime) -> bool:
    if row.status == JobStatus.SUCCEEDED:
        return not is_here(row)
    if row.status == JobStatus.FAILED:
        return row.passing and row.finished_at is not None and at - row.finished_at > TRIED_AGAIN_AFTER
    return row.status == JobStatus.CANCELLED


def _queue(row: Environment, *, actor: Actor, at: datetime) -> None:
    leave(row)
    row.status, row.attempt, row.progress, row.failure, row.requirement = JobStatus.QUEUED, 0, 0.0, "", ""
    row.step, row.requested_at, row.started_at, row.finished_at = "Waiting for a worker", at, None, None
    row.lease_token = row.lease_until = None
    row.save()
    _asked(row, actor=actor, at=at)


def _asked(row: Environment, *, actor: Actor, at: datetime) -> None:
    detail = {"digest": row.digest, "requirements": plain(row.requirements), "python": row.python}
    record(Verb.ENVIRONMENT_ASKED, subject=row.ref, actor=actor, at=at, detail=detail)
    transaction.on_commit(lambda: wake_environment(row.pk))


def _wake_waiting(environment: Environment) -> None:
    waiting = EvaluationRun.objects.filter(awaits=environment, status=JobStatus.QUEUED)
    for pk in waiting.order_by("priority", "pk").values_list("pk", flat=True):
        transaction.on_commit(lambda pk=pk: wake_evaluation(pk))  # type: ignore[misc]
