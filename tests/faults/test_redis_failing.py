"""Redis killed, emptied, frozen and full: the gate answers, and each run that was asked for is measured once."""

import time
from collections.abc import Callable

import pytest

from tests.faults.pipelines import Pipeline
from tests.faults.redis_server import RedisServer
from tests.faults.site import THOROUGH, Site
from tests.ops.processes import eventually

pytestmark = pytest.mark.slow
Asking = Callable[[str], Pipeline]
WANTED = {"model": "to-measure", "version": "1", "dataset": "drill-0@1", "kind": "data_quality"}
OUTCOMES = (
    "SELECT r.status, r.attempt, count(e.id) FILTER (WHERE e.verb = 'evaluation.succeeded') "
    "FROM evaluations_evaluationrun r JOIN audit_event e ON e.subject LIKE 'model:to-measure/%/evaluation:' || r.id "
    "GROUP BY r.id"
)
UNDER_WAY = "SELECT count(*) FROM evaluations_evaluationrun WHERE status IN ('queued', 'running')"
LONGEST_SECONDS = 30.0
"""Without limits on what is asked of a frozen Redis, it would be for ever. Generous, for busy machines."""


def wanted(asking: Pipeline, number: int) -> None:
    """Ask for a run on that data set; neither the answer nor the gate waits for Redis."""
    run = asking.call("POST", "/api/v1/evaluations", WANTED | {"dataset": f"drill-{number}@1"})
    assert run.status == 202, run
    decided = asking.ask()
    assert (decided.status, decided.body["decision"]) == (200, "allow")
    assert max(run.seconds, decided.seconds) < LONGEST_SECONDS


def each_was_measured_once(site: Site, count: int) -> None:
    """All runs ended well, at the first attempt."""
    assert eventually(lambda: site.number(UNDER_WAY) == 0, within=150), site.log()
    assert site.ask(OUTCOMES) == [("succeeded", 1, 1)] * count, site.log()


def test_a_redis_that_is_killed_or_emptied_loses_no_run(
    site: Site, redis: RedisServer, pipeline: Asking
) -> None:
    asking = pipeline(site.start_web())
    wanted(asking, 0)
    redis.kill()
    wanted(asking, 1)
    redis.start()
    wanted(asking, 2)
    redis.tell("FLUSHALL")
    site.start_scheduler()
    site.start_worker()
    each_was_measured_once(site, 3)


@pytest.mark.skipif(not THOROUGH, reason="minutes; `make test-faults` freezes and fills it")
def test_a_redis_that_is_frozen_or_full_holds_nobody_up_and_loses_no_run(
    site: Site, redis: RedisServer, pipeline: Asking
) -> None:
    asking = pipeline(site.start_web())
    site.start_scheduler()
    site.start_worker()
    wanted(asking, 0)
    redis.freeze()
    wanted(asking, 1)
    time.sleep(20)  # until the worker has noticed, too
    redis.thaw()
    assert "OK" in redis.tell("CONFIG", "SET", "maxmemory", "1")  # noeviction is Redis's own default
    wanted(asking, 2)
    assert "OK" in redis.tell("CONFIG", "SET", "maxmemory", "0")
    if (
        "worker" in site.ended()
    ):  # Celery gives up on a Redis that refuses to write; its supervisor starts it again
        site.start_worker()
    each_was_measured_once(site, 3)
    assert site.ended() == {}, site.log()
