"""What a worker does with a round with a tracking server."""

from celery import shared_task

from governance.tracking.rounds import SYNC_TASK, run_round


@shared_task(name=SYNC_TASK)
def sync(pk: int) -> None:
    """Do one round, if it still waits."""
    run_round(pk)
