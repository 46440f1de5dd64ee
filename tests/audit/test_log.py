"""The sequencer, checkpoints, verification and proofs."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from audit import merkle
from audit.checkpoints import LogBroken, make_checkpoint, newest_checkpoint, verify_log
from audit.models import Checkpoint, Event, LogEntry, Pending, Subtree, TreeState
from audit.notes import open_note, parse_checkpoint
from audit.proofs import NotProvable, consistency_proof_of, inclusion_proof_of
from audit.sequencer import lag_seconds, pending_count, sequence_pending, written_at
from tests.audit.conftest import NOON, Happen
from tests.audit.flushing import Statements, triggers
from tests.audit.signing import log_key


def leaves() -> list[bytes]:
    return [
        bytes.fromhex(text) for text in LogEntry.objects.order_by("seq").values_list("leaf_hash", flat=True)
    ]


def tamper(statement: str) -> None:
    """Change history as one could who owns the database."""
    triggers.permit(None, Statements(connection))
    with connection.cursor() as cursor:
        cursor.execute(statement)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    triggers.forbid(None, Statements(connection))


@pytest.mark.django_db
def test_waiting_events_enter_the_log_in_order_and_without_gaps(happen: Happen) -> None:
    events = happen(7)

    assert [sequence_pending(limit=3) for _ in range(4)] == [3, 3, 1, 0]
    assert list(LogEntry.objects.order_by("seq").values_list("seq", "event_id")) == [
        (seq, event.id) for seq, event in enumerate(events)
    ]
    assert leaves() == [merkle.leaf_hash(event.payload.encode()) for event in events]
    assert pending_count() == 0


@pytest.mark.django_db
def test_an_event_that_commits_late_is_not_lost(happen: Happen) -> None:
    [late, early] = happen(2)
    Pending.objects.filter(event=late).delete()
    sequence_pending()
    Pending.objects.create(event=late)  # as if its transaction committed only now, with an older identifier

    assert sequence_pending() == 1
    assert list(LogEntry.objects.order_by("seq").values_list("event_id", flat=True)) == [early.id, late.id]


@pytest.mark.django_db
def test_the_lag_is_the_age_of_the_oldest_waiting_event(happen: Happen) -> None:
    assert lag_seconds(NOON) == 0
    first = happen(2)[0]
    written = written_at(first.id)

    assert lag_seconds(written + timedelta(seconds=5)) == pytest.approx(5)
    sequence_pending(limit=1)
    assert lag_seconds(written + timedelta(seconds=5)) <= 5


@pytest.mark.django_db
def test_a_sequencer_that_dies_half_way_leaves_the_log_as_it_was(happen: Happen) -> None:
    happen(2)
    sequence_pending()
    happen(2)
    with suppress(KeyboardInterrupt), transaction.atomic():
        sequence_pending()
        raise KeyboardInterrupt

    assert (LogEntry.objects.count(), pending_count(), TreeState.objects.get().size) == (2, 2, 2)
    assert sequence_pending() == 2
    assert verify_log(full=True).state == "ok"


@pytest.mark.django_db(transaction=True)
def test_sequencers_and_writers_at_once_leave_one_whole_log(happen: Happen) -> None:
    failures: list[BaseException] = []

    def work(task: str) -> None:
        try:
            for _ in range(10):
                happen(3) if task == "write" else sequence_pending(limit=4)
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(task,)) for task in ("write", "write", "log", "log")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while sequence_pending():
        pass

    assert not failures
    assert Event.objects.count() == LogEntry.objects.count() == 60
    assert verify_log(full=True).state == "ok"


@pytest.mark.django_db
def test_proofs_of_a_log_beyond_one_tile_are_those_of_the_plain_tree(happen: Happen) -> None:
    happen(600)
    while sequence_pending(limit=250):
        pass
    checkpoint = make_checkpoint(NOON)
    all_leaves = leaves()

    assert Subtree.objects.count() == 2
    assert checkpoint is not None
    assert checkpoint.root == merkle.root_of(all_leaves).hex()
    for seq in (0, 255, 256, 511, 512, 599):
        proof = inclusion_proof_of(seq)
        assert proof.verified
        assert [bytes.fromhex(step.hash) for step in proof.path] == merkle.inclusion_proof(all_leaves, seq)
    for old in (1, 256, 300, 512, 599):
        steps = consistency_proof_of(old, 600)
        assert [bytes.fromhex(step.hash) for step in steps] == merkle.consistency_proof(all_leaves, old)


@pytest.mark.django_db
def test_a_proof_takes_few_queries(
    happen: Happen, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    happen(600)
    sequence_pending(limit=600)
    make_checkpoint(NOON)
    with django_assert_max_num_queries(6):
        assert inclusion_proof_of(300).verified


@pytest.mark.django_db
def test_a_checkpoint_is_a_note_that_the_public_key_opens(happen: Happen) -> None:
    happen(3)
    sequence_pending()
    checkpoint = make_checkpoint(NOON)
    assert checkpoint is not None

    said = parse_checkpoint(open_note(checkpoint.note, log_key().public_key()))
    assert (said.origin, said.size, said.root.hex()) == ("countersign.example/log", 3, checkpoint.root)
    assert checkpoint.signed_at == NOON


@pytest.mark.django_db
def test_nothing_new_makes_no_new_checkpoint(happen: Happen) -> None:
    assert make_checkpoint(NOON) is None
    happen(1)
    assert make_checkpoint(NOON) is None
    sequence_pending()
    assert make_checkpoint(NOON) == make_checkpoint(NOON + timedelta(hours=1)) == newest_checkpoint()
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db
def test_an_entry_without_a_checkpoint_says_so(happen: Happen) -> None:
    happen(2)
    sequence_pending(limit=1)
    with pytest.raises(NotProvable, match="no checkpoint covers it"):
        inclusion_proof_of(0)
    with pytest.raises(NotProvable, match="no entry 1"):
        inclusion_proof_of(1)


@pytest.mark.django_db
def test_the_state_of_an_untouched_log_is_ok_or_behind(happen: Happen) -> None:
    assert verify_log().state == "ok"
    written = written_at(happen(2)[0].id)

    behind = verify_log()
    assert (behind.state, behind.entries, behind.pending) == ("behind", 0, 2)
    assert "2 events are recorded but not in the log yet" in behind.text
    assert verify_log(written + timedelta(seconds=1)).state == "ok"
    assert verify_log(written + timedelta(seconds=40)).state == "behind"

    sequence_pending()
    make_checkpoint(NOON)
    assert (verify_log().state, verify_log().entries) == ("ok", 2)


TAMPERING = {
    "payload": "UPDATE audit_event SET payload = '{}'",
    "column": "UPDATE audit_event SET actor = 'user:mallory'",
    "leaf": f"UPDATE audit_logentry SET leaf_hash = '{'00' * 32}' WHERE seq = 1",
    "entry removed": "DELETE FROM audit_logentry WHERE seq = 2",
    "checkpoint": "UPDATE audit_checkpoint SET note = 'countersign.example/log'",
    "tree": "UPDATE audit_treestate SET size = 2",
}


@pytest.mark.django_db
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("how", TAMPERING)
def test_a_log_that_was_tampered_with_is_broken(happen: Happen, how: str, full: bool) -> None:
    happen(3)
    sequence_pending()
    make_checkpoint(NOON)
    tamper(TAMPERING[how])

    assert verify_log(full=full).state == "broken"


@pytest.mark.django_db
def test_nothing_is_signed_on_top_of_a_rewritten_log(happen: Happen) -> None:
    happen(3)
    sequence_pending()
    make_checkpoint(NOON)
    tamper("DELETE FROM audit_logentry")
    TreeState.objects.all().delete()
    Subtree.objects.all().delete()
    for event in Event.objects.order_by("id")[1:]:
        Pending.objects.create(event=event)
    happen(1)
    sequence_pending()

    with pytest.raises(LogBroken, match="entries were changed"):
        make_checkpoint(NOON)
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db
def test_an_event_kept_out_of_the_log_is_found_by_the_full_check(happen: Happen) -> None:
    happen(2)
    Pending.objects.all()[0].delete()
    sequence_pending()

    assert verify_log().state == "ok"
    assert "1 recorded events are neither in the log" in verify_log(full=True).text


@pytest.mark.django_db
def test_a_checkpoint_by_another_key_does_not_count(happen: Happen, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(1)
    sequence_pending()
    make_checkpoint(NOON)
    stranger = Ed25519PrivateKey.generate()
    pem = stranger.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    monkeypatch.setenv("COUNTERSIGN_LOG_KEY", pem.decode())

    assert "not signed by the log's key" in verify_log().text
    assert verify_log().state == "broken"
    assert not inclusion_proof_of(0).verified


@pytest.mark.django_db
def test_a_log_keeps_verifying_after_it_moved(happen: Happen, settings: Settings) -> None:
    happen(1)
    sequence_pending()
    make_checkpoint(NOON)
    settings.COUNTERSIGN_ORIGIN = "elsewhere.example/log"

    assert verify_log(full=True).state == "ok"
