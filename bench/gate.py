"""A gate decision, recorded and attested, against one indexed query and one committed insert (at most 4 times its
median), and the page of a version (median under 150 ms)."""

import json
import statistics
import urllib.request
from collections.abc import Callable

from bench.server import logged_in, reader, served, times

WARM_UP, CALLS, PAGES, ROUNDS = 30, 100, 20, 5
GATE_LIMIT, PAGE_LIMIT_MS = 4.0, 150.0


def main() -> int:
    """Measure, print the table, judge it."""
    with served() as found:
        base, made = found.base, found.made
        address = f"{base}/models/{made['model']}/versions/1/"
        page = reader(logged_in(found), address, b"Production answers allow")
        gate, floor = _gate(base, made), _floor(base, made)
        for call in (gate, floor, page):
            times(call, WARM_UP)
        rounds = [(times(gate, CALLS), times(floor, CALLS), times(page, PAGES)) for _ in range(ROUNDS)]
        memory = found.peak_mib()
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
