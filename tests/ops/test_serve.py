"""`make run` from its second half on: prepare, start, be ready, stop, start again."""

import json
import re
import signal
import socket
import sqlite3
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.processes import alive_with, embedded, free_port, manage, running


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """The folder of one installation."""
    return tmp_path / "installation"


@pytest.fixture
def port() -> Iterator[int]:
    """Where it listens."""
    yield free_port()


def listening_addresses(port: int) -> set[str]:
    """The local addresses at which somebody listens on this port, IPv4 and IPv6 (from /proc/net/tcp*)."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for row in table.read_text().splitlines()[1:] if table.exists() else []:
            _, local, _, state, *_ = row.split()
            address, hexadecimal_port = local.rsplit(":", 1)
            if state == "0A" and int(hexadecimal_port, 16) == port:
                found.add(address)
    return found


def test_it_starts_stops_without_orphans_and_starts_again_on_the_same_data(
    var: Path, port: int, tmp_path: Path
) -> None:
    environment = embedded(var, PORT=str(port))
    with running("manage.py", "serve", folder=tmp_path, environment=environment) as first:
        assert first.says(f"Countersign is ready:  http://127.0.0.1:{port}", within=90), first.said
        assert "The database is up to date." in first.said
        assert listening_addresses(port) == {"0100007F"}, "127.0.0.1 alone"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            assert json.load(answer)["checks"] == {"database": "ok", "broker": "ok", "sequencer": "ok"}
        second = manage("serve", environment=embedded(var, PORT=str(free_port())))
        assert second.returncode == 1
        assert (
            f"already running on {var} (process {first.process.pid}, http://127.0.0.1:{port})"
            in second.stderr
        )
        first.stop(signal.SIGINT)
        assert first.process.returncode == 0
    assert alive_with(str(var)) == []
    with running("manage.py", "serve", folder=tmp_path, environment=environment) as again:
        assert again.says("Countersign is ready", within=60), again.said
        assert "database is up to date" not in again.said, "nothing was left to migrate"
        ready = re.search(r"\[ *([\d.]+) s\] Web, worker and scheduler are up", again.said)
        assert ready is not None and float(ready.group(1)) < 60, "under 10 s on an idle machine"


def test_a_taken_port_is_said_before_anything_slow_happens(var: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        refused = manage("serve", environment=embedded(var, PORT=str(taken)))
    assert refused.returncode == 1
    assert f"Port {taken} cannot be used" in refused.stderr
    assert f"make run PORT={taken + 1}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (var / "countersign.sqlite3").exists()


def test_a_database_server_that_is_away_is_named_without_its_password(var: Path) -> None:
    away = f"postgres://someone:secret-word@127.0.0.1:{free_port()}/countersign"
    refused = manage("serve", environment=embedded(var, PORT=str(free_port()), DATABASE_URL=away))
    assert refused.returncode == 1
    assert "The database does not answer" in refused.stderr
    assert "DATABASE_URL" in refused.stderr
    assert "secret-word" not in refused.stderr


def test_a_database_of_a_newer_version_is_refused(var: Path) -> None:
    environment = embedded(var, PORT=str(free_port()))
    assert manage("migrate", "--verbosity=0", "--skip-checks", environment=environment).returncode == 0
    database = sqlite3.connect(var / "countersign.sqlite3")
    with database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('registry', '9999_later', '2030-01-01')"
        )
    database.close()
    refused = manage("serve", environment=environment)
    assert refused.returncode == 1
    assert "registry.9999_later" in refused.stderr


def test_a_demo_that_was_interrupted_while_loading_starts_afresh(
    var: Path, port: int, tmp_path: Path
) -> None:
    environment = embedded(var, PORT=str(port), COUNTERSIGN_PASSWORD="a long enough password")
    manage("migrate", "--verbosity=0", "--skip-checks", environment=environment)
    manage(
        "create_administrator", "--username=adam", "--email=adam@example.org", environment=environment
    ).check_returncode()
    (var / "demo-is-loading").touch()
    with running("manage.py", "serve", folder=tmp_path, environment=environment) as server:
        assert server.says("Countersign is ready", within=90), server.said
        assert "The demo was interrupted while it was loading. Starting it afresh" in server.said
    database = sqlite3.connect(var / "countersign.sqlite3")
    assert database.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)
    database.close()
    assert not (var / "demo-is-loading").exists()


def test_the_first_administrator_is_made_and_stands_on_the_record(var: Path) -> None:
    environment = embedded(var, COUNTERSIGN_PASSWORD="a long enough password")
    manage("migrate", "--verbosity=0", "--skip-checks", environment=environment)
    wanted = ("create_administrator", "--username", "adam", "--email", "adam@example.org")
    made = manage(*wanted, environment=environment)
    assert made.returncode == 0, made.stderr
    database = sqlite3.connect(var / "countersign.sqlite3")
    verbs = {row[0] for row in database.execute("SELECT verb FROM audit_event WHERE subject = 'user:adam'")}
    database.close()
    assert len(verbs) == 2, "made, and given the role"
    again = manage(*wanted, environment=environment)
    assert again.returncode == 1
    assert "is taken" in again.stderr
    weak = manage(
        *wanted[:2], "eve", *wanted[3:], environment={**environment, "COUNTERSIGN_PASSWORD": "short"}
    )
    assert weak.returncode == 1
    assert "too short" in weak.stderr
