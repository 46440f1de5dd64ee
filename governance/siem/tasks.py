"""What a worker does for the collector of logs: one that hangs must not hold the record up."""

from datetime import datetime
from time import monotonic

from celery import shared_task
from django.utils import timezone

from evaluations.wake import wake
from governance.siem.forwarding import forward, is_due

FORWARD_TASK = "siem.forward"
LONGEST_SECONDS = 30.0  # then other tasks get their turn


@shared_task(name=FORWARD_TASK)
def forward_log() -> None:
    """Batch after batch, until everything is there, the collector fails, or it has been long enough."""
    began = monotonic()
    while forward(at=timezone.now()) and monotonic() - began < LONGEST_SECONDS:
        pass


def wake_forwarding(at: datetime) -> None:
    """The scheduler's duty."""
    if is_due(at):
        wake(FORWARD_TASK)
