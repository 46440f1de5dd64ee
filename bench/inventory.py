"""The inventory with 10,000 models of ten versions against the same pages with 100: at most twice as long."""

import statistics
from collections.abc import Callable

from bench.server import Served, logged_in, reader, served, times

SMALL, LARGE = 100, 10_000
WARM_UP, CALLS, ROUNDS = 5, 20, 5
LIMIT = 2.0
PAGES = {
    "inventory page": ("/models/", b"Gate by environment"),
    "search": ("/models/?q=fraud+9", b"Fraud model"),
    "filters": ("/models/?owner=viktor&kind=regression&status=draft", b"model"),
    "sorted by name": ("/models/?sort=-model", b"model"),
    "search box": ("/inventory/search/?q=fr", b"Fraud model"),
}


def main() -> int:
    """Measure both in turn, print the table, judge it."""
    with served(["bench.portfolio", str(SMALL)]) as small, served(["bench.portfolio", str(LARGE)]) as large:
        calls = {size: _calls(found) for size, found in (("small", small), ("large", large))}
        rounds: dict[tuple[str, str], list[float]] = {}
        for _ in range(ROUNDS):
            for size, named in calls.items():
                for name, call in named.items():
                    rounds.setdefault((size, name), []).append(statistics.median(times(call, CALLS)))
        memory = large.peak_mib()
    print(f"{'median of ' + str(ROUNDS) + ' rounds, ms':<24}{SMALL:>8}{LARGE:>9}  ratio, at most {LIMIT:g}")
    missed = False
    for name in PAGES:
        one, other = rounds["small", name], rounds["large", name]
        ratio = statistics.median(b / a for a, b in zip(one, other, strict=True))
        missed |= ratio > LIMIT
        print(f"{name:<24}{statistics.median(one):>8.1f}{statistics.median(other):>9.1f}  {ratio:.2f}")
    print(f"peak memory of the web process: {memory} MiB")
    print("MISSED" if missed else "met")
    return int(missed)


def _calls(found: Served) -> dict[str, Callable[[], None]]:
    browser = logged_in(found)
    calls = {name: reader(browser, found.base + path, expected) for name, (path, expected) in PAGES.items()}
    for call in calls.values():
        times(call, WARM_UP)
    return calls
