"""What a worker does for people: sending their mail."""

from celery import shared_task
from django.utils import timezone

from accounts.mailing import mail_waiting

MAIL_TASK = "accounts.mail"


@shared_task(name=MAIL_TASK)
def mail() -> None:
    """Send what is due, batch after batch, until nothing more goes out."""
    while mail_waiting(at=timezone.now()):
        pass
