"""What the scheduler and the workers do for webhooks: receivers that hang must not hold the record up."""

from datetime import datetime
from time import monotonic

from celery import shared_task
from django.utils import timezone

from evaluations.wake import wake
from governance.webhooks.delivering import deliver_next, due
from governance.webhooks.queueing import queue_events

DELIVER_TASK = "webhooks.deliver"
LONGEST_SECONDS = 30.0  # then other tasks get their turn


@shared_task(name=DELIVER_TASK)
def deliver_messages() -> None:
    """Message after message, until none is due or it has been long enough."""
    began = monotonic()
    while monotonic() - began < LONGEST_SECONDS and deliver_next(timezone.now()):
        pass


def send_webhooks(at: datetime) -> None:
    """The scheduler's duty: make the messages, and wake a worker that sends them."""
    queue_events(at)
    if due(at).exists():
        wake(DELIVER_TASK)
