"""Waking a worker. A broker that is down, full or silent costs a delay, not a job: the sweep wakes again."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from evaluations.models import EvaluationRun
from evaluations.queues import HEAVY, queue_of

log = logging.getLogger(__name__)
EVALUATION_TASK = "evaluations.run"
ENVIRONMENT_TASK = "evaluations.build_environment"


def wake(task: str, *pk: int, queue: str | None = None) -> None:
    """Send a worker the number of a job row, where the task has one; the workers of `queue`, else of the default."""
    try:
        current_app.send_task(task, args=[*pk], queue=queue, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning(
            "Broker did not take the wake-up for %s %s: %s. The sweep will try again.", task, [*pk], error
        )


def wake_environment(pk: int) -> None:
    """Wake a worker that builds; building may take minutes."""
    wake(ENVIRONMENT_TASK, pk, queue=HEAVY)


def wake_evaluation(pk: int) -> None:
    """Wake a worker of the queue that the run waits in. Which run it takes is for the database to say."""
    kind = EvaluationRun.objects.filter(pk=pk).values_list("kind", flat=True).first()
    if kind is not None:
        wake(EVALUATION_TASK, pk, queue=queue_of(kind))
