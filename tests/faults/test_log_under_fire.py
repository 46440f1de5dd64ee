"""The log on PostgreSQL with sequencers killed, connections cut and the server crashed while four writers commit."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest

from tests.faults.postgres import Server, own_server

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("KILLS", "9"))
WRITERS, CRASHES, DRAINED_WITHIN = 4, 2, 120
Run = Callable[..., subprocess.Popen[str]]

CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1
"""
PLACES = "SELECT e.id::text, l.seq FROM audit_event e LEFT JOIN audit_logentry l ON l.event_id = e.id ORDER BY l.seq"


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as found:
        yield found


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Iterator[Run]:
    """Start a program on that server; all of them are gone at the end."""
    environment = os.environ | {"DATABASE_URL": server.address, "COUNTERSIGN_VAR": str(tmp_path / "var")}
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.communicate()


def finished(process: subprocess.Popen[str]) -> str:
    """What a program said that ended well."""
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said[-3_000:]
    return said


def disturbed(server: Server, killed: Path, sequencers: subprocess.Popen[str]) -> int:
    """Cut connections at random while sequencers are killed, and crash the server in between; how many were cut."""
    chance, cut, crashes = random.Random(2), 0, 0
    while (done := _read(killed)) < KILLS or crashes < CRASHES:
        with suppress(psycopg2.OperationalError):
            cut += len(server.tell(CUT))
        time.sleep(chance.uniform(0.05, 0.2))
        if crashes < CRASHES and done >= (crashes + 1) * KILLS // (CRASHES + 1):
            server.stop("immediate")
            server.start()
            crashes += 1
        assert sequencers.poll() is None
    return cut


def _read(killed: Path) -> int:
    return int(killed.read_text() or 0) if killed.exists() else 0


def test_every_acknowledged_commit_is_in_the_log_exactly_once(
    server: Server, run: Run, tmp_path: Path
) -> None:
    finished(run("manage.py", "migrate", "-v0"))
    killed = tmp_path / "killed"
    files = [tmp_path / f"acknowledged-{number}" for number in range(WRITERS)]
    writers = [run("-m", "tests.faults.log_under_fire", "write", str(file)) for file in files]
    sequencers = run("-m", "tests.faults.log_under_fire", "sequence", str(killed), str(KILLS))
    cut = disturbed(server, killed, sequencers)
    for process in writers:
        process.terminate()
        finished(process)
    until = time.monotonic() + DRAINED_WITHIN
    while server.tell("SELECT count(*) FROM audit_pending") != [(0,)]:
        assert time.monotonic() < until, "the log was not brought up to date"
        time.sleep(0.1)
    sequencers.terminate()
    finished(sequencers)

    acknowledged = [name for file in files for name in file.read_text().split()]
    places = server.tell(PLACES)
    assert cut and len(acknowledged) > 20 * KILLS
    assert Counter(name for name, _ in places) == Counter({name for name, _ in places})
    assert {*acknowledged} <= {name for name, _ in places}
    assert [seq for _, seq in places] == list(range(len(places)))
    finished(run("manage.py", "audit", "verify"))
