"""The gate while web servers, connections and the database die: one decision for each question, and none is lost."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg2  # type: ignore[import-untyped]
import pytest

from tests.faults.counting import each_was_decided_once
from tests.faults.pipelines import NOBODY, Answer, Crowd, Pipeline
from tests.faults.postgres import Server
from tests.faults.site import Site
from tests.ops.processes import eventually

pytestmark = pytest.mark.slow
ROUNDS = max(2, int(os.environ.get("KILLS", "9")) // 4)
PIPELINES = 6
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < 0.5
"""
Asking = Callable[[str], Pipeline]


def decisions_of(site: Site, token: str) -> list[str]:
    """The decisions that the record tells were made for this question: its context holds the token."""
    rows = site.ask("SELECT id::text FROM gate_gatedecision WHERE context->>'call' = %s", token)
    return [str(name) for (name,) in rows]


def asked_in_the_background(pipeline: Pipeline, token: str) -> tuple[threading.Thread, list[Answer]]:
    """A call that is under way, and where its answer will stand."""
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(pipeline.ask(token, context={"call": token})))
    thread.start()
    return thread, answers


def waits_for_a_lock(site: Site) -> bool:
    """Whether some session waits for a row that another one holds."""
    return site.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") > 0


def test_a_web_server_killed_before_the_commit_decided_nothing(site: Site, pipeline: Asking) -> None:
    asking = pipeline(site.start_web(COUNTERSIGN_WEB_WORKERS="1"))
    holder = psycopg2.connect(site.database)
    holder.cursor().execute("SELECT id FROM registry_modelversion FOR UPDATE")
    thread, answers = asked_in_the_background(asking, "killed-before")
    assert eventually(lambda: waits_for_a_lock(site), within=10)
    site.kill_child("web")  # gunicorn starts another one
    thread.join()
    holder.rollback()
    assert [answer.status for answer in answers] == [NOBODY]
    assert eventually(lambda: not waits_for_a_lock(site), within=10)
    assert decisions_of(site, "killed-before") == []

    assert eventually(lambda: asking.ask().status == 200, within=30)
    # Whoever died still claims the call: nobody may decide a second time, until that claim is too old to be alive.
    assert asking.ask("killed-before", context={"call": "killed-before"}).status == 409
    site.ask("UPDATE gate_idempotentcall SET started_at = started_at - interval '1 minute'")
    retried = [asking.ask("killed-before", context={"call": "killed-before"}) for _ in range(2)]
    assert [answer.status for answer in retried] == [200, 200]
    assert {answer.body["id"] for answer in retried} == {*decisions_of(site, "killed-before")}


def test_a_web_server_killed_after_the_commit_decided_once(site: Site, pipeline: Asking) -> None:
    """The server stops between the commit and its answer; the retry is told the decision that was recorded."""
    base = site.start_web(COUNTERSIGN_WEB_WORKERS="1")
    asking = pipeline(base)
    # A trigger that runs at the commit holds it up until the server can no longer read that it succeeded.
    site.ask(
        "CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$"
    )
    site.ask(
        "CREATE CONSTRAINT TRIGGER hold_up AFTER INSERT ON gate_gatedecision DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION hold_up()"
    )
    thread, answers = asked_in_the_background(asking, "killed-after")
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    assert eventually(lambda: site.number(sleeping) == 1, within=15)
    child = site.children("web")[-1]
    os.kill(child, signal.SIGSTOP)  # its commit goes through; it never learns of that
    assert eventually(lambda: len(decisions_of(site, "killed-after")) == 1, within=15)
    os.kill(child, signal.SIGKILL)
    thread.join()
    assert [answer.status for answer in answers] == [NOBODY]
    site.ask("DROP TRIGGER hold_up ON gate_gatedecision")

    assert eventually(lambda: asking.ask().status == 200, within=30)
    again = asking.ask("killed-after", context={"call": "killed-after"})
    assert (again.status, [again.body["id"]]) == (200, decisions_of(site, "killed-after"))


def test_fifty_posts_with_one_key_are_one_decision(site: Site, pipeline: Asking) -> None:
    asking = [pipeline(site.start_web("web")), pipeline(site.start_web("web-2"))]
    calls = [asked_in_the_background(asking[number % 2], "fifty") for number in range(50)]
    for thread, _ in calls:
        thread.join()
    answers = [answer for _, found in calls for answer in found]
    assert {answer.status for answer in answers} <= {200, 409}
    told = {answer.body["id"] for answer in answers if answer.status == 200}
    assert told == {*decisions_of(site, "fifty")}
    assert len(told) == 1
    other = asking[0].ask("fifty", context={"call": "another question"})
    assert other.status == 422
    assert decisions_of(site, "another question") == []
    assert asking[1].ask("fifty", context={"call": "fifty"}).body["id"] in told


def test_one_decision_for_each_question_whatever_dies(site: Site, server: Server, pipeline: Asking) -> None:
    """Web servers killed, connections cut and the database crashed while pipelines ask; all retry with their key."""
    bases = [site.start_web("web", COUNTERSIGN_WEB_WORKERS="1"), site.start_web("web-2")]
    site.start_scheduler()
    chance = random.Random(3)
    with Crowd(lambda number: pipeline(bases[number % 2]), PIPELINES) as crowd:
        for number in range(ROUNDS):
            crowd.until(PIPELINES * 2)
            with suppress(psycopg2.OperationalError):
                server.tell(CUT)
            crowd.until(PIPELINES)
            site.kill_child(("web", "web-2")[number % 2])
            time.sleep(chance.uniform(0.1, 0.5))
            server.stop("immediate")
            server.start()
            # Whoever died under a claim is believed to be alive for half a minute; nobody waits for that here.
            site.ask("UPDATE gate_idempotentcall SET started_at = started_at - interval '1 minute'")
    assert crowd.kept.statuses[503] + crowd.kept.statuses[NOBODY] > 0, "nothing broke"
    each_was_decided_once(site, crowd.kept)


def test_a_lock_that_another_holds_is_waited_for_and_then_told(site: Site, pipeline: Asking) -> None:
    asking = pipeline(site.start_web())
    holder = psycopg2.connect(site.database)
    holder.cursor().execute("SELECT id FROM registry_modelversion FOR UPDATE")
    calls = [asked_in_the_background(asking, f"locked-{number}") for number in range(4)]
    time.sleep(1)
    assert asking.call("GET", "/healthz").status == 200
    for thread, _ in calls:
        thread.join()
    answers = [answer for _, found in calls for answer in found]
    assert {answer.status for answer in answers} == {503}
    assert max(answer.seconds for answer in answers) < 25
    holder.rollback()
    again = asking.ask("locked-0", context={"call": "locked-0"})
    assert (again.status, [again.body["id"]]) == (200, decisions_of(site, "locked-0"))
    assert decisions_of(site, "locked-1") == []
