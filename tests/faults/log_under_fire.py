"""`python -m tests.faults.log_under_fire write FILE` or `… sequence FILE KILLS`: what a fault drill stops at random.

Writers note the identifier of each event whose commit was acknowledged; whoever reads their files knows what the log
owes. Sequencers are killed as they work; the file counts them.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

django.setup()

from django.db import DatabaseError, InterfaceError, connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from audit.actions import record  # noqa: E402
from audit.actor import Actor  # noqa: E402
from audit.checkpoints import make_checkpoint  # noqa: E402
from audit.models import Event  # noqa: E402
from audit.sequencer import sequence_pending  # noqa: E402
from audit.verbs import Verb  # noqa: E402

SOMEBODY = Actor("user:drill", "Drill", "password")
stopped = False


def write(file: Path) -> None:
    """Commit one event after the other, and note each that was acknowledged, until told to stop."""
    with file.open("a") as acknowledged:
        while not stopped:
            event = _through(_commit)
            if event is not None:
                acknowledged.write(f"{event.pk}\n")
                acknowledged.flush()


def sequence(file: Path, kills: int) -> None:
    """Keep one sequencer at work and kill it so many times at random; the last one runs until told to stop."""
    chance = random.Random(kills)
    for number in range(kills):
        child = _forked()
        time.sleep(chance.uniform(0.01, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        file.write_text(str(number + 1))
        if stopped:
            return
    while not stopped:
        _through(_take_up)


def _forked() -> int:
    child = os.fork()
    if child == 0:
        while True:
            _through(_take_up)
    return child


def _commit() -> Event:
    with transaction.atomic():
        return record(Verb.GATE_ALLOWED, subject="model:drill/version:1", actor=SOMEBODY, at=timezone.now())


def _take_up() -> None:
    sequence_pending(limit=50)
    make_checkpoint(timezone.now())


def _through(work: Callable[[], Event | None]) -> Event | None:
    """Do it; with the database gone wait a moment, as a worker does."""
    try:
        return work()
    except (DatabaseError, InterfaceError):
        connection.close()
        time.sleep(0.05)
        return None


def _stop(*_: object) -> None:
    global stopped
    stopped = True


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    what, given, *number = sys.argv[1:]
    write(Path(given)) if what == "write" else sequence(Path(given), int(number[0]))
