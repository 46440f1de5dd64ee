"""Those outside who take a connection and say nothing, break it off, or answer by the drop: nobody waits for long."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from accounts.sso import fetching
from accounts.sso.configuration import Provider
from audit import posting
from governance.siem import posting as forwarding
from registry.addresses import place_of

SECONDS = 1.0
LONGEST_SECONDS = 5.0
Behaviour = Callable[[socket.socket, threading.Event], None]


def hangs(line: socket.socket, over: threading.Event) -> None:
    """It took the connection, and that was all."""
    over.wait(30)


def resets(line: socket.socket, over: threading.Event) -> None:
    """It breaks the connection off."""
    line.recv(100)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def dribbles(line: socket.socket, over: threading.Event) -> None:
    """Each byte comes in time, and all of them never."""
    line.recv(65_536)
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n")
    while not over.wait(0.2):
        line.sendall(b" ")


@contextmanager
def peer(behaviour: Behaviour) -> Iterator[str]:
    """Somebody at 127.0.0.1 who behaves so; the address."""
    over, listening = threading.Event(), socket.create_server(("127.0.0.1", 0))

    def one(line: socket.socket) -> None:
        with line, suppress(OSError):
            behaviour(line, over)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        listening.close()


def a_stamp(address: str, folder: Path) -> None:
    """A time-stamping authority, or a witness, is asked."""
    posting.posted(f"{address}/tsa", b"question", {})


def a_login(address: str, folder: Path) -> None:
    """An identity provider is asked what it publishes."""
    secret = folder / "secret"
    secret.write_text("secret")
    provider = Provider(
        id="corp",
        name="Corp",
        issuer=address,
        client_id="us",
        client_secret_file=secret,
        roles={"all": ("auditor",)},
    )
    fetching.fetch(provider, f"{address}/.well-known/openid-configuration")


def a_message(address: str, folder: Path) -> None:
    """A receiver of webhooks is told something."""
    place = place_of(address, [address])
    with forwarding.in_words(SECONDS):
        forwarding.posted(place, b"{}", {}, private=True, ca_file="", seconds=SECONDS)


@pytest.mark.parametrize("behaviour", [hangs, resets, dribbles])
@pytest.mark.parametrize(
    ("ask", "failure"),
    [
        (a_stamp, posting.NotAnswered),
        (a_login, fetching.Unreachable),
        (a_message, forwarding.Undelivered),
    ],
)
def test_whoever_asks_them_is_told_soon(
    ask: Callable[[str, Path], None],
    failure: type[Exception],
    behaviour: Behaviour,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (posting, fetching):
        monkeypatch.setattr(module, "SECONDS", SECONDS)
    began = time.monotonic()
    with peer(behaviour) as address, pytest.raises(failure):
        ask(address, tmp_path)
    assert time.monotonic() - began < LONGEST_SECONDS
