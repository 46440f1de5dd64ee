from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from audit import queries
from audit.actions import record
from audit.actor import Actor
from audit.models import Event
from audit.queries import (
    CursorRefused,
    EventFilter,
    count_events,
    event_by_seq,
    events,
    export_of,
    trail_of,
)
from audit.sequencer import sequence_pending
from audit.verbs import Verb
from tests.audit.conftest import ADA, CI, NOON, Happen

MINUTE = timedelta(minutes=1)


@pytest.fixture
def trail() -> list[Event]:
    """Four events, a minute apart."""
    told: list[tuple[Verb, str, Actor, dict[str, object]]] = [
        (Verb.VERSION_REGISTERED, "model:credit/version:3", ADA, {"digest": "sha256:c0ffee"}),
        (Verb.REVIEW_SIGNED, "model:credit/version:3", ADA, {"role": "risk_officer"}),
        (Verb.GATE_ALLOWED, "model:credit/version:3/env:production", CI, {}),
        (Verb.GATE_DENIED, "model:credit-default/version:1/env:production", CI, {}),
    ]
    with transaction.atomic():
        made = [
            record(verb, subject=subject, actor=actor, at=NOON + n * MINUTE, detail=detail)
            for n, (verb, subject, actor, detail) in enumerate(told)
        ]
    sequence_pending(limit=3)
    return made


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EventFilter(), [3, 2, 1, 0]),
        (EventFilter(who="user:ada"), [1, 0]),
        (EventFilter(who="okafor"), [1, 0]),
        (EventFilter(who="ADA"), [1, 0]),
        (EventFilter(who="nobody"), []),
        (EventFilter(who="key:ci-retail"), [3, 2]),
        (EventFilter(who="user:a"), []),
        (EventFilter(verb="gate.denied"), [3]),
        (EventFilter(verb="gate"), [3, 2]),
        (EventFilter(verb="gat"), []),
        (EventFilter(subject="model:credit"), [3, 2, 1, 0]),
        (EventFilter(subject="model:credit/"), [2, 1, 0]),
        (EventFilter(subject="MODEL:credit/"), []),
        (EventFilter(subject="model:credit%"), []),
        (EventFilter(since=NOON + MINUTE, until=NOON + 3 * MINUTE), [2, 1]),
        (EventFilter(text="C0FFEE"), [0]),
        (EventFilter(text="req-1"), [1, 0]),
        (EventFilter(who="user:ada", verb="review", subject="model:credit"), [1]),
    ],
)
def test_the_trail_is_searched_by_who_what_and_when(
    trail: list[Event], wanted: EventFilter, found: list[int]
) -> None:
    assert events(wanted).events == [trail[n] for n in found]
    assert count_events(wanted, 100) == len(found)
    assert count_events(wanted, 1) == min(len(found), 1)
    assert [event.pk for event in export_of(wanted, at_once=1)] == [trail[n].pk for n in found]


@pytest.mark.django_db
def test_pages_follow_each_other_without_gap_or_overlap(happen: Happen) -> None:
    made = happen(7)
    with transaction.atomic():  # and three at the very same time
        made += [record(Verb.GATE_DENIED, subject="model:x", actor=CI, at=made[3].at) for _ in range(3)]
    seen, cursor = list[Event](), ""
    while True:
        page = events(EventFilter(), cursor=cursor, limit=2)
        seen += page.events
        cursor = page.next
        if not cursor:
            break

    assert len(seen) == 10
    assert seen == sorted(made, key=lambda event: (event.at, event.id), reverse=True)


@pytest.mark.django_db
def test_without_an_index_of_the_words_a_search_stops_and_goes_on(
    happen: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = happen(9)  # attempts 0 to 8, a second apart
    monkeypatch.setattr(queries, "words_are_indexed", lambda: False)
    monkeypatch.setattr(queries, "SEARCHED_AT_ONCE", 3)
    wanted = EventFilter(text='"attempt":1}')

    first = events(wanted)
    assert (first.events, first.searched_to) == ([], made[6].at)
    second = events(wanted, cursor=first.next)
    assert (second.events, second.searched_to) == ([], made[3].at)
    third = events(wanted, cursor=second.next)
    assert third.events == [made[1]]
    assert list(export_of(wanted)) == [made[1]]


@pytest.mark.django_db
def test_each_filter_goes_by_an_index_and_none_sorts_the_whole_trail(happen: Happen) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's planner says other words")
    happen(300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_event")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plans = {
        "audit_event_verb": EventFilter(verb="waiver.granted"),
        "audit_event_actor": EventFilter(who="key:ci-retail", verb="waiver.granted"),
        "audit_event_subject": EventFilter(subject="model:other"),
        "audit_event_at": EventFilter(since=NOON, until=NOON + MINUTE),
    }
    for index, wanted in plans.items():
        with CaptureQueriesContext(connection) as asked:
            events(wanted)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {asked.captured_queries[-1]['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "audit_event_" in plan and "Seq Scan on audit_event" not in plan, (index, plan)


@pytest.mark.django_db
def test_what_happens_while_someone_turns_pages_does_not_shift_them(happen: Happen) -> None:
    made = happen(4)
    first = events(EventFilter(), limit=2)
    with transaction.atomic():
        record(Verb.GATE_DENIED, subject="model:x", actor=CI, at=NOON + 99 * MINUTE)

    assert events(EventFilter(), cursor=first.next, limit=2).events == [made[1], made[0]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor", ["x", "2026-11-21", "~", "2026-11-21T12:00:00~" + "0" * 32, "2026-11-21T12:00:00Z~z"]
)
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(CursorRefused, match="not one of ours"):
        events(EventFilter(), cursor=cursor)


@pytest.mark.django_db
def test_the_trail_of_a_subject_takes_in_what_is_beneath_it_and_not_its_namesakes(trail: list[Event]) -> None:
    assert trail_of("model:credit") == [trail[2], trail[1], trail[0]]
    assert trail_of("model:credit/version:3/env:production") == [trail[2]]
    assert trail_of("model:credit", limit=1) == [trail[2]]


@pytest.mark.django_db
def test_an_event_is_found_by_its_number_once_it_has_one(trail: list[Event]) -> None:
    assert [event_by_seq(n, Q()) for n in range(4)] == [*trail[:3], None]
    assert [event.seq for event in events(EventFilter()).events] == [None, 2, 1, 0]


@pytest.mark.django_db
def test_a_page_is_one_query(trail: list[Event], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert [event.seq for event in events(EventFilter()).events] == [None, 2, 1, 0]
    with django_assert_num_queries(1):
        assert [event.seq for event in trail_of("model:credit")] == [2, 1, 0]
