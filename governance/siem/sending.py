"""Sending lines to a collector. It returns once the collector has them, and raises Undelivered in any other case."""

import fcntl
import os
import socket
import ssl
import struct
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.models import Event
from governance.siem.collectors import Collector
from governance.siem.posting import Undelivered, in_words, posted, refused
from governance.siem.syslog import message
from registry.addresses import resolve

SECONDS = 10.0
LARGEST_DATAGRAM = 65_000
CONTENT_TYPES = {"json": "application/x-ndjson", "cef": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Sent:
    """An event and its line."""

    event: Event
    line: str


def send(collector: Collector, batch: Sequence[Sent], *, host: str) -> None:
    """Send these in their order; `host` is whom syslog names as the sender. Raises Undelivered."""
    with in_words(SECONDS):
        WAYS[collector.place.scheme](collector, batch, host)


def _to_file(collector: Collector, batch: Sequence[Sent], host: str) -> None:
    """Appended and on the disk. What a full disk cut short is ended first, so that no line grows out of two."""
    text = "".join(f"{sent.line}\n" for sent in batch).encode()
    with Path(collector.place.target).open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                text = b"\n" + text
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _to_http(collector: Collector, batch: Sequence[Sent], host: str) -> None:
    """In one request; what counts is an answer from 200 to 299. No redirect is followed."""
    headers = {"Content-Type": CONTENT_TYPES[collector.format]}
    if collector.authorization:
        headers["Authorization"] = collector.authorization
    body = "".join(f"{sent.line}\n" for sent in batch).encode()
    answer = posted(
        collector.place,
        body,
        headers,
        private=collector.private,
        ca_file=collector.ca_file,
        seconds=SECONDS,
    )
    if why := refused(answer):
        raise Undelivered(why)


def _to_tcp(collector: Collector, batch: Sequence[Sent], host: str) -> None:
    """With the length before each message (RFC 6587, 3.4.1), over TLS where it is asked for (RFC 5425)."""
    messages = (message(sent.event, sent.line, host=host) for sent in batch)
    with _connected(collector) as line:
        line.sendall(b"".join(b"%d %b" % (len(one), one) for one in messages))
        _confirm(line)


def _to_udp(collector: Collector, batch: Sequence[Sent], host: str) -> None:
    """A datagram each (RFC 5426): nobody confirms those. What is too long for one is cut."""
    address = resolve(collector.place, private=collector.private)[0]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.connect((address, collector.place.port))
        for sent in batch:
            line.send(message(sent.event, sent.line, host=host)[:LARGEST_DATAGRAM])


def _connected(collector: Collector) -> socket.socket:
    """A connection to the first judged address that takes one; a certificate must be that of the name."""
    addresses = resolve(collector.place, private=collector.private)
    context = (
        ssl.create_default_context(cafile=collector.ca_file or None)
        if collector.place.scheme == "syslog+tls"
        else None
    )
    for number, address in enumerate(addresses, start=1):
        try:
            plain = socket.create_connection((address, collector.place.port), timeout=SECONDS)
            break
        except OSError:
            if number == len(addresses):
                raise
    return context.wrap_socket(plain, server_hostname=collector.place.host) if context else plain


def _confirm(line: socket.socket) -> None:
    """Say that nothing more comes and wait until the other side closes too, which it does once it has read all.

    One that stays open is taken at its network's word: nothing is left that it did not acknowledge.
    """
    try:
        if isinstance(line, ssl.SSLSocket):
            line.unwrap()
        else:
            line.shutdown(socket.SHUT_WR)
            while line.recv(4096):
                pass
    except (TimeoutError, ssl.SSLError):
        if _unacknowledged(line):
            raise


def _unacknowledged(line: socket.socket) -> int:
    """How many bytes the other side's network has not acknowledged."""
    found: tuple[int] = struct.unpack("i", fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, bytes(4)))
    return found[0]


WAYS: dict[str, Callable[[Collector, Sequence[Sent], str], None]] = {
    "file": _to_file,
    "http": _to_http,
    "https": _to_http,
    "syslog+tcp": _to_tcp,
    "syslog+tls": _to_tcp,
    "syslog+udp": _to_udp,
}
