"""Every main operation with 100,000 versions and a million events against one hundred: at most twice as long.

`MODELS=1000 EVENTS=10000` makes the large one smaller.
"""

import json
import os
import statistics
import urllib.request
from collections.abc import Callable

from bench.server import Served, logged_in, reader, served, times

SMALL = (10, 1_000)
LARGE = (int(os.environ.get("MODELS", "10000")), int(os.environ.get("EVENTS", "1000000")))
WARM_UP, CALLS, ROUNDS, LIMIT = 3, 10, 5, 2.0
PAGES = {
    "home and queue": ("/", b"</main>"),
    "inventory": ("/models/", b"Gate by environment"),
    "search of models": ("/models/?q=fraud+9", b"Fraud model"),
    "search box": ("/inventory/search/?q=fr", b"Fraud model"),
    "page of a model": ("/models/model-0/", b"</main>"),
    "page of a version": ("/models/model-0/versions/1/", b"Production answers allow"),
    "audit trail": ("/audit/", b"</main>"),
    "audit trail of a model": ("/audit/?q=model:use-1/version:1", b"</main>"),
}
CALLS_OF_THE_API = {
    "API: versions": "/api/v1/versions?page_size=50",
    "API: one model": "/api/v1/models/model-0",
}


def main() -> int:
    """Measure both in turn, print the table, judge it."""
    with served(_made(SMALL)) as small, served(_made(LARGE)) as large:
        calls = {size: _calls(found) for size, found in (("small", small), ("large", large))}
        rounds: dict[tuple[str, str], list[float]] = {}
        for _ in range(ROUNDS):
            for size, named in calls.items():
                for name, call in named.items():
                    rounds.setdefault((size, name), []).append(statistics.median(times(call, CALLS)))
    heads = f"{SMALL[0] * 10:,} v.", f"{LARGE[0] * 10:,} v."
    print(
        f"{'median of ' + str(ROUNDS) + ' rounds, ms':<28}{heads[0]:>11}{heads[1]:>12}  growth, at most {LIMIT:g}"
    )
    missed = False
    for name in calls["small"]:
        one, other = rounds["small", name], rounds["large", name]
        growth = statistics.median(b / a for a, b in zip(one, other, strict=True))
        missed |= growth > LIMIT
        word = "" if growth <= LIMIT else "  MISSED"
        print(
            f"{name:<28}{statistics.median(one):>11.1f}{statistics.median(other):>12.1f}  {growth:.2f}{word}"
        )
    print("MISSED" if missed else "met")
    return int(missed)


def _made(size: tuple[int, int]) -> list[str]:
    return ["bench.portfolio", *(str(number) for number in size)]


def _calls(found: Served) -> dict[str, Callable[[], None]]:
    browser = logged_in(found)
    calls = {"gate decision": _asked(found, "/api/v1/gate/decisions", _question(found), b'"allow"')}
    calls |= {name: reader(browser, found.base + path, expected) for name, (path, expected) in PAGES.items()}
    calls |= {name: _asked(found, path, None, b'"') for name, path in CALLS_OF_THE_API.items()}
    for call in calls.values():
        times(call, WARM_UP)
    return calls


def _question(found: Served) -> bytes:
    return json.dumps({"model": found.made["model"], "version": "1", "environment": "production"}).encode()


def _asked(found: Served, path: str, body: bytes | None, expected: bytes) -> Callable[[], None]:
    headers = {"Authorization": f"Bearer {found.made['key']}", "Content-Type": "application/json"}

    def call() -> None:
        request = urllib.request.Request(found.base + path, body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            if expected not in answer.read():
                raise SystemExit(f"{path} does not answer what it should")

    return call
