"""Servers whose clocks jumped by two hours, ahead and back, beside one that is right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.stack import program
from tests.faults.pipelines import Pipeline
from tests.faults.site import Site
from tests.ops.processes import eventually

pytestmark = pytest.mark.slow
Asking = Callable[[str], Pipeline]
PLACES = "SELECT seq FROM audit_logentry ORDER BY seq"
DECIDED = "SELECT count(*) FROM gate_gatedecision WHERE context->>'call' = %s"


def faketime() -> str:
    """The library that tells a process another time."""
    program("faketime", "faketime")
    found = [
        *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"),
        *Path("/usr/lib").glob("faketime/libfaketimeMT.so.1"),
    ]
    assert found, "libfaketimeMT.so.1 is missing. Debian: sudo apt-get install faketime"
    return str(found[0])


def test_clocks_that_jumped_double_no_decision_and_break_no_log(site: Site, pipeline: Asking) -> None:
    wrong = {"LD_PRELOAD": faketime(), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "COUNTERSIGN_WEB_WORKERS": "1"}
    servers = {
        "right": pipeline(site.start_web("right", COUNTERSIGN_WEB_WORKERS="1")),
        "ahead": pipeline(site.start_web("ahead", **wrong, FAKETIME="+2h")),
        "behind": pipeline(site.start_web("behind", **wrong, FAKETIME="-2h")),
    }
    site.start_scheduler()
    for token, order in (
        ("one", "right ahead behind"),
        ("two", "ahead behind right"),
        ("three", "behind right ahead"),
    ):
        told = [servers[name].ask(token, context={"call": token}) for name in order.split()]
        assert [answer.status for answer in told] == [200] * 3, told
        assert len({answer.body["id"] for answer in told}) == 1
        assert site.number(DECIDED, token) == 1
    moments = site.ask(
        "SELECT decided_at - now() > interval '1 hour', now() - decided_at > interval '1 hour' FROM gate_gatedecision"
    )
    assert sorted(moments) == [(False, False), (False, True), (True, False)], "the clocks did differ"
    waiting = "SELECT count(*) FROM audit_pending"
    assert eventually(lambda: site.number(waiting) == 0, within=60), site.log()
    places = [place for (place,) in site.ask(PLACES)]
    assert places == list(range(len(places)))
    site.run("manage.py", "audit", "verify")
