"""`python -m bench.clients`: the same HTTP request again and again by so many clients; milliseconds as JSON.

The order comes as JSON on standard input. Plain sockets that stay open, so that the measuring costs little of the
processors that it shares with what is measured.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.server import ROOT

PROCESSES = 2


@dataclass(frozen=True)
class Measured:
    """Answers a second, and milliseconds of each."""

    rate: float
    times: Sequence[float]

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(method: str, address: str, headers: Mapping[str, str], body: str = "") -> bytes:
    """The bytes of a request that leaves the connection open."""
    parts = urlsplit(address)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    given = {"Host": parts.netloc, "Content-Length": str(len(body.encode()))} | dict(headers)
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", body]
    return "\r\n".join(lines).encode()


def measured(address: str, sent: bytes, *, clients: int, seconds: float) -> Measured:
    """So many clients, each waiting for its answer before it asks again."""
    parts = urlsplit(address)
    split = min(PROCESSES, clients)
    order = {"host": parts.hostname, "port": parts.port, "sent": sent.decode(), "seconds": seconds}
    children = []
    for number in range(split):
        share = order | {"clients": clients // split + (number < clients % split)}
        child = subprocess.Popen(
            [sys.executable, "-m", "bench.clients"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        child.stdin.write(json.dumps(share))
        child.stdin.close()
        children.append(child)
    times: list[float] = []
    for child in children:
        assert child.stdout is not None
        times += json.loads(child.stdout.read())
        if child.wait():
            raise SystemExit("a client of the benchmark failed")
    return Measured(len(times) / seconds, times)


def _client(order: Mapping[str, object], until: float, times: list[float], failures: list[str]) -> None:
    sent = str(order["sent"]).encode()
    with socket.create_connection((str(order["host"]), int(str(order["port"]))), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (began := time.perf_counter()) < until:
            line.sendall(sent)
            status = _answer(line)
            if status != 200:
                failures.append(f"answered {status}")
                return
            times.append((time.perf_counter() - began) * 1000)


def _answer(line: socket.socket) -> int:
    """Read one answer to its end; its status."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(line)
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [row for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")]
    if lengths:
        wanted = int(lengths[0].split(b":")[1])
        while len(body) < wanted:
            body += _more(line)
    else:
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(line)
    return int(head.split(b" ", 2)[1])


def _more(line: socket.socket) -> bytes:
    piece = line.recv(65_536)
    if not piece:
        raise SystemExit("the server closed the connection")
    return piece


def main() -> int:
    """Carry the order out."""
    order = json.load(sys.stdin)
    until = time.perf_counter() + float(order["seconds"])
    times, failures = list[float](), list[str]()
    threads = [
        threading.Thread(target=_client, args=(order, until, times, failures))
        for _ in range(order["clients"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        print(failures[0], file=sys.stderr)
        return 1
    print(json.dumps([round(value, 3) for value in times]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
