"""Notices: told once, mailed afterwards, and never able to fail what caused them."""

import email
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.mailing import WAITS, mail_time, mail_waiting
from accounts.models import MailChoice, Notice, User
from accounts.notices import notify


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs: what was sent is kept with the server."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self._read_letter()
            elif verb == b"RCPT" and b"nobody@" in line:
                self.wfile.write(b"550 no such box\r\n")
                continue
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 fine\r\n")

    def _read_letter(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.letters.append(b"".join(lines))  # type: ignore[attr-defined]


@pytest.fixture
def letters(settings: Settings) -> Iterator[list[bytes]]:
    """A mail server on this machine, and what it took."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        server.letters = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        settings.EMAIL_USE_TLS = False
        yield server.letters  # type: ignore[attr-defined]
        server.shutdown()


def tell(*people: User, key: str = "k", at: datetime, text: str = "Sign version 3") -> None:
    notify(people, kind="test", text=text, url="/reviews/1/", key=key, at=at)


def with_address(user: User, choice: MailChoice = MailChoice.EACH, address: str = "") -> User:
    user.email, user.mail = address or f"{user.username}@bank.example", choice
    user.save()
    return user


def test_a_person_is_told_once(cast: SimpleNamespace, at: datetime) -> None:
    tell(cast.olga, cast.olga, at=at)
    tell(cast.olga, cast.dev, at=at + timedelta(hours=1))
    assert sorted(Notice.objects.values_list("person__username", flat=True)) == ["dev", "olga"]


def test_telling_never_fails_the_action(cast: SimpleNamespace, at: datetime) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("ALTER TABLE accounts_notice RENAME TO accounts_lost")
        tell(cast.olga, at=at)
        User.objects.filter(pk=cast.olga.pk).update(first_name="Still")
        cursor.execute("ALTER TABLE accounts_lost RENAME TO accounts_notice")
    assert User.objects.get(pk=cast.olga.pk).first_name == "Still"


def test_mail_says_what_and_where(cast: SimpleNamespace, at: datetime, letters: list[bytes]) -> None:
    tell(with_address(cast.olga), at=at, text="Sign\r\nBcc: everyone@bank.example")
    assert mail_waiting(at=at) == 1
    assert mail_waiting(at=at + timedelta(days=1)) == 0
    (letter,) = [email.message_from_bytes(letter) for letter in letters]
    assert letter["To"] == "olga@bank.example"
    assert letter["Subject"] == "[Countersign] Sign Bcc: everyone@bank.example"
    assert letter["Bcc"] is None
    assert "/reviews/1/" in str(letter.get_payload())


def test_a_digest_is_one_mail_the_next_morning(
    cast: SimpleNamespace, at: datetime, letters: list[bytes]
) -> None:
    olga = with_address(cast.olga, MailChoice.DIGEST)
    for number in range(3):
        tell(olga, key=str(number), at=at, text=f"Thing {number}")
    assert mail_waiting(at=at + timedelta(hours=1)) == 0
    assert mail_waiting(at=at + timedelta(days=1)) == 3
    assert len(letters) == 1
    assert b"3 things for you" in letters[0]


@pytest.mark.parametrize(
    ("choice", "said_at", "mailed_at"),
    [
        (MailChoice.EACH, "2026-11-21T05:00+00:00", "2026-11-21T05:00+00:00"),
        (MailChoice.DIGEST, "2026-11-21T05:59+00:00", "2026-11-21T06:00+00:00"),
        (MailChoice.DIGEST, "2026-11-21T06:00+00:00", "2026-11-22T06:00+00:00"),
        (MailChoice.DIGEST, "2026-11-21T23:30-05:00", "2026-11-22T06:00+00:00"),
        (MailChoice.NONE, "2026-11-21T05:00+00:00", None),
    ],
)
def test_when_a_notice_goes_out(choice: str, said_at: str, mailed_at: str | None) -> None:
    expected = None if mailed_at is None else datetime.fromisoformat(mailed_at)
    assert mail_time(choice, datetime.fromisoformat(said_at)) == expected


def test_what_was_read_or_has_no_address_is_not_mailed(
    cast: SimpleNamespace, at: datetime, letters: list[bytes]
) -> None:
    tell(with_address(cast.olga), cast.dev, at=at)
    Notice.objects.filter(person=cast.olga).update(read_at=at)
    assert mail_waiting(at=at) == 0
    assert not letters
    assert Notice.objects.get(person=cast.dev).problem == "No e-mail address is known."


def test_a_refused_letter_is_tried_again_and_then_given_up(
    cast: SimpleNamespace, at: datetime, letters: list[bytes]
) -> None:
    tell(with_address(cast.olga, address="nobody@bank.example"), at=at)
    tell(with_address(cast.dev), at=at)
    assert mail_waiting(at=at) == 1  # the other's mail is not held up
    now = at
    for wait in WAITS:
        now += wait
        assert mail_waiting(at=now - timedelta(seconds=1)) == 0
        mail_waiting(at=now)
    notice = Notice.objects.get(person=cast.olga)
    assert (notice.tries, notice.mail_at, notice.mailed_at) == (len(WAITS) + 1, None, None)
    assert "no such box" in notice.problem


def test_a_mail_server_that_is_away_loses_nothing(
    cast: SimpleNamespace, at: datetime, settings: Settings, letters: list[bytes]
) -> None:
    tell(with_address(cast.olga), at=at)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert mail_waiting(at=at) == 0
    settings.EMAIL_PORT = port
    assert mail_waiting(at=at + WAITS[0]) == 1


def test_the_inbox_shows_ones_own_and_opening_reads(
    cast: SimpleNamespace, at: datetime, client_of: Callable[[User], Client]
) -> None:
    tell(cast.olga, at=at)
    mine, others = client_of(cast.olga), client_of(cast.dev)
    notice = Notice.objects.get()
    assert b"Sign version 3" in mine.get("/inbox/").content
    assert b"Sign version 3" not in others.get("/inbox/?show=all").content
    assert others.get(f"/inbox/{notice.pk}/").status_code == 404
    assert mine.get(f"/inbox/{notice.pk}/").headers["Location"] == "/reviews/1/"
    assert b"Sign version 3" not in mine.get("/inbox/").content
    assert b"Sign version 3" in mine.get("/inbox/?show=all").content


def test_all_are_read_at_once(
    cast: SimpleNamespace, at: datetime, client_of: Callable[[User], Client]
) -> None:
    tell(cast.olga, cast.dev, at=at)
    client_of(cast.olga).post("/inbox/read/")
    assert list(Notice.objects.filter(read_at=None).values_list("person__username", flat=True)) == ["dev"]


def test_a_notice_leads_nowhere_else(
    cast: SimpleNamespace, at: datetime, client_of: Callable[[User], Client]
) -> None:
    notify([cast.olga], kind="test", text="x", url="//evil.example/", key="k", at=at)
    answer = client_of(cast.olga).get(f"/inbox/{Notice.objects.get().pk}/")
    assert answer.headers["Location"] == "/inbox/"


def test_what_a_person_chose_is_kept(
    cast: SimpleNamespace, at: datetime, client_of: Callable[[User], Client]
) -> None:
    client = client_of(cast.olga)
    client.post("/settings/", {"theme": "dark", "mail": "digest"})
    assert User.objects.get(pk=cast.olga.pk).mail == MailChoice.DIGEST
    client.post("/settings/", {"theme": "dark", "mail": "pigeon"})
    assert User.objects.get(pk=cast.olga.pk).mail == MailChoice.DIGEST
