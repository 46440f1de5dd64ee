"""`python -m bench.load LOCUST`: people browse and pipelines ask, on the whole stack, as in a large bank.

Small unless told: MODELS=10000 EVENTS=1000000 PEOPLE=500 RATE=200 SECONDS=120 is the bank. No call may fail, pipelines
get their rate, and every allow that was answered is on record. LOCUST is the program in its own environment.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.server import ROOT
from bench.stack import Stack, running

MODELS, EVENTS = int(os.environ.get("MODELS", "200")), int(os.environ.get("EVENTS", "2000"))
PEOPLE, RATE = int(os.environ.get("PEOPLE", "20")), float(os.environ.get("RATE", "20"))
SECONDS = int(os.environ.get("SECONDS", "30"))
RATE_SHARE, GATE_P95_MS, PAGE_P95_MS = 0.95, 500.0, 2_000.0
RECORDED = "SELECT count(*) FROM gate_gatedecision"


def main(locust: str = "") -> int:
    """Start the stack, let locust loose on it, print the table, judge it."""
    locust = locust or os.environ.get("LOCUST", str(ROOT / "var" / "load" / "bin" / "locust"))
    if not Path(locust).exists():
        print(f"There is no {locust}. `make load` installs it.", file=sys.stderr)
        return 2
    with running(MODELS, EVENTS) as stack, tempfile.TemporaryDirectory() as folder:
        before = stack.site.number(RECORDED)
        calls = _loose(locust, stack, Path(folder))
        recorded = stack.site.number(RECORDED) - before
        if ended := stack.site.ended():
            print(f"{ended} ended by themselves\n{stack.site.log()}", file=sys.stderr)
            return 1
    return _told(calls, recorded)


def _loose(locust: str, stack: Stack, folder: Path) -> list[dict[str, Any]]:
    given = {"web": stack.bases, "people": PEOPLE, "models": MODELS, "rate": RATE, **stack.made}
    command = [locust, "--locustfile", str(ROOT / "bench" / "large_bank.py"), "--headless", "--only-summary"]
    command += ["--users", str(PEOPLE + max(1, round(RATE / 5))), "--spawn-rate", str(max(5, PEOPLE // 10))]
    command += ["--run-time", f"{SECONDS}s", "--stop-timeout", "30", "--json-file", str(folder / "told")]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"BANK": json.dumps(given)},
        capture_output=True,
        text=True,
        check=False,
    )
    file = folder / "told.json"
    if not file.exists():
        raise SystemExit(f"locust failed: {(done.stdout + done.stderr)[-3_000:]}")
    if "# occurrences" in done.stderr + done.stdout:
        print((done.stdout + done.stderr)[-2_000:], file=sys.stderr)
    calls: list[dict[str, Any]] = json.loads(file.read_text())
    return calls


def _within(call: dict[str, Any], share: float) -> float:
    """Milliseconds within which this share of the answers came: locust counts them by rounded time."""
    wanted, seen = share * call["num_requests"], 0
    for milliseconds, count in sorted((float(key), value) for key, value in call["response_times"].items()):
        seen += count
        if seen >= wanted:
            return milliseconds
    return 0.0


def _told(calls: list[dict[str, Any]], recorded: int) -> int:
    print(
        f"{MODELS * 10:,} versions, {EVENTS:,} events; {PEOPLE} people, {RATE:g} decisions a second, {SECONDS} s"
    )
    print(f"{'':<12}{'calls':>8}{'a second':>10}{'failed':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}")
    met, answered, rate = True, 0, 0.0
    for call in sorted(calls, key=lambda one: str(one["name"])):
        seconds = max(1.0, call["last_request_timestamp"] - call["start_time"])
        times = [_within(call, share) for share in (0.5, 0.95, 0.99)]
        figures = "".join(f"{figure:>9.0f}" for figure in times)
        count, failed = call["num_requests"], call["num_failures"]
        print(f"{call['name']:<12}{count:>8}{count / seconds:>10.1f}{failed:>8}{figures}")
        limit = GATE_P95_MS if call["name"] == "gate" else PAGE_P95_MS
        met &= failed == 0 and (times[1] <= limit or call["name"] == "log in")
        if call["name"] == "gate":
            answered, rate = count - failed, count / seconds
    met &= rate >= RATE_SHARE * RATE and recorded == answered
    print(f"no failures; p95 of the gate under {GATE_P95_MS:g} ms, of pages under {PAGE_P95_MS:g} ms;")
    print(f"{rate:.1f} decisions a second of {RATE:g}; {answered:,} answered, {recorded:,} recorded")
    print("met" if met else "MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
