"""`manage.py serve`: the whole of Countersign on this machine, at 127.0.0.1 only, until Ctrl-C."""

import os
import socket
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from governance.operation.preparation import NotPrepared, accounts, prepare
from governance.operation.readiness import Progress, Readiness, welcome_lines
from governance.operation.running import AlreadyRunning, only_one
from governance.operation.supervisor import Service, Supervisor

HOST = "127.0.0.1"


class Command(BaseCommand):
    """Web, worker and scheduler under one supervisor, with all state in var/. `make run` ends here."""

    help = "Prepare the database, then run web, worker and scheduler on this machine until Ctrl-C."
    requires_system_checks = []  # a second that a start need not take; `make check` runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", type=float, default=time.time(), help="when the start began, Unix time"
        )

    def handle(self, *args: Any, since: float, **options: Any) -> None:
        progress = Progress(self._write, since=since)
        holder = f"process {os.getpid()}, http://{HOST}:{settings.PORT}"
        try:
            with only_one(settings.VAR_DIR / "running.lock", holder):
                self._serve(progress)
        except AlreadyRunning as other:
            raise CommandError(
                f"Countersign is already running on {settings.VAR_DIR} ({other}).\nStop it first, or start a "
                f"second one beside it: make run COUNTERSIGN_VAR=/another/folder PORT={settings.PORT + 1}"
            ) from other
        except NotPrepared as problem:
            raise CommandError(str(problem)) from problem
        except KeyboardInterrupt:
            progress.say("Stopped.")

    def _serve(self, progress: Progress) -> None:
        refuse_taken_port(settings.PORT)
        prepare(progress.say)
        progress.say("Starting web, worker and scheduler …")
        ready = Readiness(progress, welcome=lambda: self._welcome(progress))
        Supervisor(services(), say=progress.relay).run(ready.look)
        progress.say("Everything has stopped.")

    def _welcome(self, progress: Progress) -> None:
        progress.say("Web, worker and scheduler are up.")
        for line in welcome_lines(accounts()):
            self._write(line)

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def refuse_taken_port(port: int) -> None:
    """Before anything slow happens."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Choose another: make run PORT={port + 1}\n"
                f"Who has it: ss -ltnp 'sport = :{port}'"
            ) from error


def services() -> list[Service]:
    """What runs. The web server alone listens, and only at 127.0.0.1."""
    python, manage = [sys.executable, "-u"], str(settings.BASE_DIR / "manage.py")
    serving = {
        "COUNTERSIGN_BIND": f"{HOST}:{settings.PORT}",
        "PROMETHEUS_MULTIPROC_DIR": str(settings.VAR_DIR / "metrics"),
    }
    unchecked = {"CELERY_SKIP_CHECKS": "1"}  # they would load every page's code; `make check` runs them
    worker = ["-m", "celery", "--app", "governance.celery:app", "--quiet", "worker"]
    # Workers find their work in the database; they need not talk to each other.
    worker += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    every = ["--concurrency", str(settings.WORKERS), "--hostname", "worker@%h"]
    # One that never takes what may last minutes, so that reports and short runs do not wait behind it.
    short = ["--concurrency", "1", "--queues", "countersign,light", "--hostname", "short@%h"]
    # Celery warns of root, which many a first try runs as; models run in the sandbox, not in the worker.
    quiet = ["-W", "ignore::UserWarning:celery.platforms"]
    return [
        Service("web", [*python, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"], serving),
        Service("worker", [*python, *quiet, *worker, *every], unchecked),
        Service("short", [*python, *quiet, *worker, *short], unchecked),
        Service("scheduler", [*python, manage, "scheduler"]),
    ]
