"""Rounds with tracking servers as rows: one waits, one runs, the lost ones come back, the quiet ones leave no trace."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Event
from registry.actions.servers import connect_server
from registry.actions.sync_runs import (
    MAX_ATTEMPTS,
    claim_sync,
    due_servers,
    fail_sync,
    renew_sync,
    request_sync,
    servers_to_write,
    succeed_sync,
    sweep_syncs,
)
from registry.guesses import Traces, guess_kind, guess_slug
from registry.models import ModelKind, SyncRun, TrackingServer
from registry.names import SLUG
from registry.wishes import SYNC, WRITE, Wanted, Wish
from tests.conftest import AT, actor_of_user

QUIET = Wanted(scheduled=True)
NOTHING = {"models": 0, "versions": 0, "written": 0, "not_taken": 0}


@pytest.fixture
def server(cast: SimpleNamespace) -> TrackingServer:
    return connect_server(
        name="research",
        uri="https://mlflow.example.org",
        every_minutes=60,
        writes_back=False,
        owner=cast.adam,
        actor=actor_of_user(cast.adam),
        at=AT,
    )


def asked(server: TrackingServer, wanted: Wanted = QUIET, minutes: int = 0) -> SyncRun:
    at = AT + timedelta(minutes=minutes)
    return request_sync(server=server, wanted=wanted, asked_by="Adam", at=at)


def claimed(run: SyncRun, minutes: int = 0) -> SyncRun:
    got = claim_sync(run.pk, at=AT + timedelta(minutes=minutes))
    assert got is not None
    return got


def test_what_is_asked_while_a_round_waits_is_joined_to_it(server: TrackingServer) -> None:
    first = asked(server, Wanted(deed=WRITE, scheduled=True))
    second = asked(server, Wanted(names=("a",), bring=(Wish("a", owner="olga"),), actor_id="user:adam"))

    assert first.pk == second.pk
    wanted = Wanted.from_json(SyncRun.objects.get().wanted)
    assert (wanted.deed, wanted.names, wanted.actor_id) == (SYNC, ("a",), "user:adam")
    assert [wish.name for wish in wanted.bring] == ["a"]


def test_two_rounds_with_a_server_never_run_at_once(server: TrackingServer) -> None:
    running = claimed(asked(server))
    waiting = asked(server)

    assert waiting.pk != running.pk
    assert claim_sync(waiting.pk, at=AT) is None
    assert claim_sync(running.pk, at=AT) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        SyncRun.objects.filter(pk=waiting.pk).update(status="running")
    assert succeed_sync(run=running, outcome=NOTHING, at=AT)
    assert claim_sync(waiting.pk, at=AT) is not None


def test_a_lost_round_comes_back_and_its_old_worker_changes_nothing(server: TrackingServer) -> None:
    lost = claimed(asked(server))

    assert sweep_syncs(at=AT + timedelta(minutes=2)) == [lost.pk]
    again = claimed(lost, minutes=2)

    assert not renew_sync(lost, progress=0.5, step="x", at=AT)
    assert not succeed_sync(run=lost, outcome=NOTHING, at=AT)
    assert not fail_sync(run=lost, failure="x", outcome={}, at=AT)
    assert renew_sync(again, progress=0.5, step="x", at=AT)


def test_a_round_that_kills_its_worker_is_given_up(server: TrackingServer) -> None:
    run = asked(server, Wanted(actor_id="user:adam"))
    for attempt in range(MAX_ATTEMPTS):
        claimed(run, minutes=2 * attempt)
        sweep_syncs(at=AT + timedelta(minutes=2 * attempt + 1, seconds=30))

    run.refresh_from_db()
    assert run.status == "failed" and "stopped answering 3 times" in run.failure
    assert Event.objects.filter(verb="mlflow.sync_failed").count() == 1


def test_servers_are_due_by_their_rhythm(server: TrackingServer) -> None:
    assert due_servers(at=AT) == [server]
    run = asked(server)
    assert due_servers(at=AT + timedelta(hours=2)) == []  # it waits still
    succeed_sync(run=claimed(run), outcome=NOTHING, at=AT)
    assert due_servers(at=AT + timedelta(minutes=59)) == []
    assert due_servers(at=AT + timedelta(minutes=60)) == [server]
    assert servers_to_write(every=timedelta(minutes=3), at=AT + timedelta(hours=1)) == []


def test_quiet_scheduled_rounds_leave_one_row_and_no_event(server: TrackingServer) -> None:
    for minutes in range(0, 300, 60):
        succeed_sync(run=claimed(asked(server, minutes=minutes), minutes), outcome=NOTHING, at=AT)

    assert SyncRun.objects.count() == 1
    assert not Event.objects.filter(verb="mlflow.synced").exists()


def test_a_server_that_stays_away_is_recorded_once(server: TrackingServer) -> None:
    for minutes in range(0, 300, 60):
        fail_sync(run=claimed(asked(server, minutes=minutes), minutes), failure="Away.", outcome={}, at=AT)

    assert SyncRun.objects.count() == 1
    assert Event.objects.filter(verb="mlflow.sync_failed").count() == 1


NAMES = st.lists(st.sampled_from("abc"), unique=True, max_size=3).map(tuple)
WANTED = st.builds(
    Wanted, deed=st.sampled_from([SYNC, WRITE]), names=NAMES, scheduled=st.booleans(), again=st.booleans()
)


@given(WANTED, WANTED)
def test_a_joined_round_leaves_nothing_out(one: Wanted, other: Wanted) -> None:
    both = Wanted.from_json(one.and_also(other).to_json())

    assert both.deed == SYNC or {one.deed, other.deed} == {WRITE}
    for wanted in (one, other):
        if wanted.deed == SYNC:
            assert not both.names or (wanted.names and set(wanted.names) <= set(both.names))
    assert both.scheduled == (one.scheduled and other.scheduled)


@given(st.text(max_size=300), st.sets(st.sampled_from(["model", "model-2", "a"])))
def test_any_name_gives_a_short_name(name: str, taken: set[str]) -> None:
    slug = guess_slug(name, taken=taken)

    assert SLUG.fullmatch(slug) and len(slug) <= 64 and slug not in taken and slug != "new"


@pytest.mark.parametrize(
    ("traces", "kind"),
    [
        (Traces({"countersign.kind": "ranking"}, metrics=("auc",)), "ranking"),
        (Traces({"task": "Binary-Classification"}), "binary_classification"),
        (Traces({"task": "llm/v1/chat"}), "generative"),
        (Traces(format="MLflow, langchain"), "generative"),
        (Traces(format="MLflow, prophet"), "forecasting"),
        (Traces(metrics=("val_auc", "loss")), "binary_classification"),
        (Traces(metrics=("test_rmse",)), "regression"),
        (Traces(metrics=("launch",)), ""),
        (Traces(metrics=("roc_auc_ovr",)), "multiclass_classification"),
        (Traces(outputs=("double",)), "regression"),
        (Traces(outputs=("double",), metrics=("cost",)), ""),
        (Traces(outputs=("boolean",)), "binary_classification"),
        (Traces(outputs=("long",)), ""),
        (Traces({"type": "unheard of"}), ""),
        (Traces(), ""),
    ],
)
def test_the_kind_is_told_by_the_surest_trace_or_not_at_all(traces: Traces, kind: str) -> None:
    assert guess_kind(traces) == kind
    assert kind in {"", *ModelKind.values}
