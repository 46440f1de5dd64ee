"""Rounds with tracking servers: asked for, claimed under a lease, ended; one at a time for each server.

The row is the truth and a message only a wake-up, as with every job. A round that is asked for while another one
waits is joined to it; the database holds at most one that waits and one that runs.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.refusals import Conflict, Refusal
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.models import HookDelivery, SyncRun, SyncStatus, TrackingServer
from registry.wishes import Wanted

LEASE = timedelta(seconds=60)
REGISTERING = timedelta(minutes=15)  # one version, hashed and stored, with nothing heard meanwhile
MAX_ATTEMPTS = 3
FRESH = timedelta(minutes=5)
LOST = f"The worker stopped answering {MAX_ATTEMPTS} times; see the worker's log."


class Replayed(Refusal):
    """A message that was taken before."""


@transaction.atomic
def request_sync(*, server: TrackingServer, wanted: Wanted, asked_by: str, at: datetime) -> SyncRun:
    """Queue a round, or join it to the one that waits."""
    server = TrackingServer.objects.select_for_update().get(pk=server.pk)
    if server.removed_at is not None and wanted.bring:
        raise Conflict(f"{server.name} is removed.", "Connect it again first.")
    waiting = server.runs.filter(status=SyncStatus.QUEUED).first()
    if waiting is None:
        return SyncRun.objects.create(
            server=server, wanted=wanted.to_json(), asked_by=asked_by[:150], asked_at=at, step="Waiting"
        )
    held = Wanted.from_json(waiting.wanted)
    if held.scheduled and not wanted.scheduled:
        waiting.asked_by = asked_by[:150]
    waiting.wanted = held.and_also(wanted).to_json()
    waiting.save(update_fields=["wanted", "asked_by"])
    return waiting


@transaction.atomic
def take_delivery(
    *, server: TrackingServer, delivery_id: str, wanted: Wanted | None, at: datetime
) -> SyncRun | None:
    """Remember a message of MLflow and queue the round that it asks for. Raises Replayed for an old one."""
    server = TrackingServer.objects.select_for_update().get(pk=server.pk)
    server.deliveries.filter(received_at__lt=at - 3 * FRESH).delete()
    if server.deliveries.filter(delivery_id=delivery_id).exists():
        raise Replayed("This message was taken before.", "MLflow need not send it again.")
    HookDelivery.objects.create(server=server, delivery_id=delivery_id, received_at=at)
    if wanted is None:
        return None
    return request_sync(server=server, wanted=wanted, asked_by="MLflow's webhook", at=at)


@transaction.atomic
def refuse_delivery(*, server: TrackingServer, reason: str, actor: Actor, at: datetime) -> None:
    """Put a message that was not taken on the record."""
    record(Verb.MLFLOW_HOOK_REFUSED, subject=server.ref, actor=actor, at=at, detail={"reason": reason})


@transaction.atomic
def claim_sync(pk: int, *, at: datetime) -> SyncRun | None:
    """Take a waiting round, or None when it is gone or another round of its server runs."""
    found = SyncRun.objects.filter(pk=pk).first()
    if found is None:
        return None
    TrackingServer.objects.select_for_update().get(pk=found.server_id)
    run = SyncRun.objects.select_related("server").filter(pk=pk, status=SyncStatus.QUEUED).first()
    if run is None or SyncRun.objects.filter(server=run.server_id, status=SyncStatus.RUNNING).exists():
        return None
    run.status, run.attempt, run.started_at = SyncStatus.RUNNING, run.attempt + 1, at
    run.lease_token, run.lease_until = uuid.uuid4(), at + LEASE
    run.progress, run.step = 0.0, "Asking MLflow"
    run.save()
    return run


def renew_sync(run: SyncRun, *, progress: float, step: str, at: datetime, lease: timedelta = LEASE) -> bool:
    """Renew the lease and show progress. False: another worker has taken over; stop at once."""
    run.progress, run.step = min(max(progress, 0.0), 1.0), step[:160]
    return bool(_mine(run).update(progress=run.progress, step=run.step, lease_until=at + lease))


@transaction.atomic
def succeed_sync(*, run: SyncRun, outcome: Mapping[str, Any], at: datetime) -> bool:
    """Keep what a round did. A scheduled one that changed nothing leaves its row until the next, and no event."""
    kept = _mine(run).update(
        status=SyncStatus.SUCCEEDED,
        finished_at=at,
        progress=1.0,
        step="",
        lease_until=None,
        outcome=dict(outcome),
    )
    if not kept:
        return False
    wanted = Wanted.from_json(run.wanted)
    counts = {name: outcome.get(name, 0) for name in ("models", "versions", "written", "not_taken")}
    if wanted.scheduled and not any(counts.values()):
        quiet = run.server.runs.filter(status=SyncStatus.SUCCEEDED, pk__lt=run.pk)
        quiet.filter(wanted__scheduled=True, wanted__deed=wanted.deed, outcome__quiet=True).delete()
        SyncRun.objects.filter(pk=run.pk).update(outcome=dict(outcome) | {"quiet": True})
        return True
    _record(Verb.MLFLOW_SYNCED, run, wanted, counts, at)
    return True


@transaction.atomic
def fail_sync(*, run: SyncRun, failure: str, outcome: Mapping[str, Any], at: datetime) -> bool:
    """Say on the round why it ended. What it had brought in by then stays. The same failure is told once."""
    before = run.server.runs.filter(pk__lt=run.pk, status__in=[SyncStatus.SUCCEEDED, SyncStatus.FAILED])
    last = before.first()
    kept = _mine(run).update(
        status=SyncStatus.FAILED,
        finished_at=at,
        step="",
        lease_until=None,
        failure=failure[:500],
        outcome=dict(outcome),
    )
    wanted = Wanted.from_json(run.wanted)
    if not kept:
        return False
    if wanted.scheduled and last is not None and last.failure == failure[:500]:
        before.filter(failure=failure[:500], wanted__scheduled=True).delete()
    else:
        _record(Verb.MLFLOW_SYNC_FAILED, run, wanted, {"failure": failure[:500]}, at)
    return True


def sweep_syncs(*, at: datetime) -> list[int]:
    """Queue rounds again whose worker was lost, or give them up. Answers all that wait for a worker."""
    for run in SyncRun.objects.filter(status=SyncStatus.RUNNING, lease_until__lt=at).select_related("server"):
        with transaction.atomic():
            TrackingServer.objects.select_for_update().get(pk=run.server_id)
            another = run.server.runs.filter(status=SyncStatus.QUEUED).exists()
            if run.attempt >= MAX_ATTEMPTS or another:
                fail_sync(run=run, failure=LOST if not another else "The worker was lost.", outcome={}, at=at)
            else:
                _mine(run).filter(lease_until__lt=at).update(
                    status=SyncStatus.QUEUED, step="Waiting", lease_token=None
                )
    running = SyncRun.objects.filter(status=SyncStatus.RUNNING).values("server")
    waiting = SyncRun.objects.filter(status=SyncStatus.QUEUED).exclude(server__in=running)
    return list(waiting.values_list("pk", flat=True)[:20])


def due_servers(*, at: datetime) -> list[TrackingServer]:
    """Connected servers whose next reading is due."""
    servers = TrackingServer.objects.filter(removed_at=None, every_minutes__gt=0)
    return [
        server
        for server in servers
        if _is_older(
            server.runs.filter(wanted__deed="sync", wanted__names=[]),  # a webhook's round is about one model
            timedelta(minutes=server.every_minutes),
            at,
        )
    ]


def servers_to_write(*, every: timedelta, at: datetime) -> list[TrackingServer]:
    """Servers that are written to and have not been for that long."""
    servers = TrackingServer.objects.filter(removed_at=None, writes_back=True, tracked__isnull=False)
    return [server for server in servers.distinct() if _is_older(server.runs.all(), every, at)]


def _is_older(runs: "QuerySet[SyncRun]", age: timedelta, at: datetime) -> bool:
    last = runs.order_by("-asked_at").first()
    return last is None or (not last.is_live and last.asked_at <= at - age)


def _mine(run: SyncRun) -> "QuerySet[SyncRun]":
    """The row, if this worker still holds its lease."""
    return SyncRun.objects.filter(pk=run.pk, status=SyncStatus.RUNNING, lease_token=run.lease_token)


def _record(verb: Verb, run: SyncRun, wanted: Wanted, told: Mapping[str, object], at: datetime) -> None:
    actor = Actor(wanted.actor_id, wanted.actor_name, "process")
    detail = {"run": run.pk, "asked_by": run.asked_by, **told}
    record(verb, subject=run.server.ref, actor=actor, at=at, detail=detail)
