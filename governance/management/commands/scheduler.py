"""`manage.py scheduler`: sequences the record, sweeps the jobs, signs checkpoints."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from governance.operation.scheduling import Scheduler, duties


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C. Start as many as you like: one is active, the others stand by."""

    help = "Run the scheduler: the record's sequencer, the jobs' sweep and the log's checkpoints."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Scheduler(duties(), stop=stop).run()
