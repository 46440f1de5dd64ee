"""The request's id goes with each message to a worker, and each task tells in one line how it ended."""

import logging
import logging.config
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from celery import signals
from django.conf import settings

from audit.asked import begin, request_now
from audit.spans import flush, on, parent_now, span
from governance.operation.spans import statements

log = logging.getLogger("countersign.job")
HEADER = "countersign_request"
STARTED = "countersign_started"
TRACE, OPEN = "countersign_trace", "countersign_span"


def trace() -> None:
    """Hook into Celery, in every process that sends or takes messages."""
    signals.before_task_publish.connect(_send_along, weak=False)
    signals.task_prerun.connect(_take_up, weak=False)
    signals.task_postrun.connect(_put_down, weak=False)
    signals.setup_logging.connect(_as_everywhere, weak=False)
    signals.worker_process_shutdown.connect(_send_the_rest, weak=False)


def _send_along(headers: dict[str, Any] | None = None, **_: object) -> None:
    if headers is not None and (asked := request_now()):
        headers[HEADER] = asked
    if headers is not None and (parent := parent_now()):
        headers[TRACE] = parent


def _take_up(task: Any = None, **_: object) -> None:
    begin(str(getattr(task.request, HEADER, None) or ""))
    setattr(task.request, STARTED, perf_counter())
    if on():
        setattr(task.request, OPEN, _spans(task))


def _spans(task: Any) -> ExitStack:
    """The span of a task, below that of whoever sent it, and its statements; open until it ended."""
    held = ExitStack()
    parent = str(getattr(task.request, TRACE, None) or "")[:64]
    held.enter_context(span(task.name, kind="consumer", parent=parent, countersign__request_id=request_now()))
    held.enter_context(statements())
    return held


def _put_down(task: Any = None, state: str | None = None, **_: object) -> None:
    seconds = perf_counter() - getattr(task.request, STARTED, perf_counter())
    facts = {
        "task": task.name,
        "state": (state or "unknown").lower(),
        "milliseconds": round(seconds * 1000, 1),
    }
    log.info("%s ended: %s", task.name, facts["state"], extra={"facts": facts})
    held: ExitStack | None = getattr(task.request, OPEN, None)
    if held is not None:
        held.close()
    begin("")


def _send_the_rest(**_: object) -> None:
    """A worker's child ends without goodbye; what it measured last is sent first."""
    flush()


def _as_everywhere(**_: object) -> None:
    """A worker logs as the web server does, instead of in Celery's way."""
    logging.config.dictConfig(settings.LOGGING)
