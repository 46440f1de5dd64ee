"""Anchors outside: a real time-stamping authority, a witness, and what happens when they fail."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.anchors import anchor, anything_to_do
from audit.checkpoints import make_checkpoint, verify_log
from audit.models import AnchorState, Checkpoint, Event, TimeStamp
from audit.posting import shown
from audit.sequencer import sequence_pending
from tests.audit.conftest import NOON, Happen

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Clock of the test
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamper]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, *arguments: str) -> bytes:
    command = ["openssl", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


class Outside:
    """A server that stamps at /tsa, takes what a witness takes elsewhere, and fails when told to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked, self.taken = folder, 0, list[dict[str, object]]()
        self.status, self.answer = 200, b""
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = outside.answer or outside.answer_to(self.path, body)
                self.send_response(outside.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer_to(self, path: str, body: bytes) -> bytes:
        self.asked += 1
        if path != "/tsa":
            if self.status == 200:
                self.taken.append(json.loads(body))
            return b""
        (self.folder / "query").write_bytes(body)
        return openssl(
            self.folder, "ts", "-reply", "-config", "tsa.cnf", "-section", "here", "-queryfile", "query"
        )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of an authority: ca.pem is its root, tsa.pem what signs stamps."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "tsa.cnf").write_text(CONFIGURATION)
    (folder / "serial").write_text("01")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "tsa.cnf")
    for name in ("ca", "other"):
        openssl(
            folder, "req", "-x509", *new, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-extensions", "ca"
        )
    openssl(folder, "req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Stamper")
    openssl(
        folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "tsa.pem",
        "-extfile", "tsa.cnf", "-extensions", "stamper", "-CAcreateserial",
    )  # fmt: skip
    return folder


@pytest.fixture
def outside(authority: Path) -> Iterator[Outside]:
    served = Outside(authority)
    threading.Thread(target=served.server.serve_forever, daemon=True).start()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def stamping(settings: Settings, outside: Outside) -> Outside:
    settings.TSA_URL = f"{outside.url}/tsa"
    settings.TSA_ROOTS = str(outside.folder / "ca.pem")
    settings.TSA_MINUTES = 60
    return outside


@pytest.fixture
def witnessing(settings: Settings, outside: Outside) -> Outside:
    settings.WITNESS = f"{outside.url}/log?token=secret"
    return outside


def signed(happen: Happen) -> Checkpoint:
    happen(1)
    sequence_pending()
    made = make_checkpoint(NOON)
    assert made is not None
    return made


def test_a_checkpoint_is_stamped_and_openssl_agrees(
    happen: Happen, stamping: Outside, tmp_path: Path
) -> None:
    checkpoint = signed(happen)
    anchor(timezone.now())
    stamp = TimeStamp.objects.get()
    state = AnchorState.objects.get(kind="tsa")
    assert (stamp.checkpoint, stamp.authority) == (checkpoint, f"{stamping.url}/tsa")
    assert abs(stamp.stamped_at - datetime.now(UTC)) < MINUTE
    assert (state.size, state.failure, state.failures) == (checkpoint.size, "", 0)
    (tmp_path / "note").write_text(checkpoint.note)
    openssl_reads(stamp, tmp_path)
    verify = ("ts", "-verify", "-in", "stamp.tsr", "-data", "note", "-CAfile")
    openssl(tmp_path, *verify, str(stamping.folder / "ca.pem"))  # raises unless it holds
    with pytest.raises(subprocess.CalledProcessError):
        openssl(tmp_path, *verify, str(stamping.folder / "other.pem"))
    assert not Event.objects.exclude(verb="gate.denied").exists()  # or stamping would go on for ever


def openssl_reads(stamp: TimeStamp, folder: Path) -> None:
    (folder / "token").write_text(stamp.token)
    openssl(folder, "base64", "-d", "-A", "-in", "token", "-out", "stamp.tsr")


def test_an_authority_is_asked_once_an_interval_and_only_about_what_is_new(
    happen: Happen, stamping: Outside
) -> None:
    signed(happen)
    now = timezone.now()
    anchor(now)
    anchor(now + 2 * MINUTE * 60)
    assert stamping.asked == 1  # nothing is new
    signed(happen)
    assert not anything_to_do(now + 59 * MINUTE)
    anchor(now + 59 * MINUTE)
    assert stamping.asked == 1
    assert anything_to_do(now + 60 * MINUTE)
    anchor(now + 60 * MINUTE)
    assert (stamping.asked, TimeStamp.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("down", "could not be reached"),
        ("error", "answered 503"),
        ("redirect", "answered 302"),
        ("nonsense", "cannot be relied on"),
        ("other note", "stamped something else"),
        ("stranger", "cannot be relied on"),
        ("huge", "answered more"),
        ("no roots", "COUNTERSIGN_TSA_ROOTS cannot be read"),
    ],
)
def test_a_failing_authority_is_told_tried_again_more_rarely_and_holds_nothing_up(
    happen: Happen, stamping: Outside, settings: Settings, way: str, told: str
) -> None:
    signed(happen)
    if way == "down":
        with socket.create_server(("127.0.0.1", 0)) as free:
            settings.TSA_URL = f"http://127.0.0.1:{free.getsockname()[1]}/"
    stamping.status = {"error": 503, "redirect": 302}.get(way, 200)
    if way == "other note":
        openssl(stamping.folder, "ts", "-query", "-data", "tsa.cnf", "-sha256", "-cert", "-out", "another")
        stamping.answer = stamping.answer_to("/tsa", (stamping.folder / "another").read_bytes())
    else:
        stamping.answer = {"nonsense": b"hello", "huge": b"0" * 300_000}.get(way, b"")
    if way in ("stranger", "no roots"):
        settings.TSA_ROOTS = str(stamping.folder / ("other.pem" if way == "stranger" else "none.pem"))
    now = timezone.now()
    anchor(now)
    state = AnchorState.objects.get(kind="tsa")
    assert told in state.failure
    assert (state.failures, state.size, TimeStamp.objects.count()) == (1, 0, 0)
    anchor(now + MINUTE)
    anchor(now + 2 * MINUTE)  # too early after the second failure
    assert AnchorState.objects.get(kind="tsa").failures == 2
    assert signed(happen).size == 2
    assert verify_log(full=True).state == "ok"


def test_a_witness_gets_every_checkpoint_in_order_and_goes_on_where_it_failed(
    happen: Happen, witnessing: Outside
) -> None:
    notes = [signed(happen).note for _ in range(2)]
    now = timezone.now()
    anchor(now)
    assert [taken["note"] for taken in witnessing.taken] == notes
    witnessing.status = 500
    notes.append(signed(happen).note)
    anchor(now + MINUTE)
    state = AnchorState.objects.get(kind="witness")
    assert (state.size, state.failure) == (2, f"{witnessing.url}/log answered 500.")
    assert "secret" not in state.place + state.failure
    witnessing.status = 200
    anchor(now + 2 * MINUTE)
    assert [taken["note"] for taken in witnessing.taken] == notes
    assert not anything_to_do(now + 3 * MINUTE)


def test_a_witness_may_be_a_file_and_another_place_begins_anew(
    happen: Happen, settings: Settings, tmp_path: Path
) -> None:
    notes = [signed(happen).note for _ in range(2)]
    settings.WITNESS = str(tmp_path / "nowhere" / "log")
    anchor(NOON)
    assert "cannot be written" in AnchorState.objects.get().failure
    settings.WITNESS = str(tmp_path / "witness.jsonl")
    anchor(NOON)
    lines = (tmp_path / "witness.jsonl").read_text().splitlines()
    assert [json.loads(line)["note"] for line in lines] == notes
    assert AnchorState.objects.get().failure == ""


def test_without_anchors_nothing_is_tried(happen: Happen) -> None:
    signed(happen)
    assert not anything_to_do(NOON)
    anchor(NOON)
    assert not AnchorState.objects.exists()
    assert shown("https://user:word@tsa.example:8443/tsr?key=1") == "https://tsa.example:8443/tsr"
