"""The whole product on servers of its own, started with the very commands of the containers, for those who break it."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]

from tests.ops.processes import ROOT, embedded, eventually, free_port

POLITE_SECONDS = 10.0
Row = tuple[object, ...]
THOROUGH = int(os.environ.get("KILLS", "9")) >= 50
"""Whether the long drills run, as in `make test-faults`; `make test` leaves them out."""


class Site:
    """Web servers, workers and schedulers on one database and one Redis, each under the name that it is given."""

    def __init__(self, folder: Path, *, database: str, redis: str, **more: str) -> None:
        self.folder, self.var, self.database = folder, folder / "var", database
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        given = {"COUNTERSIGN_API_RATE": "1000000/min", "COUNTERSIGN_LOG_LEVEL": "WARNING", "PATH": path}
        self.environment = embedded(self.var, DATABASE_URL=database, REDIS_URL=redis, **(given | more))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: dict[str, int] = {}

    def run(self, *command: str) -> str:
        """A program of ours on this installation to its end; fails with what it said."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "governance.settings"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
        return done.stdout

    def start_web(self, name: str = "web", *, port: int | None = None, **more: str) -> str:
        """A web server; its address, which stays the same when it is started again."""
        self._ports[name] = port or self._ports.get(name) or free_port()
        own = {
            "COUNTERSIGN_BIND": f"127.0.0.1:{self._ports[name]}",
            "PROMETHEUS_MULTIPROC_DIR": str(self.var / f"metrics-{name}"),
        }
        self.start(name, "web", **(own | more))
        base = f"http://127.0.0.1:{self._ports[name]}"
        assert eventually(lambda: _answers(f"{base}/healthz"), within=180), self.log()
        return base

    def start_worker(self, name: str = "worker", **more: str) -> None:
        """A Celery worker, which is there once it has taken its first message."""
        self.start(name, "worker", **({"COUNTERSIGN_WORKER_NAME": name, "COUNTERSIGN_WORKERS": "1"} | more))

    def start_scheduler(self, name: str = "scheduler") -> None:
        """A scheduler."""
        self.start(name, "scheduler")

    def start(self, name: str, what: str, **more: str) -> None:
        """Start what the image calls `what`, under this name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [str(ROOT / "deploy" / "entrypoint.sh"), what],
                cwd=ROOT,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self, name: str) -> int:
        """Wait for one that ends by itself; its code."""
        return self._running.pop(name).wait(600)

    def kill(self, name: str) -> None:
        """At once, with all its children."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def process(self, name: str) -> int:
        """The number of the process that was started."""
        return self._running[name].pid

    def children(self, name: str) -> list[int]:
        """The processes that it started itself: where a web server and a worker do their work."""
        return children_of(self.process(name))

    def kill_child(self, name: str) -> None:
        """Kill one process that does the work; whoever started it is left to notice."""
        os.kill(self.children(name)[-1], signal.SIGKILL)

    def ended(self) -> Mapping[str, int]:
        """Who has ended by themselves, and with what code."""
        codes = {name: process.poll() for name, process in self._running.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def stop(self) -> None:
        """Politely; then not."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(POLITE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def ask(self, statement: str, *values: object) -> list[Row]:
        """Run one statement on the database, committed, and return its rows."""
        connection = psycopg2.connect(self.database)
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def number(self, statement: str, *values: object) -> int:
        """The one number that a statement answers."""
        return int(str(self.ask(statement, *values)[0][0]))

    def log(self) -> str:
        """What the processes said last."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-3_000:]}" for path in self.folder.glob("*.log"))


def children_of(process: int) -> list[int]:
    """The processes that this one started."""
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except (OSError, urllib.error.HTTPError):
        return False
