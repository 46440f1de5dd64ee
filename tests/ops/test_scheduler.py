"""The scheduler: the record gets its order, lost jobs come back, and one is active at a time."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from django.db import InterfaceError, OperationalError, connection, connections, transaction
from pytest_django.fixtures import Settings

from audit.actions import record
from audit.actor import Actor
from audit.models import Checkpoint, LogEntry, SigningKey
from audit.sequencer import pending_count
from audit.verbs import Verb
from governance.operation.scheduling import Duty, Scheduler, duties, heartbeat_age_seconds
from tests.ops.processes import embedded, eventually, manage, running

TESTER = Actor.system("tester")


@pytest.fixture
def something_happens(transactional_db: None, at: datetime) -> Callable[[], None]:
    """Record an event."""

    def happen() -> None:
        with transaction.atomic():
            record(Verb.DEMO_LOADED, subject="portfolio:demo", actor=TESTER, at=at, detail={})

    return happen


@contextmanager
def scheduling(wanted: Sequence[Duty]) -> Iterator[threading.Event]:
    """A scheduler at work beside the test, with a database connection of its own."""
    stop = threading.Event()

    def work() -> None:
        Scheduler(wanted, stop=stop).run()
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_events_reach_the_log_and_a_checkpoint(something_happens: Callable[[], None]) -> None:
    something_happens()
    with scheduling(duties()):
        assert eventually(lambda: Checkpoint.objects.filter(size=1).exists(), within=5)
        something_happens()
        assert eventually(lambda: LogEntry.objects.count() == 4, within=5)  # and the two keys, introduced
        assert pending_count() == 0
    assert sorted(SigningKey.objects.values_list("kind", flat=True)) == ["attestation", "log"]


def test_it_shows_that_it_is_alive(transactional_db: None) -> None:
    assert heartbeat_age_seconds() is None
    with scheduling(duties()):
        assert eventually(lambda: heartbeat_age_seconds() is not None, within=5)
    age = heartbeat_age_seconds()
    assert age is not None and age < 10


def test_without_a_signing_key_the_log_still_grows(
    something_happens: Callable[[], None], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.COUNTERSIGN_GENERATE_KEYS = False
    something_happens()
    with scheduling(duties()), caplog.at_level(logging.ERROR):
        assert eventually(lambda: "No checkpoint was signed" in caplog.text, within=5)
        something_happens()
        assert eventually(lambda: LogEntry.objects.count() == 2, within=5)
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize("lost", [OperationalError, InterfaceError])
def test_a_database_that_goes_away_is_waited_for(
    transactional_db: None, lost: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    rounds = []

    def away_twice(at: datetime) -> None:
        rounds.append(at)
        if len(rounds) <= 2:
            raise lost("server closed the connection unexpectedly")

    with scheduling([Duty("a duty", 0.0, away_twice)]):
        assert eventually(lambda: len(rounds) > 3, within=10)
    assert "trying again in 0.5 s" in caplog.text
    assert "trying again in 1.0 s" in caplog.text


def test_one_is_active_and_the_next_takes_over(transactional_db: None) -> None:
    first, second = list[datetime](), list[datetime]()
    with scheduling([Duty("first", 0.0, first.append)]) as stop_first:
        assert eventually(lambda: bool(first), within=5)
        with scheduling([Duty("second", 0.0, second.append)]):
            seen = len(first)
            assert eventually(lambda: len(first) >= seen + 3, within=5)
            assert second == [], "it worked although another one was active"
            stop_first.set()
            assert eventually(lambda: bool(second), within=5)


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_on_postgresql_a_cut_connection_is_made_anew(transactional_db: None) -> None:
    rounds = list[datetime]()
    with scheduling([Duty("a duty", 0.0, rounds.append), Duty("touch", 0.0, lambda at: pending_count())]):
        assert eventually(lambda: len(rounds) >= 2, within=5)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        seen = len(rounds)
        assert eventually(lambda: len(rounds) >= seen + 3, within=10)


def test_the_command_stops_without_waiting_for_its_next_round(tmp_path: Path) -> None:
    environment = embedded(tmp_path)
    migrated = manage("migrate", "--verbosity=0", "--skip-checks", environment=environment)
    assert migrated.returncode == 0, migrated.stderr
    with running("manage.py", "scheduler", folder=tmp_path, environment=environment) as scheduler:
        assert eventually((tmp_path / "scheduler.heartbeat").exists, within=20)
        assert scheduler.stop(signal.SIGTERM) < 10, "under a second on an idle machine"
        assert scheduler.process.returncode == 0, scheduler.said
