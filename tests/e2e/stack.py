"""The real thing for tests: a web server, a Celery worker and a scheduler as processes on the test database."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from django.conf import settings as project
from django.db import connection
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from governance.celery import app as celery

PATIENCE_SECONDS = 180.0
POLITE_SECONDS = 8.0
# As `manage.py serve` starts it, with one child.
WORKER = ["-m", "celery", "--app", "governance.celery:app", "--quiet", "worker", "--concurrency", "1"]
WORKER += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]


@dataclass
class Stack:
    """A running installation. `url` is its web server's address, `folder` its var/."""

    url: str
    folder: Path
    environment: Mapping[str, str]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start_worker(self, **more: str) -> None:
        """A Celery worker; `more` are environment variables, such as tighter limits."""
        self._start("worker", WORKER, {"CELERY_SKIP_CHECKS": "1", **more})

    def start_scheduler(self) -> None:
        """Sequencer, sweep and checkpoints."""
        self._start("scheduler", ["manage.py", "scheduler"], {})

    def kill(self, name: str) -> None:
        """As the kernel does when memory is short: at once, with all its children."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Politely; then not."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(POLITE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.running.clear()

    def until(self, what: str, condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait for a true answer and return it. Fails with the logs of the processes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := condition():
                return found
            ended = [name for name, process in self.running.items() if process.poll() is not None]
            if ended:
                pytest.fail(f"{ended} ended while waiting for {what}\n{self.log()}")
            time.sleep(0.1)
        return pytest.fail(f"Waited {seconds:.0f} s in vain for {what}\n{self.log()}")

    def log(self) -> str:
        """What the processes said."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in self.folder.glob("*.log"))

    def _start(self, name: str, arguments: list[str], more: Mapping[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=project.BASE_DIR,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@pytest.fixture
def stack(
    live_server: LiveServer, own_files: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stack]:
    """Web server, worker and scheduler over one database, one var/ and one broker that nobody else uses."""
    settings.COUNTERSIGN_URL = live_server.url
    redis_url = _redis_of_ours(settings.REDIS_URL) if settings.REDIS_URL else ""
    _use_broker(monkeypatch, own_files, redis_url)
    environment = {
        **os.environ,
        "COUNTERSIGN_VAR": str(own_files),
        "COUNTERSIGN_URL": live_server.url,
        "DATABASE_URL": database_url(),
        "REDIS_URL": redis_url,
    }
    running = Stack(live_server.url, own_files, environment)
    try:
        running.start_worker()
        running.start_scheduler()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a real model as MLflow saves it, its training data and a test set. Made once."""
    folder = tmp_path_factory.mktemp("small-model")
    command = [sys.executable, "-m", "tests.e2e.train_small_model", str(folder)]
    made = subprocess.run(command, cwd=project.BASE_DIR, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder


def database_url() -> str:
    """The address of the test database, for another process."""
    given: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    user, password = quote(given["USER"], safe=""), quote(given["PASSWORD"], safe="")
    who = f"{user}:{password}" if password else user
    return f"postgres://{who}@{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}"


def _redis_of_ours(url: str) -> str:
    """Another database of the same Redis for each test process, so that no worker takes another's messages."""
    parts = urlsplit(url)
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    number = (int(parts.path.strip("/") or 0) + 1 + process) % 16
    return urlunsplit(parts._replace(path=f"/{number}"))


def _use_broker(monkeypatch: pytest.MonkeyPatch, folder: Path, redis_url: str) -> None:
    """Let this process, which is the web server, wake the workers of this stack."""
    if redis_url:
        monkeypatch.setitem(celery.conf, "broker_url", redis_url)
    else:
        queue, control = folder / "broker" / "queue", folder / "broker" / "control"
        for place in (queue, control):
            place.mkdir(parents=True)
        ways = {"data_folder_in": str(queue), "data_folder_out": str(queue), "control_folder": str(control)}
        monkeypatch.setitem(celery.conf, "broker_transport_options", {**ways, "polling_interval": 0.2})
    monkeypatch.setattr(celery, "_pool", None)
    monkeypatch.setattr(celery.amqp, "_producer_pool", None)


def program(name: str, package: str) -> str:
    """Where a program is that a test cannot do without; fails, rather than skips, when it is missing."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing. Debian: sudo apt-get install {package}", pytrace=False)
    return found
