"""Telling people. A notice stands in the inbox with its cause's transaction; a worker mails it afterwards."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import DatabaseError, transaction

from accounts.mailing import mail_time
from accounts.models import Notice, User

log = logging.getLogger(__name__)


def notify(people: Iterable[User], *, kind: str, text: str, url: str, key: str, at: datetime) -> None:
    """Tell each person once: a notice of the same key is not repeated. Never fails the action that caused it.

    `url` is the path of this site where the person can act.
    """
    told = {person.pk: person for person in people if person.is_active}
    notices = [
        Notice(
            person=person,
            kind=kind,
            text=text[:300],
            url=url[:300],
            key=key[:160],
            at=at,
            mail_at=mail_time(person.mail, at),
        )
        for person in told.values()
    ]
    try:
        with transaction.atomic():
            Notice.objects.bulk_create(notices, ignore_conflicts=True)
    except DatabaseError:
        log.exception("%d people could not be told: %s", len(notices), text)
