"""A web server of the product on a fresh database, and calls that are timed.

In a database of its own on the PostgreSQL server of DATABASE_URL, else on SQLite.
"""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
LONGEST_START_SECONDS = 300.0  # a server that makes its tables first, on a machine that is busy


@dataclass(frozen=True)
class Served:
    """Where the server answers, what was made in its database, and the process that works."""

    base: str
    made: dict[str, str]
    process: int

    def peak_mib(self) -> int:
        """The most memory that the process ever held."""
        status = Path(f"/proc/{self.process}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) // 1024 if found else 0


@contextmanager
def served(make: Sequence[str] = ("bench.portfolio",)) -> Iterator[Served]:
    """A server with one worker; `make` is the module, with arguments, that fills its database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {"COUNTERSIGN_VAR": str(folder)}
        if os.environ.get("DATABASE_URL", "").startswith("postgres"):
            environment["DATABASE_URL"] = own_database(stack, os.environ["DATABASE_URL"])
        yield stack.enter_context(_server(environment, make))


@contextmanager
def _server(given: dict[str, str], make: Sequence[str]) -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        **given,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "PORT": str(port),
        "COUNTERSIGN_LOG_LEVEL": "ERROR",
    }
    run = {"cwd": ROOT, "env": environment, "check": True, "stdout": subprocess.PIPE}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], **run)  # type: ignore[call-overload]
    made = subprocess.run([sys.executable, "-m", *make], **run)  # type: ignore[call-overload]
    command = [sys.executable, "-m", "gunicorn", "governance.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--threads", "4", "--log-level", "error"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    base = f"http://127.0.0.1:{port}"
    try:
        await_answer(f"{base}/healthz")
        yield Served(base, json.loads(made.stdout.splitlines()[-1]), _worker_of(server.pid))
    finally:
        server.terminate()
        server.wait(10)


def on_own_database(module: str, *given: str, only_postgresql: bool = False) -> int:
    """Run a module of benchmarks in a process of its own on a fresh database, on SQLite where no server is named."""
    address = os.environ.get("DATABASE_URL", "")
    named = address.startswith("postgres")
    if only_postgresql and not named:
        print("NOT RUN: this benchmark is of PostgreSQL. Give its server as DATABASE_URL.", file=sys.stderr)
        return 1
    with ExitStack() as stack:
        environment = os.environ | {
            "COUNTERSIGN_VAR": stack.enter_context(tempfile.TemporaryDirectory()),
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "COUNTERSIGN_LOG_LEVEL": "ERROR",
        }
        if named:
            environment["DATABASE_URL"] = own_database(stack, address)
        run = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(run, cwd=ROOT, env=environment, check=True)
        measured = [sys.executable, "-m", module, *given]
        return subprocess.run(measured, cwd=ROOT, env=environment, check=False).returncode


def own_database(stack: ExitStack, address: str) -> str:
    """An empty database beside the one that is named, dropped at the end."""
    import psycopg2  # type: ignore[import-untyped]

    parts = urlsplit(address)
    name = f"bench_{os.getpid()}_{secrets.token_hex(3)}"
    server = psycopg2.connect(urlunsplit(parts._replace(path="/postgres")))
    server.autocommit = True
    server.cursor().execute(f'CREATE DATABASE "{name}"')
    stack.callback(server.close)
    stack.callback(lambda: server.cursor().execute(f'DROP DATABASE "{name}" WITH (FORCE)'))
    return urlunsplit(parts._replace(path=f"/{name}"))


def await_answer(address: str) -> None:
    """Wait until somebody answers there, whatever they say."""
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} did not answer")


def times(call: Callable[[], None], count: int) -> list[float]:
    """Milliseconds of each call."""
    times = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return times


def logged_in(found: Served, username: str = "ada") -> urllib.request.OpenerDirector:
    """A browser of that person."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{found.base}/login/", timeout=30) as answer:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.read().decode())
    password = found.made["password"].replace(" ", "+")
    form = f"csrfmiddlewaretoken={token[1] if token else ''}&username={username}&password={password}"
    browser.addheaders = [("Referer", f"{found.base}/login/")]
    browser.open(f"{found.base}/login/", form.encode(), timeout=30).read()
    return browser


def reader(browser: urllib.request.OpenerDirector, address: str, expected: bytes) -> Callable[[], None]:
    """A call that reads the page and stops everything when it does not say what it should."""

    def call() -> None:
        with browser.open(address, timeout=60) as answer:
            if expected not in answer.read():
                raise SystemExit(f"{address} does not say what it should")

    return call


def _worker_of(master: int) -> int:
    children = Path(f"/proc/{master}/task/{master}/children")
    for _ in range(50):
        if children.exists() and (found := children.read_text().split()):
            return int(found[0])
        time.sleep(0.1)
    return master
