"""What a stay in an earlier environment and the schedules of a model do to the answer of the gate."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.diff import direction_of
from policy.evidence import ScheduleFact, StayFact
from policy.metrics import EVALUATIONS
from policy.pack import PackError, load_pack
from policy.parts import components
from policy.requirement import Requirement
from policy.requirement_words import in_words
from policy.verdict import judge
from tests.policy.builders import NOW, PACK, ask, pack_of, result_of, unsigned
from tests.policy.test_pack_refusals import SMALL

WEEK = Requirement(
    "ran_in.staging", "ran_in", "Ran in staging", environment="staging", soak=timedelta(days=7)
)
WATCHED = Requirement(
    "monitoring_in_place",
    "monitoring_in_place",
    "Monitoring in place",
    evaluations=("stability",),
    every=timedelta(days=31),
)


def stay(begin: float, end: float | None = None, number: int = 1, **changes: Any) -> StayFact:
    """A stay in staging from so many days ago until so many days ago."""
    ended = None if end is None else NOW - timedelta(days=end)
    return replace(StayFact(number, "staging", NOW - timedelta(days=begin), ended), **changes)


STAYS: list[tuple[str, tuple[StayFact, ...], str, str]] = [
    ("never", (), "unsatisfied", "never ran in staging; 7 days are asked"),
    ("elsewhere", (stay(30, environment="development"),), "unsatisfied", "never ran in staging"),
    ("long enough", (stay(8),), "satisfied", "Ran in staging for 8 days, asked 7 days."),
    ("to the minute", (stay(7),), "satisfied", "Ran in staging for 7 days"),
    ("not yet", (stay(6.5),), "unsatisfied", "Ran in staging for 6 days, asked 7 days."),
    ("some hours", (stay(0.25),), "unsatisfied", "for 6 hours"),
    ("just begun", (stay(0),), "unsatisfied", "for 0 minutes"),
    ("ended", (stay(30, 20),), "satisfied", "for 10 days"),
    ("in two parts", (stay(30, 26), stay(9, 5, 2)), "satisfied", "for 8 days"),
    ("at the same time", (stay(5, 1), stay(5, 1, 2)), "unsatisfied", "for 4 days"),
    ("overlapping", (stay(9, 4), stay(6, 1, 2)), "satisfied", "for 8 days"),
    ("one within the other", (stay(6, 1), stay(5, 2, 2)), "unsatisfied", "for 5 days"),
    ("rolled back", (stay(30, 10, rolled_back=True),), "unsatisfied", "rolled back in staging on 11 Nov"),
    ("rolled back after", (stay(30, 20), stay(9, 8, 2, rolled_back=True)), "unsatisfied", "has not run there since"),
    ("again since", (stay(30, 20, rolled_back=True), stay(8, number=2)), "satisfied", "for 8 days"),
    ("too short since", (stay(30, 20, rolled_back=True), stay(2, number=2)), "unsatisfied",
     "for 2 days since it was rolled back on 1 Nov"),
    ("without a decision", (stay(30, decided=False),), "unsatisfied", "carried by no valid decision"),
    ("one of them decided", (stay(30, decided=False), stay(8, number=2)), "satisfied", "for 8 days"),
    ("in the future", (stay(-2),), "unsatisfied", "for 0 minutes"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stays", "result", "reason"), [row[1:] for row in STAYS], ids=[row[0] for row in STAYS]
)
def test_a_version_must_have_run_in_an_earlier_environment(
    stays: tuple[StayFact, ...], result: str, reason: str
) -> None:
    found = ask(replace(unsigned(), stays=stays), WEEK)
    assert found.result == result and reason in found.reason


def test_a_stay_that_is_too_short_says_when_it_is_enough() -> None:
    evidence = replace(unsigned(), stays=(stay(6.5),))
    verdict = judge(pack_of(WEEK), evidence, "production", NOW)
    assert verdict.decision == "deny" and verdict.holds_until == NOW + timedelta(days=0.5)
    assert "Let it run in staging until 21 Nov." in str(ask(evidence, WEEK).remedy)
    assert judge(pack_of(WEEK), evidence, "production", verdict.holds_until).decision == "allow"
    gone = ask(replace(unsigned(), stays=(stay(6.5, 3),)), WEEK)
    assert "Deploy it to staging by a decision of the gate" in str(gone.remedy) and gone.who


moments = st.floats(min_value=0, max_value=60)


@given(st.lists(st.tuples(moments, moments), min_size=1, max_size=6))
def test_time_together_is_between_the_longest_stay_and_their_sum(ends: list[tuple[float, float]]) -> None:
    stays = [stay(max(pair), min(pair), number) for number, pair in enumerate(ends)]
    lengths = [one.ended_at - one.since for one in stays if one.ended_at]
    for length, met in ((max(lengths), True), (sum(lengths, timedelta(seconds=1)), False)):
        if length > timedelta(0):
            found = ask(replace(unsigned(), stays=tuple(stays)), replace(WEEK, soak=length)).result
            assert (found == "satisfied") == met


SCHEDULES: list[tuple[str, tuple[ScheduleFact, ...], str, str]] = [
    ("none", (), "unsatisfied", "No schedule measures stability every 31 days or more often."),
    ("often enough", (ScheduleFact(4, ("stability",), 30),), "satisfied", "stability every 30 days"),
    ("exactly", (ScheduleFact(4, ("stability",), 31),), "satisfied", "stability every 31 days"),
    ("too seldom", (ScheduleFact(4, ("stability",), 32),), "unsatisfied", "Schedule 4 measures every 32 days."),
    ("paused", (ScheduleFact(4, ("stability",), 7, active=False),), "unsatisfied", "Schedule 4 is paused."),
    ("of something else", (ScheduleFact(4, ("fairness",), 7),), "unsatisfied", "No schedule measures stability"),
    ("one of two", (ScheduleFact(4, ("stability",), 90), ScheduleFact(5, ("stability",), 7)), "satisfied",
     "stability every 7 days"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("schedules", "result", "reason"), [row[1:] for row in SCHEDULES], ids=[row[0] for row in SCHEDULES]
)
def test_what_is_asked_must_be_measured_again_and_again(
    schedules: tuple[ScheduleFact, ...], result: str, reason: str
) -> None:
    found = ask(replace(unsigned(), schedules=schedules), WATCHED)
    assert found.result == result and reason in found.reason


def test_each_kind_must_be_watched() -> None:
    asked = replace(WATCHED, evaluations=("stability", "fairness"))
    half = ask(replace(unsigned(), schedules=(ScheduleFact(4, ("stability",), 7),)), asked)
    assert half.result == "unsatisfied" and "No schedule measures fairness" in half.reason
    assert ask(
        replace(unsigned(), schedules=(ScheduleFact(4, ("stability", "fairness"), 7),)), asked
    ).result == ("satisfied")


def test_a_schedule_of_the_plan_watches_what_the_plan_measures() -> None:
    asked = replace(WATCHED, evaluations=("performance",), every=timedelta(days=400))
    pack = replace(PACK, environments={**PACK.environments, "production": {
        **PACK.environments["production"], "high": (asked,)}})  # fmt: skip
    evidence = replace(unsigned(), schedules=(ScheduleFact(4, (), 7),))
    assert judge(pack, evidence, "production", NOW).decision == "allow"
    # It measures anew what no longer holds, so a year apart by this pack, however often it looks.
    often = replace(asked, every=timedelta(days=31))
    pack = replace(pack, environments={**pack.environments, "production": {
        **pack.environments["production"], "high": (often,)}})  # fmt: skip
    found = result_of(judge(pack, evidence, "production", NOW), "monitoring_in_place")
    assert found.result == "unsatisfied" and "Schedule 4 measures every 365 days." in found.reason


def test_what_nothing_measures_is_not_watched_by_asking_for_it() -> None:
    ranking = replace(unsigned(), model_kind="ranking", schedules=(ScheduleFact(4, ("stability",), 7),))
    found = ask(ranking, WATCHED)
    assert found.result == "error" and "Nothing measures the stability of a model for ranking" in found.reason
    named = replace(WATCHED, applies_to=("binary_classification",))
    assert ask(ranking, named).result == "not_applicable"
    assert ask(replace(ranking, model_kind="clustering"), WATCHED).result == "error"


def test_where_a_version_ran_and_what_watches_it_undo_no_signature() -> None:
    evidence = unsigned()
    other = replace(evidence, stays=(stay(8),), schedules=(ScheduleFact(4, (), 7),))
    assert components(evidence, EVALUATIONS) == components(other, EVALUATIONS)


ASKED = """\
- id: ran_in.staging
  kind: ran_in
  environment: staging
  soak: 7d
- id: monitoring_in_place
  kind: monitoring_in_place
  evaluations: [stability, fairness]
  every: 31d
environments:"""


def test_both_are_read_from_a_pack_and_said_in_words() -> None:
    text = SMALL.replace("environments:", ASKED).replace(
        "high: [artifact_verified, signoff.validator]",
        "high: [artifact_verified, signoff.validator, ran_in.staging, monitoring_in_place]",
    )
    asked = load_pack(text, source="small.yaml").requirements
    soak, watch = asked["ran_in.staging"], asked["monitoring_in_place"]
    assert (soak.title, soak.environment, soak.soak) == ("Ran in staging", "staging", timedelta(days=7))
    assert (watch.evaluations, watch.every) == (("stability", "fairness"), timedelta(days=31))
    assert "It ran in staging for 7 days" in in_words(soak)[0]
    assert in_words(watch) == ["Schedules measure stability and fairness again, at least every 31 days."]
    assert direction_of(soak, replace(soak, soak=timedelta(days=14))) == "tightened"
    assert direction_of(watch, replace(watch, every=timedelta(days=90))) == "loosened"
    assert direction_of(watch, replace(watch, evaluations=("stability",))) == "loosened"


def test_no_version_runs_in_staging_before_it_is_let_into_staging() -> None:
    text = SMALL.replace("environments:", ASKED.split("- id: monitoring")[0] + "environments:").replace(
        "staging: {low: *same", "staging: {low: [ran_in.staging]"
    )
    with pytest.raises(PackError, match="cannot have run in staging before staging") as refused:
        load_pack(text, source="small.yaml")
    assert refused.value.remedy == "Name it in a later environment only."
