"""Mailing what stands in the inbox: after the fact, tried again, and never twice at once."""

import logging
import smtplib
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import QuerySet

from accounts.models import MailChoice, Notice, User

log = logging.getLogger(__name__)
DIGEST_AT = time(6, 0, tzinfo=UTC)
WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""How long to wait after each attempt that failed; after the last one it is given up and stays in the inbox."""
LEASE = timedelta(minutes=10)  # in which nobody else sends what somebody took
BATCH = 50
LONGEST_SUBJECT = 120


def mail_time(choice: str, at: datetime) -> datetime | None:
    """When a notice goes out: now, with the next morning's digest, or never."""
    if choice == MailChoice.NONE:
        return None
    if choice == MailChoice.EACH:
        return at
    morning = datetime.combine(at.astimezone(UTC).date(), DIGEST_AT)
    return morning if at < morning else morning + timedelta(days=1)


def waiting(at: datetime) -> QuerySet[Notice]:
    """What is to be mailed by now."""
    return Notice.objects.filter(mail_at__lte=at)


def mail_waiting(*, at: datetime) -> int:
    """Send what is due, at most a batch of it; how many notices went out.

    A notice read in the meantime is not mailed, nor one to somebody without an address.
    """
    waiting(at).filter(read_at__isnull=False).update(mail_at=None)
    waiting(at).filter(person__email="").update(mail_at=None, problem="No e-mail address is known.")
    sent = 0
    for letter in _letters(_taken(at)):
        sent += _send(letter, at)
    return sent


def _taken(at: datetime) -> list[Notice]:
    """Ours for the length of the lease: whoever changed the row first has it."""
    found = waiting(at).select_related("person").order_by("mail_at", "pk")[:BATCH]
    until = at + LEASE
    return [
        notice
        for notice in found
        if Notice.objects.filter(pk=notice.pk, mail_at=notice.mail_at).update(mail_at=until)
    ]


def _letters(notices: Iterable[Notice]) -> list[list[Notice]]:
    """One for each notice; the digest of a person holds all of theirs."""
    alone: list[list[Notice]] = []
    digests: dict[int, list[Notice]] = {}
    for notice in notices:
        if notice.person.mail == MailChoice.DIGEST:
            digests.setdefault(notice.person_id, []).append(notice)
        else:
            alone.append([notice])
    return alone + list(digests.values())


def _send(letter: list[Notice], at: datetime) -> int:
    person = letter[0].person
    message = EmailMessage(
        subject=_subject(letter),
        body=_body(person, letter),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[person.email],
        connection=get_connection(),
    )
    try:
        message.send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        for notice in letter:
            _put_off(notice, error, at)
        return 0
    Notice.objects.filter(pk__in=[notice.pk for notice in letter]).update(
        mail_at=None, mailed_at=at, problem=""
    )
    return len(letter)


def _put_off(notice: Notice, error: Exception, at: datetime) -> None:
    tries = notice.tries + 1
    last = tries > len(WAITS)
    problem = f"{type(error).__name__}: {error}"[:300]
    log.warning("Notice %s could not be mailed (attempt %d): %s", notice.pk, tries, problem)
    Notice.objects.filter(pk=notice.pk).update(
        tries=tries, problem=problem, mail_at=None if last else at + WAITS[tries - 1]
    )


def _subject(letter: list[Notice]) -> str:
    text = letter[0].text if len(letter) == 1 else f"{len(letter)} things for you"
    return " ".join(f"[Countersign] {text}".split())[:LONGEST_SUBJECT]


def _body(person: User, letter: list[Notice]) -> str:
    lines = [f"{person.name},", ""]
    for notice in letter:
        lines += [notice.text, f"{settings.COUNTERSIGN_URL}{notice.url}", ""]
    lines += ["--", "You chose how you are told:", f"{settings.COUNTERSIGN_URL}/settings/"]
    return "\n".join(lines)
