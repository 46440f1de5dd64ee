"""`make demo-reset`: everything goes, unless something speaks against it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from tests.ops.processes import embedded, eventually, free_port, manage, running

ADAM = ("create_administrator", "--username=adam", "--email=adam@example.org")


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """The folder of one installation."""
    return tmp_path / "installation"


def an_installation(var: Path, **more: str) -> dict[str, str]:
    """One with a person and a stored file in it; answers its environment."""
    environment = embedded(var, COUNTERSIGN_PASSWORD="a long enough password", **more)
    manage("migrate", "--verbosity=0", "--skip-checks", environment=environment).check_returncode()
    manage(*ADAM, environment=environment).check_returncode()
    for kept in ("files/sha256/ab/model.bin", "keys/log.pem", "broker/queue/message"):
        (var / kept).parent.mkdir(parents=True, exist_ok=True)
        (var / kept).touch()
    return environment


def test_it_deletes_data_files_and_keys_but_not_the_secret(var: Path) -> None:
    environment = an_installation(var)
    secret = (var / "secret_key").read_text()
    done = manage("demo_reset", environment=environment)
    assert done.returncode == 0, done.stderr
    for gone in ("files", "broker/queue/message"):
        assert not (var / gone).exists(), gone
    assert b"PRIVATE KEY" in (var / "keys/log.pem").read_bytes()  # another one, for another history
    assert (var / "secret_key").read_text() == secret
    database = sqlite3.connect(var / "countersign.sqlite3")
    assert database.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)
    database.close()


def test_it_refuses_while_the_server_runs(var: Path, tmp_path: Path) -> None:
    environment = embedded(var, PORT=str(free_port()))
    with running("manage.py", "serve", folder=tmp_path, environment=environment) as server:
        assert eventually((var / "countersign.sqlite3").exists, within=60), server.said
        refused = manage("demo_reset", environment=environment)
        assert refused.returncode == 1
        assert "Stop it first" in refused.stderr
        assert (var / "countersign.sqlite3").exists()


def test_it_refuses_a_database_that_is_not_the_embedded_one(var: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.sqlite3"
    environment = embedded(var, DATABASE_URL=f"sqlite:///{precious}")
    assert manage("migrate", "--verbosity=0", "--skip-checks", environment=environment).returncode == 0
    before = precious.read_bytes()
    refused = manage("demo_reset", environment=environment)
    assert refused.returncode == 1
    assert "FORCE=1" in refused.stderr
    assert precious.read_bytes() == before


@pytest.fixture
def another_database(transactional_db: None) -> Iterator[str]:
    """The address of a new database on the server that the tests run on."""
    name = "countersign_to_be_reset"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    its = connection.settings_dict
    yield f"postgres://{its['USER']}:{quote(its['PASSWORD'])}@{its['HOST']}:{its['PORT'] or 5432}/{name}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_forced_it_empties_a_postgresql_database_too(var: Path, another_database: str) -> None:
    environment = an_installation(var, DATABASE_URL=another_database)
    assert manage("demo_reset", environment=environment).returncode == 1
    assert "is taken" in manage(*ADAM, environment=environment).stderr, "nothing was deleted without --force"
    forced = manage("demo_reset", "--force", environment=environment)
    assert forced.returncode == 0, forced.stderr
    assert manage(*ADAM, environment=environment).returncode == 0, "the name is free again"
