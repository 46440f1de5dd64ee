"""What the scheduler and the workers do for GitHub's questions: one that hangs must not hold the record up."""

from datetime import datetime
from time import monotonic

from celery import shared_task
from django.utils import timezone

from evaluations.wake import wake
from governance.protection.answering import answer_next, due

ANSWER_TASK = "protection.answer"
LONGEST_SECONDS = 30.0  # then other tasks get their turn


@shared_task(name=ANSWER_TASK)
def answer_questions() -> None:
    """Question after question, until none is due or it has been long enough."""
    began = monotonic()
    while monotonic() - began < LONGEST_SECONDS and answer_next(timezone.now()):
        pass


def wake_answering(at: datetime) -> None:
    """The scheduler's duty."""
    if due(at).exists():
        wake(ANSWER_TASK)
