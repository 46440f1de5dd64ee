"""Waking a worker. A broker that is down costs a delay, not a job: the sweep wakes again."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
EVALUATION_TASK = "evaluations.run"


def wake(task: str, pk: int) -> None:
    """Send a worker the number of a job row."""
    try:
        current_app.send_task(task, args=[pk], retry=False)
    except (OperationalError, OSError) as error:
        log.warning(
            "Broker did not take the wake-up for %s %s: %s. The sweep will try again.", task, pk, error
        )


def wake_evaluation(pk: int) -> None:
    """Wake a worker for an evaluation run."""
    wake(EVALUATION_TASK, pk)
