import json
import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from rfc8785 import dumps

from audit.actions import NotInTransaction, record
from audit.actor import Actor
from audit.checkpoints import make_checkpoint
from audit.identity import uuid7
from audit.keyring import introduce
from audit.models import Checkpoint, Event, LogEntry, Pending
from audit.sequencer import sequence_pending
from audit.verbs import Outcome, Verb
from tests.audit.conftest import ADA, CI, NOON, Happen

SUBJECT = "model:credit-default/version:3"


def tell(**detail: object) -> Event:
    with transaction.atomic():
        return record(Verb.REVIEW_SIGNED, subject=SUBJECT, actor=ADA, at=NOON, detail=detail)


@pytest.mark.django_db
def test_an_event_says_who_did_what_to_what_when_and_how_that_was_known() -> None:
    event = Event.objects.get(pk=tell(role="risk_officer").pk)

    assert (event.verb, event.subject, event.at) == ("review.signed", SUBJECT, NOON)
    assert (event.actor, event.actor_name, event.authenticated_by) == ("user:ada", "Ada Okafor", "session")
    assert (event.request_id, event.detail, event.seq) == ("req-1", {"role": "risk_officer"}, None)


@pytest.mark.django_db
def test_the_payload_is_the_canonical_json_of_every_column() -> None:
    event = tell(role="risk_officer", ratio=0.8)
    payload = json.loads(event.payload)

    assert event.payload.encode() == dumps(payload)
    assert payload == {
        "id": str(event.id),
        "verb": "review.signed",
        "subject": SUBJECT,
        "actor": "user:ada",
        "actor_name": "Ada Okafor",
        "authenticated_by": "session",
        "request_id": "req-1",
        "at": "2026-11-21T12:00:00.000000Z",
        "detail": {"role": "risk_officer", "ratio": 0.8},
        "attests": {},
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (2**53, "9007199254740992"),
        (-(2**60), str(-(2**60))),
        (2**53 - 1, 2**53 - 1),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (1e300, "1e+300"),
        (1e-300, 1e-300),
        (Decimal("0.80"), "0.80"),
        (NOON, "2026-11-21T12:00:00.000000Z"),
        (uuid.UUID(int=5), str(uuid.UUID(int=5))),
        (Outcome.NO, "no"),
        (("a", 1), ["a", 1]),
        ({"b", "a"}, ["a", "b"]),
        ("nul \0 and half \ud83d", "nul \ufffd and half \ufffd"),
        (True, True),
    ],
)
def test_details_keep_what_json_cannot_hold_as_text(given: object, kept: object) -> None:
    event = Event.objects.get(pk=tell(value=given).pk)

    assert event.detail == {"value": kept}
    assert json.loads(event.payload)["detail"] == {"value": kept}


@pytest.mark.django_db
def test_a_detail_that_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no plain JSON form"):
        tell(value=object())
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"), transaction.atomic():
        record(Verb.REVIEW_SIGNED, subject=SUBJECT, actor=ADA, at=NOON.replace(tzinfo=None))


@pytest.mark.django_db(transaction=True)
def test_recording_outside_a_transaction_is_refused() -> None:
    with pytest.raises(NotInTransaction, match=r"review\.signed of model:credit-default"):
        record(Verb.REVIEW_SIGNED, subject=SUBJECT, actor=ADA, at=NOON)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_goes_when_the_change_that_it_tells_of_is_rolled_back() -> None:
    with pytest.raises(RuntimeError, match="undone"), transaction.atomic():
        record(Verb.REVIEW_SIGNED, subject=SUBJECT, actor=ADA, at=NOON)
        raise RuntimeError("undone")
    assert not Event.objects.exists()
    assert not Pending.objects.exists()


CHANGES = {
    "audit_event": "verb = 'gate.allowed'",
    "audit_logentry": "leaf_hash = ''",
    "audit_checkpoint": "note = ''",
    "audit_signingkey": "pem = ''",
}


@pytest.fixture
def history(happen: Happen) -> list[Event]:
    events = happen(3)
    sequence_pending()
    make_checkpoint(NOON)
    introduce(actor=ADA, at=NOON)
    return events


def refused(statement: str) -> None:
    refusal = pytest.raises(DatabaseError, match="is history|has no gaps")
    with refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("table", CHANGES)
def test_no_row_of_history_can_be_updated_or_deleted(history: list[Event], table: str) -> None:
    refused(f"UPDATE {table} SET {CHANGES[table]}")
    refused(f"DELETE FROM {table}")
    assert (
        Event.objects.filter(verb="gate.denied").count()
        == LogEntry.objects.exclude(leaf_hash="").count()
        == 3
    )
    assert Checkpoint.objects.exclude(note="").count() == 1


@pytest.mark.django_db
def test_the_orm_cannot_change_history_either(history: list[Event]) -> None:
    with pytest.raises(DatabaseError, match="is history"), transaction.atomic():
        Event.objects.update(actor="user:mallory")
    with pytest.raises(DatabaseError, match="is history"), transaction.atomic():
        LogEntry.objects.all().delete()
    with pytest.raises(ProtectedError):
        history[0].delete()


@pytest.mark.django_db
@pytest.mark.parametrize("table", CHANGES)
@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="INSERT OR REPLACE is SQLite's")
def test_no_row_of_history_can_be_replaced(history: list[Event], table: str, recursive_triggers: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
    refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.django_db
@pytest.mark.parametrize("table", CHANGES)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no TRUNCATE")
def test_history_cannot_be_truncated_nor_changed_in_replica_mode(history: list[Event], table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL truncates no table with checks to come
    refused(f"TRUNCATE {table} CASCADE")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    refused(f"UPDATE {table} SET {CHANGES[table]}")
    refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.django_db
def test_the_log_takes_no_entry_out_of_turn(history: list[Event], happen: Happen) -> None:
    [late] = happen(1)
    with pytest.raises(DatabaseError, match="no gaps"), transaction.atomic():
        LogEntry.objects.create(seq=7, event=late, leaf_hash="00" * 32)


@pytest.mark.django_db
def test_an_event_has_one_place_in_the_log_only(history: list[Event]) -> None:
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        LogEntry.objects.create(seq=3, event=history[0], leaf_hash="00" * 32)


def test_verbs_are_namespaced_labelled_and_shown_by_a_shape() -> None:
    for verb in Verb:
        area, _, deed = verb.value.partition(".")
        assert area.isidentifier() and deed.isidentifier()
        assert verb.label and verb.label[0].isupper()
        assert verb.outcome in Outcome
        assert Verb(verb.value) is verb
        assert str(verb) == verb.value and len(verb) <= 64


def test_a_process_of_ours_is_an_actor_too() -> None:
    assert Actor.system("worker") == Actor("system:worker", "Worker", "process")
    assert CI.request_id == ""


def test_identifiers_rise_and_are_version_7() -> None:
    made = [uuid7() for _ in range(10_000)]

    assert made == sorted(made) and len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
