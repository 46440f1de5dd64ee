"""Servers whose clocks jumped by two hours, ahead and back, beside one that is right."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.pipelines import Pipeline
from tests.faults.site import Site
from tests.ops.processes import eventually

pytestmark = pytest.mark.slow
Asking = Callable[[str], Pipeline]
HOURS = {"right": 0, "ahead": 2, "behind": -2}
DECIDED = "SELECT count(*) FROM gate_gatedecision WHERE context->>'call' = %s"
OFF = "SELECT round(extract(epoch FROM decided_at - now()) / 3600)::int FROM gate_gatedecision ORDER BY 1"


def test_clocks_that_jumped_double_no_decision_and_break_no_log(site: Site, pipeline: Asking) -> None:
    servers = {}
    for name, hours in HOURS.items():
        clock: dict[str, Any] = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.wrong_clock",
            "CLOCK_OFF_SECONDS": str(hours * 3600),
        }
        servers[name] = pipeline(site.start_web(name, **clock, COUNTERSIGN_WEB_WORKERS="1"))
    site.start_scheduler()
    orders = {
        "one": ("right", "ahead", "behind"),
        "two": ("ahead", "behind", "right"),
        "three": ("behind", "right", "ahead"),
    }
    for token, order in orders.items():
        told = [servers[name].ask(token, context={"call": token}) for name in order]
        assert [answer.status for answer in told] == [200] * 3, told
        assert len({answer.body["id"] for answer in told}) == 1
        assert site.number(DECIDED, token) == 1
    assert site.ask(OFF) == [(-2,), (0,), (2,)], "the clocks did differ"
    waiting = "SELECT count(*) FROM audit_pending"
    assert eventually(lambda: site.number(waiting) == 0, within=60), site.log()
    places = [place for (place,) in site.ask("SELECT seq FROM audit_logentry ORDER BY seq")]
    assert places == list(range(len(places)))
    site.run("manage.py", "audit", "verify")
