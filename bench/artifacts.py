"""Registering a 1 GiB artifact through the API against `sha256sum` plus `cp` of the same file, in the same run.

Both ways in: one multipart request, and `clients/countersign.py push`, which hashes the file first and sends it in
pieces. The floor says how quick this machine's sha256sum is; hashlib's, which the product uses, stands beside it.
"""

import hashlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench.server import ROOT, Served, served

SIZE, CHUNK, ROUNDS = 1 << 30, 1 << 20, 3
LIMIT, MEMORY_LIMIT_MIB = 1.5, 200
BOUNDARY = "bench-artifacts"


def main() -> int:
    """Measure in turn, print the table, judge it."""
    found: dict[str, list[float]] = {}
    with served(["bench.one_model"]) as server, tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "weights.bin"
        _fill(place)
        calls: dict[str, Callable[[str], None]] = {
            "floor: sha256sum, cp": lambda _: _floor(place),
            "hashlib, cp": lambda _: _hashlib(place),
            "one multipart request": lambda name: _multipart(server, place, name),
            "push in pieces": lambda name: _push(server, place, name),
        }
        for turn in range(ROUNDS):
            for number, (label, call) in enumerate(calls.items()):
                name = f"{turn}.{number}"
                _mark(place, name)
                began = time.perf_counter()
                call(name)
                found.setdefault(label, []).append(time.perf_counter() - began)
        memory = server.peak_mib()
    return _judge(found, memory)


def _judge(found: dict[str, list[float]], memory: int) -> int:
    floors = found["floor: sha256sum, cp"]
    missed = memory >= MEMORY_LIMIT_MIB
    print(f"{'1 GiB, median of ' + str(ROUNDS):<28}{'s':>7}  x floor, at most {LIMIT:g}")
    for label, seconds in found.items():
        ratio = statistics.median(one / floor for one, floor in zip(seconds, floors, strict=True))
        print(f"{label:<28}{statistics.median(seconds):>7.2f}  {ratio:.2f}")
        missed |= ratio > LIMIT
    print(f"peak memory of the web process: {memory} MiB, under {MEMORY_LIMIT_MIB}")
    print("MISSED" if missed else "met")
    return int(missed)


def _fill(place: Path) -> None:
    with place.open("wb") as target:
        for _ in range(SIZE // CHUNK):
            target.write(os.urandom(CHUNK))


def _mark(place: Path, name: str) -> None:
    """Make the bytes new ones: those that are registered already would not be stored again."""
    with place.open("r+b") as target:
        target.write(name.encode().ljust(16))


def _floor(place: Path) -> None:
    copy = place.with_suffix(".copy")
    subprocess.run(["sha256sum", str(place)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cp", str(place), str(copy)], check=True)
    copy.unlink()


def _hashlib(place: Path) -> None:
    copy = place.with_suffix(".copy")
    with place.open("rb") as source:
        hashlib.file_digest(source, "sha256")
    subprocess.run(["cp", str(place), str(copy)], check=True)
    copy.unlink()


def _multipart(server: Served, place: Path, name: str) -> None:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="version"\r\n\r\n{name}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="weights.bin"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield head
        with place.open("rb") as source:
            while chunk := source.read(CHUNK):
                yield chunk
        yield tail

    web = http.client.HTTPConnection(urlsplit(server.base).netloc, timeout=600)
    headers = {
        "Authorization": f"Bearer {server.made['key']}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(head) + SIZE + len(tail)),
    }
    web.request("POST", f"/api/v1/models/{server.made['model']}/versions", body(), headers)
    answer = web.getresponse()
    said = json.loads(answer.read())
    web.close()
    if answer.status != 201 or said["size"] != SIZE:
        raise SystemExit(f"the upload was not registered: {said}")


def _push(server: Served, place: Path, name: str) -> None:
    command = [
        sys.executable,
        str(ROOT / "clients" / "countersign.py"),
        "push",
        "--model",
        server.made["model"],
    ]
    environment = os.environ | {"COUNTERSIGN_URL": server.base, "COUNTERSIGN_TOKEN": server.made["key"]}
    command += ["--version", name, str(place)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
