"""A gate decision, recorded and attested, against one indexed query and one committed insert in the same run.

At most 3 times its median in a portfolio of 100,000 versions and a million events, and within 20% of what it takes in a
small one. `MODELS=100 EVENTS=0` makes the large one smaller. The page of a version: a median under 150 ms.
"""

import json
import os
import statistics
import urllib.request
from collections.abc import Callable

from bench.server import Served, logged_in, reader, served, times

WARM_UP, CALLS, PAGES, ROUNDS = 30, 100, 20, 7
SMALL = (100, 0)
LARGE = (int(os.environ.get("MODELS", "10000")), int(os.environ.get("EVENTS", "1000000")))
GATE_LIMIT, GROWTH_LIMIT, PAGE_LIMIT_MS = 3.0, 1.2, 150.0


def main() -> int:
    """Measure, print the table, judge it."""
    with served(_made(SMALL)) as small, served(_made(LARGE)) as large:
        calls = [_gate(small), _gate(large), _floor(large), _page(large)]
        for call in calls:
            times(call, WARM_UP)
        counts = (CALLS, CALLS, CALLS, PAGES)
        rounds = [
            [statistics.median(times(call, count)) for call, count in zip(calls, counts, strict=True)]
            for _ in range(ROUNDS)
        ]
        memory = large.peak_mib()
    few, many, floor, page = (statistics.median(part) for part in zip(*rounds, strict=True))
    ratio = statistics.median(gate / base for _, gate, base, _ in rounds)
    growth = statistics.median(gate / before for before, gate, _, _ in rounds)
    versions = f"{LARGE[0] * 10:,} versions, {LARGE[1]:,} events"
    rows = [
        ("floor: one query, one insert", floor, ""),
        (f"gate decision, {SMALL[0] * 10:,} versions", few, ""),
        (f"gate decision, {versions}", many, f"{ratio:.2f} x floor, at most {GATE_LIMIT:g}"),
        ("  growth", many - few, f"{growth:.2f} x the small portfolio, at most {GROWTH_LIMIT:g}"),
        ("page of a version", page, f"at most {PAGE_LIMIT_MS:g} ms"),
    ]
    print(f"{'median of ' + str(ROUNDS) + ' rounds':<52}{'ms':>8}  limit")
    for name, milliseconds, limit in rows:
        print(f"{name:<52}{milliseconds:>8.2f}  {limit}")
    print(f"peak memory of the web process: {memory} MiB")
    met = ratio <= GATE_LIMIT and growth <= GROWTH_LIMIT and page <= PAGE_LIMIT_MS
    print("met" if met else "MISSED")
    return 0 if met else 1


def _made(size: tuple[int, int]) -> list[str]:
    return ["bench.portfolio", *(str(number) for number in size)]


def _gate(found: Served) -> Callable[[], None]:
    body = json.dumps({"model": found.made["model"], "version": "1", "environment": "production"}).encode()
    headers = {"Authorization": f"Bearer {found.made['key']}", "Content-Type": "application/json"}

    def call() -> None:
        request = urllib.request.Request(f"{found.base}/api/v1/gate/decisions", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            if json.load(answer)["decision"] != "allow":
                raise SystemExit("the gate denied what the benchmark made ready")

    return call


def _floor(found: Served) -> Callable[[], None]:
    address = f"{found.base}/bench/floor?prefix={found.made['prefix']}"

    def call() -> None:
        with urllib.request.urlopen(address, b"", timeout=30) as answer:
            answer.read()

    return call


def _page(found: Served) -> Callable[[], None]:
    address = f"{found.base}/models/{found.made['model']}/versions/1/"
    return reader(logged_in(found), address, b"Production answers allow")
