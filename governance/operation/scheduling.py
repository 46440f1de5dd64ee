"""The scheduler's loop: what has to happen again and again, by one process at a time, whatever the database does."""

import fcntl
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, time
from typing import TextIO

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from accounts.mailing import waiting
from accounts.tasks import MAIL_TASK
from accounts.upkeep import forget_ended
from audit.actor import Actor
from audit.anchors import anything_to_do
from audit.checkpoints import LogBroken, make_checkpoint
from audit.keyring import introduce
from audit.keys import SigningKeyMissing
from audit.sequencer import sequence_pending
from audit.tasks import ANCHOR_TASK
from audit.words import merge_words
from evaluations.environments.tasks import sweep_environments
from evaluations.jobs import sweep
from evaluations.schedules import start_due
from evaluations.wake import wake
from governance.home.telling import tell_people
from governance.pipelines.actions import forget_ended_tokens
from governance.portfolio.turns import record_turns
from governance.portfolio.upkeep import catch_up
from governance.protection.answering import forget_old as forget_old_questions
from governance.protection.tasks import wake_answering
from governance.siem.tasks import wake_forwarding
from governance.tracking.rounds import wake_due
from governance.webhooks.delivering import forget_old
from governance.webhooks.tasks import send_webhooks
from riskreview.exceptions.reminders import remind_waivers
from riskreview.findings.escalation import escalate_findings
from riskreview.reviews.reminders import remind
from riskreview.reviews.revalidation import open_due_revalidations
from riskreview.risks.reminders import remind_risks
from riskreview.tiering.reminders import remind_tiers

log = logging.getLogger(__name__)
SCHEDULER = Actor.system("scheduler")
TURN_SECONDS = 0.5
BEAT_SECONDS = 2.0
INVENTORY_BATCH = 50
LONGEST_PAUSE_SECONDS = 10.0
# Any number will do, so long as nothing else in this database takes the same advisory lock.
ADVISORY_LOCK = 0x7363_6865_6475


@dataclass
class Duty:
    """Something to do every so many seconds."""

    name: str
    every_seconds: float
    do: Callable[[datetime], object]
    due: float = 0.0


def duties() -> list[Duty]:
    """All of them, the quickest first."""
    return [
        Duty("sequence the record", TURN_SECONDS, _sequence),
        Duty("keep the inventory", 1.0, _keep_inventory),
        Duty("wake the forwarding of the log", 5.0, wake_forwarding),
        Duty("make and send messages of webhooks", 2.0, send_webhooks),
        Duty("wake the answering of GitHub", 2.0, wake_answering),
        Duty("file the words of new events", 5.0, merge_words),
        Duty("sweep the jobs", 10.0, lambda at: sweep(at=at)),
        Duty("record approvals that come and go", 10.0, record_turns),
        Duty("start the evaluations that are due", 30.0, start_due),
        Duty("tell people", 30.0, tell_people),
        Duty("send the mail", 15.0, _mail),
        Duty("wake the rounds with tracking servers", 15.0, wake_due),
        Duty("announce the end of waivers", 600.0, remind_waivers),
        Duty("forget tokens that ran out", 600.0, forget_ended_tokens),
        Duty("forget ended sessions and old tries", 3600.0, forget_ended),
        Duty("forget old messages of webhooks", 3600.0, forget_old),
        Duty("forget old questions of GitHub", 3600.0, forget_old_questions),
        Duty("clear environments away that nobody uses", 3600.0, sweep_environments),
        Duty("sign a checkpoint", 60.0, _checkpoint),
        Duty("anchor the checkpoints", 60.0, _anchor),
        Duty("escalate findings", 300.0, escalate_findings),
        Duty("remind about risks", 3600.0, remind_risks),
        Duty("remind of tiers", 3600.0, remind_tiers),
        Duty("remind people of dates", 300.0, remind),
        Duty("open the periodic reviews that are due", 3600.0, open_due_revalidations),
    ]


def heartbeat_file() -> Path:
    """Touched by the active scheduler every other second."""
    path: Path = settings.VAR_DIR / "scheduler.heartbeat"
    return path


def heartbeat_age_seconds() -> float | None:
    """How long ago the scheduler last showed that it is alive; None if it never did."""
    with suppress(FileNotFoundError):
        return max(0.0, time() - heartbeat_file().stat().st_mtime)
    return None


class Scheduler:
    """Does its duties in turn until told to stop. A database that goes away is waited for, not died of."""

    def __init__(self, wanted: Sequence[Duty], *, stop: threading.Event) -> None:
        self._duties = wanted
        self._stop = stop
        self._turn = Turn()
        self._beaten = 0.0
        self._pause = TURN_SECONDS

    def run(self) -> None:
        """Return soon after `stop` is set."""
        waiting = False
        while not self._stop.is_set():
            try:
                if self._turn.take():
                    self._round()
                    waiting = False
                elif not waiting:
                    log.info("Another scheduler is active; this one stands by.")
                    waiting = True
                self._pause = TURN_SECONDS
            except (OperationalError, InterfaceError) as error:
                self._lost_database(error)
            self._stop.wait(self._pause)
        self._turn.give_up()

    def _round(self) -> None:
        if monotonic() - self._beaten >= BEAT_SECONDS:
            heartbeat_file().touch()
            self._beaten = monotonic()
        for duty in self._duties:
            if self._stop.is_set():
                return
            if monotonic() >= duty.due:
                duty.due = monotonic() + duty.every_seconds
                self._do(duty)

    @staticmethod
    def _do(duty: Duty) -> None:
        """One duty that breaks must not keep the others from being done; a lost database concerns them all."""
        try:
            duty.do(timezone.now())
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception(
                "The scheduler could not %s; it tries again in %g s.", duty.name, duty.every_seconds
            )

    def _lost_database(self, error: Exception) -> None:
        """Drop the connection, so that the next turn makes a new one, and give the database time."""
        log.warning(
            "The database did not answer (%s); trying again in %.1f s.", str(error).strip(), self._pause
        )
        with suppress(OperationalError, InterfaceError):
            connection.close()
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)


class Turn:
    """The right to be the one active scheduler.

    On PostgreSQL an advisory lock that ends with its connection, so it holds across machines; with SQLite, which is
    on one machine by nature, a lock on a file in var/.
    """

    def __init__(self) -> None:
        self._held_by: object = None
        self._file: TextIO | None = None

    def take(self) -> bool:
        """Whether it is ours, now or still."""
        if connection.vendor != "postgresql":
            return self._take_file()
        connection.ensure_connection()
        if self._held_by is not connection.connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
                self._held_by = connection.connection if cursor.fetchone()[0] else None
        return self._held_by is not None

    def give_up(self) -> None:
        """Let a scheduler that stands by take over at once."""
        if self._file:
            self._file.close()
            self._file = None
        self._held_by = None
        with suppress(OperationalError, InterfaceError):
            connection.close()

    def _take_file(self) -> bool:
        if self._file is None:
            file = (settings.VAR_DIR / "scheduler.lock").open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            self._file = file
        return True


def _sequence(at: datetime) -> None:
    while sequence_pending() == 500:
        pass


def _keep_inventory(at: datetime) -> None:
    """A little at a time, so that a change of policy over thousands of models holds nothing else up."""
    began = monotonic()
    while catch_up(at=at, limit=INVENTORY_BATCH) == INVENTORY_BATCH and monotonic() - began < TURN_SECONDS:
        pass


def _mail(at: datetime) -> None:
    """A worker sends: a mail server that hangs must not hold the record up."""
    if waiting(at).exists():
        wake(MAIL_TASK)


def _anchor(at: datetime) -> None:
    """A worker asks those outside, for the same reason."""
    if anything_to_do(at):
        wake(ANCHOR_TASK)


def _checkpoint(at: datetime) -> None:
    """Sign what was added. A log that cannot be signed stays unsigned and says so every minute; the rest goes on."""
    try:
        introduce(actor=SCHEDULER, at=at)
    except SigningKeyMissing as problem:
        log.error("A signing key is missing. %s", problem)
    try:
        make_checkpoint(at)
    except (LogBroken, SigningKeyMissing) as problem:
        log.error("No checkpoint was signed. %s", problem)
