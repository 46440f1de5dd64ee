"""Workers and their children killed: each run has one outcome."""

from collections.abc import Callable

import pytest

from tests.faults.pipelines import Pipeline
from tests.faults.site import THOROUGH, Site
from tests.faults.test_redis_failing import WANTED
from tests.ops.processes import eventually

pytestmark = pytest.mark.slow
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
