"""Workers and their children killed, messages delivered again: each run has one outcome."""

import os
from collections.abc import Callable

import pytest
from kombu.connection import Connection

from tests.faults.pipelines import Pipeline
from tests.faults.redis_server import RedisServer
from tests.faults.site import Site
from tests.faults.test_redis_failing import WANTED
from tests.ops.processes import eventually

pytestmark = pytest.mark.slow
THOROUGH = int(os.environ.get("KILLS", "9")) >= 50
Asking = Callable[[str], Pipeline]
STATE = "SELECT status, attempt, failure FROM evaluations_evaluationrun ORDER BY id DESC LIMIT 1"
EVENTS = "SELECT verb, count(*) FROM audit_event WHERE subject LIKE 'model:to-measure/%/evaluation:%' GROUP BY verb"
LOST_LEASE = (
    "UPDATE evaluations_evaluationrun SET lease_until = now() - interval '1 second' WHERE status = 'running'"
)


def state(site: Site) -> tuple[str, int]:
    """The run's status and attempt."""
    status, attempt, _ = site.ask(STATE)[0]
    return str(status), int(str(attempt))


def begins(site: Site, attempt: int) -> bool:
    """Wait until this attempt is under way."""
    return eventually(lambda: state(site) == ("running", attempt), within=90)


def asked_for(site: Site, pipeline: Asking) -> None:
    """A run that a worker takes up."""
    asking = pipeline(site.start_web())
    site.start_scheduler()
    assert asking.call("POST", "/api/v1/evaluations", WANTED).status == 202


def test_a_killed_child_and_a_killed_worker_leave_the_run_to_the_next(site: Site, pipeline: Asking) -> None:
    asked_for(site, pipeline)
    site.start_worker("first")
    assert begins(site, 1), site.log()
    site.kill_child("first")
    site.ask(LOST_LEASE)
    assert begins(site, 2), site.log()
    site.kill("first")
    site.ask(LOST_LEASE)
    site.start_worker("second")
    assert eventually(lambda: state(site) == ("succeeded", 3), within=90), site.log()
    assert {verb: count for verb, count in site.ask(EVENTS)} == {
        "evaluation.requested": 1,
        "evaluation.started": 3,
        "evaluation.succeeded": 1,
    }


@pytest.mark.skipif(
    not THOROUGH, reason="the rule is in tests/evaluations/test_jobs.py; `make test-faults` kills"
)
def test_a_run_that_kills_its_worker_each_time_is_given_up_and_holds_no_other_up(
    site: Site, pipeline: Asking
) -> None:
    asked_for(site, pipeline)
    site.start_worker()
    for attempt in (1, 2, 3):
        assert begins(site, attempt), site.log()
        site.kill_child("worker")
        site.ask(LOST_LEASE)
    assert eventually(lambda: state(site) == ("failed", 3), within=90), site.log()
    assert "stopped answering 3 times" in str(site.ask(STATE)[0][2])
    assert site.ended() == {}, "the worker itself lives"


def test_a_message_that_comes_again_while_the_run_is_under_way_starts_nothing(
    site: Site, redis: RedisServer, pipeline: Asking
) -> None:
    """What Redis does with a message whose worker outlasts the visibility timeout, three times over."""
    asked_for(site, pipeline)
    site.start_worker(DJANGO_SETTINGS_MODULE="tests.faults.late_acks", COUNTERSIGN_WORKERS="3")
    assert begins(site, 1), site.log()
    delivered = 0
    options = {"visibility_timeout": 0}
    with Connection(redis.url, transport_options=options) as broker:  # type: ignore[no-untyped-call]
        channel = broker.channel()
        for _ in range(3):
            delivered += int(redis.tell("HLEN", "unacked").strip().lstrip(":"))
            channel.qos.restore_visible(interval=1)
    assert delivered, "the message was acknowledged before, so nothing came again"
    assert eventually(lambda: state(site)[0] not in ("queued", "running"), within=90), site.log()
    assert state(site) == ("succeeded", 1)
    assert {verb: count for verb, count in site.ask(EVENTS)} == {
        "evaluation.requested": 1,
        "evaluation.started": 1,
        "evaluation.succeeded": 1,
    }
