"""Gate decisions recorded and signed a second, on PostgreSQL, against a bare view and MLflow's alias in the same run.

The gate decides and records; MLflow only reads an alias; the bare Django view knows its caller and inserts one row.
All have as many processes. At least 5 times MLflow's throughput and 0.4 times the bare view's. SECONDS=2 ROUNDS=1 for a
look.
"""

import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.beside import bare_view, mlflow
from bench.clients import Measured, measured, request
from bench.server import own_database
from tests.faults.postgres import own_server
from tests.faults.site import Site

SECONDS, ROUNDS = float(os.environ.get("SECONDS", "10")), int(os.environ.get("ROUNDS", "3"))
CLIENTS, PROCESSES = 8, 2
MLFLOW_LIMIT, BARE_LIMIT = 5.0, 0.4
Target = tuple[str, bytes]


def main() -> int:
    """Measure each in turn, print the table, judge it, and count what was recorded."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = stack.enter_context(postgres())
        site, gate = _gate(stack, folder, own_database(stack, address))
        question = gate[1].partition(b"\r\n\r\n")[2].decode()
        targets = {
            "bare view": stack.enter_context(bare_view(own_database(stack, address), PROCESSES, question)),
            "gate": gate,
            "MLflow alias": stack.enter_context(mlflow(own_database(stack, address), PROCESSES, folder)),
        }
        for target in targets.values():
            measured(*target, clients=CLIENTS, seconds=min(2.0, SECONDS))
        before = _recorded(site)
        alone = {name: measured(*target, clients=1, seconds=SECONDS / 4) for name, target in targets.items()}
        rounds = [
            {name: measured(*target, clients=CLIENTS, seconds=SECONDS) for name, target in targets.items()}
            for _ in range(ROUNDS)
        ]
        answered = len(alone["gate"].times) + sum(len(one["gate"].times) for one in rounds)
        recorded = _recorded(site) - before
    return _told(alone, rounds, answered, recorded)


@contextmanager
def postgres() -> Iterator[str]:
    """The server of DATABASE_URL, or one of our own."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        yield os.environ["DATABASE_URL"]
        return
    with own_server() as server:
        yield server.address


def _gate(stack: ExitStack, folder: Path, database: str) -> tuple[Site, Target]:
    site = Site(folder, database=database, redis="", COUNTERSIGN_LOG_LEVEL="ERROR")
    site.run("manage.py", "migrate", "-v0")
    made = json.loads(site.run("-m", "tests.faults.ready").splitlines()[-1])
    stack.callback(site.stop)
    base = site.start_web(COUNTERSIGN_WEB_WORKERS=str(PROCESSES))
    site.start_scheduler()  # the log keeps up with what is decided, at this machine's cost
    address = f"{base}/api/v1/gate/decisions"
    headers = {"Authorization": f"Bearer {made['key']}", "Content-Type": "application/json"}
    body = json.dumps({"model": made["model"], "version": "1", "environment": "production"})
    return site, (address, request("POST", address, headers, body))


def _recorded(site: Site) -> int:
    return site.number("SELECT count(*) FROM gate_gatedecision WHERE decision = 'allow'")


def _told(alone: dict[str, Measured], rounds: list[dict[str, Measured]], answered: int, recorded: int) -> int:
    print(f"{CLIENTS} clients, {PROCESSES} server processes each, median of {ROUNDS} rounds of {SECONDS:g} s")
    print(f"{'':<14}{'per second':>11}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'alone p50':>11}")
    for name in alone:
        parts = [one[name] for one in rounds]
        told = [statistics.median(part.quantile(share) for part in parts) for share in (0.5, 0.95, 0.99)]
        rate = statistics.median(part.rate for part in parts)
        figures = "".join(f"{figure:>9.1f}" for figure in told)
        print(f"{name:<14}{rate:>11.0f}{figures}{alone[name].quantile(0.5):>11.2f}")
    met = recorded == answered
    for name, limit in (("MLflow alias", MLFLOW_LIMIT), ("bare view", BARE_LIMIT)):
        ratio = statistics.median(one["gate"].rate / one[name].rate for one in rounds)
        slower = [
            statistics.median(one["gate"].quantile(share) / one[name].quantile(share) for one in rounds)
            for share in (0.5, 0.95, 0.99)
        ]
        word = "met" if ratio >= limit else "MISSED"
        met &= ratio >= limit
        times = " / ".join(f"{figure:.2f}" for figure in slower)
        print(
            f"gate : {name}: {ratio:.2f} x its throughput, at least {limit:g}: {word}; p50/p95/p99 {times} x its"
        )
    print(
        f"{answered:,} allows answered, {recorded:,} recorded: {'met' if answered == recorded else 'MISSED'}"
    )
    return 0 if met else 1
