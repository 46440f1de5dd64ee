"""Which runs count at the gate: no result improves by choosing how it is measured, by reporting, or by waiting."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policy.evidence import EvaluationFact, Evidence, Metric
from policy.metrics import EVALUATIONS
from policy.parts import components
from policy.plan import PlannedEvaluation
from policy.verdict import judge
from tests.policy.builders import NOW, PACK, pack_of, result_of, run, unsigned

GOOD = {"roc_auc": Metric(0.9, 0.88, 0.92, 3000)}
BAD = {"roc_auc": Metric(0.6, 0.55, 0.65, 3000)}
ASKED = PACK.requirements["evaluation.performance"]
HOUR = timedelta(hours=1)


def measured(*runs: EvaluationFact) -> Evidence:
    """Evidence with these runs of performance alone."""
    return replace(unsigned(), evaluations=runs)


def ran(number: int, metrics: Any, **changes: Any) -> EvaluationFact:
    """A run of performance; a higher number is a later one."""
    known = {"metrics": metrics, "finished_at": NOW - (30 - number) * HOUR, "digest": f"d{number}"}
    return run("performance", number, **known, **changes)


def told(
    evidence: Evidence, accept: bool = False, plan: tuple[PlannedEvaluation, ...] = ()
) -> tuple[str, str]:
    """What production says of performance."""
    only = pack_of(replace(ASKED, accept_reported=accept))
    production = {**PACK.environments["production"], **only.environments["production"]}
    pack = replace(only, plan=plan, environments={**PACK.environments, "production": production})
    found = result_of(judge(pack, evidence, "production", NOW), ASKED.id)
    return found.result, found.reason


@pytest.mark.parametrize(
    "flattering",
    [
        {"settings": {"threshold": (0.0, None)}},
        {"settings": {"seed": (7, 20261121)}},
        {"settings": {"max_rows": (200, None), "seed": (20261121, 20261121)}},
        {"settings": {"reference": (4, 2)}},
        {"by_endpoint": True},
        {"reported": True},
    ],
    ids=["threshold", "seed", "rows", "reference", "endpoint", "reported"],
)
def test_a_later_run_that_was_made_to_look_good_hides_no_bad_one(flattering: dict[str, Any]) -> None:
    honest, flattered = ran(10, BAD), ran(20, GOOD, **flattering)
    assert told(measured(honest, flattered))[0] == "unsatisfied"
    assert told(measured(honest, flattered), accept=True)[0] == "unsatisfied"
    assert told(measured(flattered))[0] == "unsatisfied"
    assert "does not count such results" in told(measured(flattered))[1]
    before, after = (components(measured(*runs), EVALUATIONS) for runs in ((honest,), (honest, flattered)))
    assert before == after  # and it undoes no signature


def test_settings_that_say_what_the_data_are_may_be_chosen() -> None:
    assert (
        told(measured(ran(10, GOOD, settings={"labels": (["a", "b"], None), "season": (12, None)})))[0]
        == "satisfied"
    )
    assert told(measured(ran(10, GOOD, settings={"seed": (20261121, 20261121)})))[0] == "satisfied"


def test_the_plan_of_the_policy_says_how_it_is_measured() -> None:
    plan = (PlannedEvaluation("performance", "test", settings={"threshold": 0.3}),)
    own, usual = ran(10, GOOD, settings={"threshold": (0.3, None)}), ran(11, GOOD)
    assert told(measured(own), plan=plan)[0] == "satisfied"
    result, reason = told(measured(usual), plan=plan)
    assert result == "unsatisfied" and "settings of its own (threshold)" in reason


def test_a_report_counts_where_it_is_accepted_and_nothing_was_measured() -> None:
    reported = ran(20, GOOD, reported=True)
    assert told(measured(reported), accept=True)[0] == "satisfied"
    assert told(measured(ran(10, BAD), reported), accept=True)[0] == "unsatisfied"
    assert told(measured(reported))[0] == "unsatisfied"


def test_reporting_an_old_result_again_revives_no_signature() -> None:
    first, worse, again = ran(10, GOOD), ran(15, GOOD), ran(20, GOOD, reported=True)
    signed = components(measured(first), EVALUATIONS, reported=["performance"])
    for runs in ((first, worse), (first, worse, again), (first, worse, replace(again, digest="d10"))):
        assert components(measured(*runs), EVALUATIONS, reported=["performance"]) != signed


def test_a_bad_result_does_not_grow_into_an_allow() -> None:
    bad = run("performance", 8, dataset="hard@1", metrics=BAD, finished_at=NOW - timedelta(days=400))
    result, reason = told(measured(ran(10, GOOD), bad))
    assert result == "unsatisfied" and "on hard@1 did not reach what is asked" in reason
    assert told(measured(ran(10, GOOD), replace(bad, metrics=GOOD)))[0] == "satisfied"
