"""Forwarding of the log to collectors that fail half-way: nothing is lost, the order is kept, some comes twice."""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.actions import record
from audit.actor import Actor
from audit.sequencer import sequence_pending
from audit.verbs import Verb
from governance.siem import forwarding, sending
from governance.siem.collectors import collector_of
from governance.siem.forwarding import LEASE, LONGEST_WAIT, forward, is_due, standing
from governance.siem.models import Forwarding
from registry.addresses import BadAddress

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CI = Actor("key:ci", "CI", "api key")
COUNT, BATCH = 10, 4


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten entries, to be sent four at a time."""
    monkeypatch.setattr(forwarding, "BATCH", BATCH)
    monkeypatch.setattr(sending, "SECONDS", 2.0)
    happen(COUNT)


def happen(count: int) -> None:
    with transaction.atomic():
        for number in range(count):
            record(Verb.GATE_DENIED, subject=f"model:m{number}", actor=CI, at=AT, detail={"why": "a\nb=|\\"})
    sequence_pending()


def forward_all(at: datetime) -> datetime:
    """As the scheduler and the worker do, an hour later after each failure."""
    for _ in range(50):
        while forward(at=at):
            pass
        if not is_due(at + HOUR):
            return at
        at += HOUR
    raise AssertionError("It never got there.")


def in_order(received: list[int]) -> bool:
    """Each entry comes for the first time after all before it: what comes twice begins again at what was confirmed."""
    return all(after <= max(received[:place]) + 1 for place, after in enumerate(received) if place)


class HttpCollector:
    """Takes bodies of lines; the third request is read and answered 500, the fourth is cut off half-way."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.requests = 0
        self.authorization: str | None = None
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.requests += 1
                collector.authorization = self.headers["Authorization"]
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.received += [json.loads(line)["seq"] for line in body.splitlines()]
                if collector.requests == 4:
                    self.connection.close()
                    return
                self.send_response(500 if collector.requests == 3 else 204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/collector?token=secret"


class TcpCollector:
    """Takes framed messages; its first connection is reset after a message and a half."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.heads: list[str] = []
        self.connections = 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.url = f"syslog+tcp://127.0.0.1:{self.door.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self.door.accept()
            except OSError:
                return
            self.connections += 1
            with line, line.makefile("rb") as reader:
                if self.connections == 1:
                    self._one(reader.read)
                    reader.read(20)
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    continue
                while self._one(reader.read):
                    pass

    def _one(self, read: Callable[[int], bytes]) -> bool:
        size = b""
        while (digit := read(1)) not in (b" ", b""):
            size += digit
        if not size:
            return False
        head, _, line = read(int(size)).decode().partition(" - {")
        self.heads.append(head)
        self.received.append(json.loads("{" + line)["seq"])
        return True


@pytest.fixture
def http_collector() -> Iterator[HttpCollector]:
    made = HttpCollector()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def tcp_collector() -> Iterator[TcpCollector]:
    made = TcpCollector()
    yield made
    made.door.close()


def test_an_http_collector_that_fails_gets_all_of_it_in_order(
    http_collector: HttpCollector, settings: Settings
) -> None:
    settings.SIEM = collector_of(http_collector.url, private=True, authorization="Bearer s3cret")
    assert [forward(at=AT), forward(at=AT), forward(at=AT)] == [BATCH, BATCH, 0]
    row = Forwarding.objects.get()
    assert (row.next_seq, row.tries) == (8, 1) and "It answered 500" in row.problem
    assert forward(at=AT + timedelta(seconds=4)) == 0  # it waits before it tries again
    assert http_collector.requests == 3
    forward_all(AT + HOUR)
    assert http_collector.received == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 9, 8, 9]
    assert http_collector.authorization == "Bearer s3cret"
    row.refresh_from_db()
    assert (row.next_seq, row.tries, row.problem, row.try_at) == (COUNT, 0, "", None)
    assert "token" not in row.collector


def test_a_syslog_collector_that_breaks_off_gets_all_of_it_in_order(
    tcp_collector: TcpCollector, settings: Settings
) -> None:
    settings.SIEM = collector_of(tcp_collector.url, private=True)
    assert forward(at=AT) == 0
    assert Forwarding.objects.get().next_seq == 0
    forward_all(AT + HOUR)
    assert sorted(set(tcp_collector.received)) == list(range(COUNT))
    assert in_order(tcp_collector.received) and len(tcp_collector.received) > COUNT
    form = re.compile(r"<108>1 2026-11-21T12:00:00\.000000Z 127\.0\.0\.1 countersign - gate\.denied")
    assert all(form.fullmatch(head) for head in tcp_collector.heads)


def test_a_file_holds_each_entry_once_and_what_was_cut_short_is_ended(
    tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"seq":0,"cut sho')
    settings.SIEM = collector_of(f"file://{path}")
    forward_all(AT)
    cut, *lines = path.read_text().splitlines()
    assert cut == '{"seq":0,"cut sho'
    assert [json.loads(line)["seq"] for line in lines] == list(range(COUNT))
    happen(1)
    forward_all(AT)
    assert json.loads(path.read_text().splitlines()[-1])["seq"] == COUNT


def test_cef_goes_out_a_line_for_each_entry(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "log.cef"
    settings.SIEM = collector_of(f"file://{path}", format="cef", from_now=True)
    forward_all(AT)
    assert not path.exists()  # from now on
    happen(2)
    forward_all(AT)
    lines = path.read_text().splitlines()
    assert [line.partition("cn1=")[2] for line in lines] == ["10", "11"]
    assert all(line.startswith("CEF:0|Countersign|") for line in lines)


def test_only_one_sends_and_what_a_late_one_confirms_does_not_count(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SIEM = collector_of(f"file://{tmp_path / 'log.jsonl'}")
    seen = list[int]()

    def meanwhile(*args: object, **kwargs: object) -> None:
        monkeypatch.undo()
        monkeypatch.setattr(forwarding, "BATCH", BATCH)
        seen.append(forward(at=AT))  # another worker, at the same time
        seen.append(forward(at=AT + LEASE + HOUR))  # and one after this one hung for too long

    monkeypatch.setattr(forwarding, "send", meanwhile)
    assert forward(at=AT) == 0
    assert seen == [0, BATCH]
    assert Forwarding.objects.get().next_seq == BATCH


@pytest.mark.parametrize(
    "url", ["syslog+tcp://127.0.0.1:1", "https://127.0.0.1:1/", "syslog+udp://169.254.169.254"]
)
def test_it_does_not_go_inside_and_waits_longer_each_time(url: str, settings: Settings) -> None:
    settings.SIEM = collector_of(url)
    waits = list[timedelta]()
    for number in range(9):
        assert forward(at=AT + number * HOUR) == 0
        row = Forwarding.objects.get()
        assert row.try_at is not None
        waits.append(row.try_at - AT - number * HOUR)
    assert "where Countersign does not go" in row.problem
    assert (row.next_seq, row.failing_since) == (0, AT)
    assert all(later > earlier or later == LONGEST_WAIT for earlier, later in pairwise(waits))


def test_even_a_private_collector_is_not_the_metadata_service(settings: Settings) -> None:
    settings.SIEM = collector_of("http://169.254.169.254/latest", private=True)
    assert forward(at=AT) == 0
    assert "link-local" in Forwarding.objects.get().problem


WRONG = [
    "http://siem.example/",
    "ftp://siem.example",
    "file://host/x",
    "file:///",
    "syslog+tcp://",
    "siem.example",
]
WRONG += [
    "syslog+udp://me:secret@siem.example",
    "https://me:secret@siem.example/",
    "syslog+tls://siem.example/x",
]


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        collector_of(url)


def test_the_system_page_says_how_it_goes(
    cast: SimpleNamespace, client_of: Callable[[User], Client], settings: Settings
) -> None:
    page = client_of(cast.adam)
    assert "The log is not forwarded" in page.get("/system/").content.decode()
    settings.SIEM = collector_of("syslog+tcp://127.0.0.1:1", private=True)
    forward(at=AT)
    said = page.get("/system/").content.decode()
    assert "ConnectionRefusedError" in said and "syslog+tcp://127.0.0.1:1" in said
    found = standing(AT)
    assert found is not None and found.waiting == COUNT
