"""One connection to one pinned address, whose certificate must be that of the name. No redirects, no proxies."""

import http.client
import signal
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from registry.addresses import Place

MOST_BYTES = 32 * 1024 * 1024
CHUNK = 65_536
HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "countersign"}


class TooLarge(Exception):
    """The answer is larger than anything that is needed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with their names in lower case, and the body."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


class Pinned(http.client.HTTPConnection):
    """Goes to the addresses that were judged, whatever the name answers by now; Host and SNI are the name's."""

    def __init__(
        self,
        place: Place,
        addresses: Sequence[str],
        context: ssl.SSLContext | None,
        seconds: float | None = None,
    ) -> None:
        super().__init__(place.host, place.port, timeout=seconds)
        self._addresses = addresses
        self._context = context

    def connect(self) -> None:
        """The first address that takes a connection."""
        for number, address in enumerate(self._addresses, start=1):
            try:
                plain = socket.create_connection((address, self.port), self.timeout)
                break
            except OSError:
                if number == len(self._addresses):
                    raise
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = (
            plain if self._context is None else self._context.wrap_socket(plain, server_hostname=self.host)
        )


def opened(place: Place, addresses: Sequence[str], ca_file: str, *, seconds: float | None = None) -> Pinned:
    """A connection that is made with the first request. `ca_file` replaces the system's authorities.

    `seconds` is how long connecting and each wait for a byte may take; without it, whoever asks watches the clock.
    """
    context = ssl.create_default_context(cafile=ca_file or None) if place.scheme == "https" else None
    return Pinned(place, addresses, context, seconds)


def post(connection: Pinned, target: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    """Send and read the whole answer. Raises TimeoutError after so many seconds, OSError, HTTPException, TooLarge."""
    with _within(seconds):
        connection.request("POST", target, body, {**HEADERS, **headers})
        response = connection.getresponse()
        content = bytearray()
        while chunk := response.read1(CHUNK):
            content += chunk
            if len(content) > MOST_BYTES:
                raise TooLarge
        response.close()  # or the connection could not take the next request
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.reason, named, bytes(content))


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in whatever runs after so many seconds: a socket's timeout begins anew with each byte."""

    def late(number: int, frame: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
