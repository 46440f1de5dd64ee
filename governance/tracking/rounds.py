"""A round with a tracking server: asked for, woken by the scheduler, done by a worker."""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.refusals import Invalid
from audit.actor import Actor
from evaluations.wake import wake
from governance.tracking.write_back import write_back
from registry.actions.sync_runs import (
    REGISTERING,
    claim_sync,
    due_servers,
    fail_sync,
    renew_sync,
    request_sync,
    servers_to_write,
    succeed_sync,
    sweep_syncs,
)
from registry.bringing import Bringing, Line
from registry.models import SyncRun, TrackingServer
from registry.tracked import said
from registry.tracking import FoundModel, look
from registry.tracking_stores import store_of
from registry.wishes import SYNC, WRITE, Wanted

SYNC_TASK = "tracking.sync"
WRITE_EVERY = timedelta(minutes=3)
MOST_LINES = 500
BEAT_SECONDS = 1.0
Say = Callable[[Line], None]


@transaction.atomic
def ask(*, server: TrackingServer, wanted: Wanted, asked_by: str, at: datetime) -> SyncRun:
    """Queue a round and wake a worker for it."""
    run = request_sync(server=server, wanted=wanted, asked_by=asked_by, at=at)
    wake_for(run)
    return run


def wake_for(run: SyncRun) -> None:
    """Wake a worker once the round is there to be seen."""
    transaction.on_commit(lambda: wake(SYNC_TASK, run.pk))


def wake_due(at: datetime) -> None:
    """The scheduler's duty: lost rounds come back, and servers that are due get theirs."""
    for server in due_servers(at=at):
        request_sync(server=server, wanted=Wanted(scheduled=True), asked_by="The schedule", at=at)
    for server in servers_to_write(every=WRITE_EVERY, at=at):
        wanted = Wanted(deed=WRITE, scheduled=True)
        request_sync(server=server, wanted=wanted, asked_by="The schedule", at=at)
    for pk in sweep_syncs(at=at):
        wake(SYNC_TASK, pk)


def run_round(pk: int, *, say: Say = lambda line: None) -> bool:
    """Do a round, if it still waits. False when it does not, or when another one of its server is going."""
    run = claim_sync(pk, at=timezone.now())
    if run is None:
        return False
    work = Round(run, say)
    try:
        work.do()
    except Invalid as problem:
        fail_sync(run=run, failure=said(problem), outcome=work.outcome(), at=timezone.now())
    else:
        succeed_sync(run=run, outcome=work.outcome(), at=timezone.now())
    return True


class Round:
    """One round as it goes: bring in what is new, then write back what differs."""

    def __init__(self, run: SyncRun, say: Say) -> None:
        self._run = run
        self._wanted = Wanted.from_json(run.wanted)
        self._progress, self._step, self._beaten = 0.0, run.step, 0.0
        self._written = 0
        self._bringing = Bringing(
            server=run.server,
            actor=Actor(self._wanted.actor_id, self._wanted.actor_name, "process"),
            now=timezone.now,
            say=say,
            pulse=self._pulse,
            busy=self._busy,
            latest=self._wanted.latest,
            again=self._wanted.again,
        )

    def do(self) -> None:
        """Raises Invalid with the reason why the round ends early."""
        server, wanted = self._run.server, self._wanted
        found: list[FoundModel] = []
        if wanted.deed == SYNC and server.removed_at is None:
            found = look(store_of(server), wanted.names, tick=self._tick)
            self._bringing.bring(found, wanted.wishes(model.name for model in found))
            self._pulse(1.0, "Writing back")
        self._written, missed = write_back(server, found, tick=self._tick, at=timezone.now())
        self._bringing.lines += [Line(name, number, False, why) for name, number, why in missed]

    def outcome(self) -> dict[str, Any]:
        """For the row: counts, and the lines; those that were not taken first when there are too many."""
        lines = self._bringing.lines
        told = sorted(lines, key=lambda line: line.taken)[:MOST_LINES] if len(lines) > MOST_LINES else lines
        return {
            "models": sum(1 for line in lines if line.taken and not line.version),
            "versions": sum(1 for line in lines if line.taken and line.version),
            "not_taken": sum(1 for line in lines if not line.taken),
            "written": self._written,
            "lines": [[line.name, line.version, line.taken, line.text] for line in told],
        }

    def _pulse(self, progress: float, step: str) -> bool:
        self._progress, self._step = 0.05 + 0.85 * progress, step
        return self._tick()

    def _busy(self) -> None:
        """Registering a large version takes minutes in which nothing beats."""
        self._beaten = 0.0
        renew_sync(self._run, progress=self._progress, step=self._step, at=timezone.now(), lease=REGISTERING)

    def _tick(self) -> bool:
        """Renew the lease, at most once a second. False when another worker has taken over."""
        if monotonic() - self._beaten < BEAT_SECONDS:
            return True
        self._beaten = monotonic()
        return renew_sync(self._run, progress=self._progress, step=self._step, at=timezone.now())
