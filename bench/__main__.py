"""`make bench`: ratios against a floor measured in the same run, on the same server process.

A gate decision, recorded and attested, against one indexed query and one committed insert (at most 4 times its
median), and the page of a version (median under 150 ms). Exit code 1 when a limit is missed.
"""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WARM_UP, CALLS, PAGES, ROUNDS = 30, 100, 20, 5
GATE_LIMIT, PAGE_LIMIT_MS = 4.0, 150.0


def main() -> int:
    """Measure, print the table, judge it."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (base, made, process):
        gate, floor, page = _gate(base, made), _floor(base, made), _page(base, made)
        for call in (gate, floor, page):
            _times(call, WARM_UP)
        rounds = [(_times(gate, CALLS), _times(floor, CALLS), _times(page, PAGES)) for _ in range(ROUNDS)]
        memory = _peak_mib(process)
    gates, floors, pages = (
        [statistics.median(times) for times in part] for part in zip(*rounds, strict=True)
    )
    ratio = statistics.median(g / f for g, f in zip(gates, floors, strict=True))
    rows = [
        ("floor: one query, one insert", statistics.median(floors), ""),
        ("gate decision, recorded", statistics.median(gates), f"{ratio:.2f} x floor, at most {GATE_LIMIT:g}"),
        ("page of a version", statistics.median(pages), f"at most {PAGE_LIMIT_MS:g} ms"),
    ]
    print(f"{'median of ' + str(ROUNDS) + ' rounds':<32}{'ms':>8}  limit")
    for name, milliseconds, limit in rows:
        print(f"{name:<32}{milliseconds:>8.2f}  {limit}")
    print(f"peak memory of the web process: {memory} MiB")
    met = ratio <= GATE_LIMIT and statistics.median(pages) <= PAGE_LIMIT_MS
    print("met" if met else "MISSED")
    return 0 if met else 1


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, dict[str, str], int]]:
    """A web server of the product on a fresh database; its address, what was made in it, its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "COUNTERSIGN_VAR": str(folder),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "PORT": str(port),
        "COUNTERSIGN_LOG_LEVEL": "ERROR",
    }
    run = {"cwd": ROOT, "env": environment, "check": True, "stdout": subprocess.PIPE}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], **run)  # type: ignore[call-overload]
    made = subprocess.run([sys.executable, "-m", "bench.portfolio"], **run)  # type: ignore[call-overload]
    command = [sys.executable, "-m", "gunicorn", "governance.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--threads", "4", "--log-level", "error"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    base = f"http://127.0.0.1:{port}"
    try:
        _await(f"{base}/healthz")
        yield base, json.loads(made.stdout.splitlines()[-1]), _worker_of(server.pid)
    finally:
        server.terminate()
        server.wait(10)


def _await(address: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} did not answer")


def _times(call: Callable[[], None], count: int) -> list[float]:
    """Milliseconds of each call."""
    times = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return times


def _gate(base: str, made: dict[str, str]) -> Callable[[], None]:
    body = json.dumps({"model": made["model"], "version": "1", "environment": "production"}).encode()
    headers = {"Authorization": f"Bearer {made['key']}", "Content-Type": "application/json"}

    def call() -> None:
        request = urllib.request.Request(f"{base}/api/v1/gate/decisions", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            if json.load(answer)["decision"] != "allow":
                raise SystemExit("the gate denied what the benchmark made ready")

    return call


def _floor(base: str, made: dict[str, str]) -> Callable[[], None]:
    def call() -> None:
        with urllib.request.urlopen(f"{base}/bench/floor?prefix={made['prefix']}", b"", timeout=30) as answer:
            answer.read()

    return call


def _page(base: str, made: dict[str, str]) -> Callable[[], None]:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{base}/login/", timeout=30) as answer:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.read().decode())
    form = f"csrfmiddlewaretoken={token[1] if token else ''}&username=ada&password={made['password'].replace(' ', '+')}"
    browser.addheaders = [("Referer", f"{base}/login/")]
    browser.open(f"{base}/login/", form.encode(), timeout=30).read()

    def call() -> None:
        with browser.open(f"{base}/models/{made['model']}/versions/1/", timeout=30) as answer:
            if b"Production answers allow" not in answer.read():
                raise SystemExit("the version's page does not say what it should")

    return call


def _worker_of(master: int) -> int:
    children = Path(f"/proc/{master}/task/{master}/children")
    for _ in range(50):
        if children.exists() and (found := children.read_text().split()):
            return int(found[0])
        time.sleep(0.1)
    return master


def _peak_mib(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    sys.exit(main())
