"""The request's id goes with each message to a worker, and each task tells in one line how it ended."""

import logging
import logging.config
from time import perf_counter
from typing import Any

from celery import signals
from django.conf import settings

from audit.asked import begin, request_now

log = logging.getLogger("countersign.job")
HEADER = "countersign_request"
STARTED = "countersign_started"


def trace() -> None:
    """Hook into Celery, in every process that sends or takes messages."""
    signals.before_task_publish.connect(_send_along, weak=False)
    signals.task_prerun.connect(_take_up, weak=False)
    signals.task_postrun.connect(_put_down, weak=False)
    signals.setup_logging.connect(_as_everywhere, weak=False)


def _send_along(headers: dict[str, Any] | None = None, **_: object) -> None:
    if headers is not None and (asked := request_now()):
        headers[HEADER] = asked


def _take_up(task: Any = None, **_: object) -> None:
    begin(str(getattr(task.request, HEADER, None) or ""))
    setattr(task.request, STARTED, perf_counter())


def _put_down(task: Any = None, state: str | None = None, **_: object) -> None:
    seconds = perf_counter() - getattr(task.request, STARTED, perf_counter())
    facts = {
        "task": task.name,
        "state": (state or "unknown").lower(),
        "milliseconds": round(seconds * 1000, 1),
    }
    log.info("%s ended: %s", task.name, facts["state"], extra={"facts": facts})
    begin("")


def _as_everywhere(**_: object) -> None:
    """A worker logs as the web server does, instead of in Celery's way."""
    logging.config.dictConfig(settings.LOGGING)
