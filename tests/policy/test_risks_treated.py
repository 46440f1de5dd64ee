"""The requirement about risks, the scales that they are rated on, and the catalogue."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence import Person, RiskFact
from policy.pack import PackError, load_pack
from policy.parts import components
from policy.requirement import Requirement
from policy.risk_catalogue import Use, load_catalogue, risks_of_check, suggested_for
from policy.risk_scales import DEFAULT, RISK_LEVELS, ScalesError, default_scales, order, read_scales
from policy.verdict import judge
from tests.policy.builders import BEA, CARL, NOW, OLGA, PACK, ask, pack_of, result_of, risk, signed, unsigned

ASKED = Requirement(
    "risks_treated", "risks_treated", "Risks treated", residual_at_most="moderate", at_least=1
)
HIGH: dict[str, Any] = {"inherent": (4, 4), "residual": (3, 4)}
LATER, BEFORE = NOW + timedelta(days=30), NOW - timedelta(days=1)
ratings = st.tuples(st.integers(1, 5), st.integers(1, 5))

CASES: list[tuple[str, list[RiskFact], int, str, str]] = [
    ("none", [], 1, "unsatisfied", "Nobody has said yet"),
    ("one rated", [risk()], 1, "satisfied", "1 risk assessed; what remains is at most moderate."),
    (
        "too few",
        [risk(1), risk(2)],
        3,
        "unsatisfied",
        "2 risks assessed before and after controls, asked at least 3",
    ),
    (
        "not rated",
        [risk(1), risk(2, inherent=None, residual=None)],
        1,
        "unsatisfied",
        "R-2 (Weak discrimination): it is",
    ),
    ("half rated", [risk(1), risk(2, residual=None)], 1, "unsatisfied", "its residual risk is not rated"),
    ("closed and unrated", [risk(1), risk(2, residual=None, closed=True)], 1, "satisfied", "1 risk assessed"),
    ("only closed, rated", [risk(1, closed=True)], 1, "satisfied", "1 risk assessed"),
    (
        "too high",
        [risk(**HIGH)],
        1,
        "unsatisfied",
        "residual high, asked at most moderate, and nobody accepted it",
    ),
    ("too high and closed", [risk(closed=True, **HIGH)], 1, "satisfied", "1 risk assessed"),
    (
        "accepted",
        [risk(accepted_level="high", accepted_until=LATER, **HIGH)],
        1,
        "satisfied",
        "1 above that is accepted",
    ),
    (
        "expired",
        [risk(accepted_level="high", accepted_until=NOW, **HIGH)],
        1,
        "unsatisfied",
        "expired on 21 Nov",
    ),
    (
        "accepted when it was lower",
        [risk(accepted_level="moderate", accepted_until=LATER, **HIGH)],
        1,
        "unsatisfied",
        "it was accepted as moderate",
    ),
    ("due today", [risk(review_on=NOW.date())], 1, "satisfied", "1 risk assessed"),
    ("overdue", [risk(review_on=BEFORE.date())], 1, "unsatisfied", "was to be reviewed by 20 Nov"),
    ("overdue and closed", [risk(review_on=BEFORE.date(), closed=True)], 1, "satisfied", "1 risk assessed"),
]


@pytest.mark.parametrize(
    ("name", "risks", "least", "result", "words"), CASES, ids=[case[0] for case in CASES]
)
def test_each_way_that_it_can_turn_out(
    name: str, risks: list[RiskFact], least: int, result: str, words: str
) -> None:
    found = ask(unsigned(risks=tuple(risks)), replace(ASKED, at_least=least))

    assert (found.result, words in found.reason) == (result, True), found.reason
    assert bool(found.remedy) == (result != "satisfied")


BY_CARL: dict[str, Any] = {
    "accepted_level": "high",
    "accepted_until": LATER,
    "accepted_by": CARL,
    "accepted_role": "compliance_officer",
}


@pytest.mark.parametrize(
    ("changes", "owner", "said"),
    [
        ({}, BEA, ""),
        ({"holders": {}}, BEA, ""),  # who leaves takes nothing back
        ({"involved": {"carl": ("owns this model",)}}, BEA, "owns this model."),
        ({"involved": {"carl": ("develops this model",)}}, BEA, "develops this model."),
        ({}, CARL, "owns this risk."),
    ],
)
def test_an_acceptance_ends_once_its_giver_takes_part_and_not_with_the_role(
    changes: dict[str, Any], owner: Person, said: str
) -> None:
    evidence = unsigned(risks=(risk(owner=owner, **HIGH, **BY_CARL),), **changes)
    found = ask(evidence, ASKED)
    assert found.result == ("unsatisfied" if said else "satisfied")
    assert not said or f"Carl Brandt, who accepted it as compliance officer, {said}" in found.reason
    assert not said or "Carl Brandt (compliance officer)" not in found.who


def test_without_scales_it_is_an_error_and_denies() -> None:
    assert ask(unsigned(risk_scales=None), ASKED).result == "error"


def test_it_names_who_can_act_and_nobody_who_may_not_accept() -> None:
    evidence = unsigned(risks=(risk(owner=CARL, **HIGH),))
    assert ask(evidence, ASKED).who == ("Carl Brandt (risk owner)",)
    evidence = unsigned(risks=(risk(owner=BEA, **HIGH),))
    assert ask(evidence, ASKED).who == ("Bea Costa (risk owner)", "Carl Brandt (compliance officer)")
    assert ask(replace(evidence, owners=(OLGA, CARL)), ASKED).who == ("Bea Costa (risk owner)",)


def test_the_verdict_holds_no_longer_than_the_next_date() -> None:
    facts = (
        risk(1, review_on=date(2026, 12, 31)),
        risk(2, accepted_level="high", accepted_until=LATER, **HIGH),
    )
    found = judge(pack_of(ASKED), unsigned(risks=facts), "production", NOW)
    assert found.decision == "allow" and found.holds_until == LATER


def test_the_default_pack_asks_it_of_high_and_critical_in_production() -> None:
    asking = {
        (environment, tier)
        for environment, by_tier in PACK.environments.items()
        for tier, asked in by_tier.items()
        if any(item.kind == "risks_treated" for item in asked)
    }
    assert asking == {("production", "high"), ("production", "critical")}
    verdict = judge(PACK, replace(signed(), risks=()), "production", NOW)
    assert result_of(verdict, "risks_treated").result == "unsatisfied"


@given(st.lists(st.tuples(ratings, st.booleans()), min_size=1, max_size=6), ratings)
def test_a_further_risk_too_high_and_not_accepted_always_denies(
    others: list[tuple[tuple[int, int], bool]], rating: tuple[int, int]
) -> None:
    level = default_scales().level(rating)
    facts = [risk(n, residual=found, closed=closed) for n, (found, closed) in enumerate(others, 1)]
    facts.append(risk(99, inherent=(5, 5), residual=rating))
    allowed = ask(unsigned(risks=tuple(facts)), ASKED).result == "satisfied"
    others_fit = all(
        closed or order(default_scales().level(found)) <= order("moderate") for found, closed in others
    )
    assert allowed == (order(level) <= order("moderate") and others_fit)


def test_risks_are_part_of_the_evidence_in_any_order_and_only_where_they_exist() -> None:
    one, two = unsigned(risks=(risk(1), risk(2))), unsigned(risks=(risk(2), risk(1)))
    assert components(one, ()) == components(two, ())
    assert "risks" not in components(unsigned(risks=()), ())
    changed = unsigned(risks=(risk(1, digest="sha256:other"), risk(2)))
    assert components(changed, ())["risks"] != components(one, ())["risks"]


PACK_TEXT = """\
name: small
version: 1
decision_valid_for: 15m
requirements:
- id: risks_treated
  kind: risks_treated
  residual_at_most: low
  at_least: 2
environments:
  development: {low: &same [risks_treated], moderate: *same, high: *same, critical: *same}
  staging: {low: *same, moderate: *same, high: *same, critical: *same}
  production: {low: *same, moderate: *same, high: *same, critical: *same}
"""


def test_a_pack_says_how_much_may_remain() -> None:
    found = load_pack(PACK_TEXT, source="x").requirements["risks_treated"]
    assert (found.residual_at_most, found.at_least, found.title) == ("low", 2, "Risks treated")
    bare = PACK_TEXT.replace("  residual_at_most: low\n  at_least: 2\n", "")
    found = load_pack(bare, source="x").requirements["risks_treated"]
    assert (found.residual_at_most, found.at_least) == ("moderate", 1)


@pytest.mark.parametrize("bad", ["residual_at_most: critical", "residual_at_most: tiny", "at_least: 0"])
def test_a_pack_that_asks_nonsense_of_risks_is_refused(bad: str) -> None:
    name = bad.partition(":")[0]
    line = next(line for line in PACK_TEXT.splitlines() if name in line)
    with pytest.raises(PackError):
        load_pack(PACK_TEXT.replace(line, f"  {bad}"), source="x")


def test_worse_is_never_a_lower_level() -> None:
    scales = default_scales()
    for likelihood in range(1, 6):
        for impact in range(1, 5):
            assert order(scales.level((likelihood, impact))) <= order(scales.level((likelihood, impact + 1)))
            assert order(scales.level((impact, likelihood))) <= order(scales.level((impact + 1, likelihood)))
    assert sum(len(scales.cells(level)) for level in RISK_LEVELS) == 25
    assert scales.level(None) == ""


def _set(content: dict[str, Any], path: list[Any], value: Any) -> dict[str, Any]:
    place: Any = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return content


BAD_SCALES: list[tuple[list[Any], Any, str]] = [
    (["version"], 0, "version"),
    (["version"], True, "version"),
    (["likelihood"], [], "likelihood"),
    (["likelihood", 0, "word"], "Likely", "likelihood.4"),
    (["impact", 2, "meaning"], "", "impact.3"),
    (["impact", 2, "more"], None, "impact.3"),
    (["impact", 2, "word"], "x" * 25, "impact.3"),
    (["matrix"], "low", "matrix"),
    (["matrix", 4, 4], "low", "matrix.5.5"),
    (["matrix", 0, 0], "tiny", "matrix.1.1"),
    (["matrix", 0, 0], "high", "matrix.1.2"),
    (["acceptance", "high"], None, "acceptance.high"),
    (["acceptance", "high", "role"], "owner", "acceptance.high"),
    (["acceptance", "high", "days"], 731, "acceptance.high"),
    (["acceptance", "tiny"], {}, "acceptance"),
]


@pytest.mark.parametrize(("path", "value", "place"), BAD_SCALES)
def test_scales_that_contradict_themselves_are_refused(path: list[Any], value: Any, place: str) -> None:
    content = yaml.safe_load(DEFAULT.read_text())
    with pytest.raises(ScalesError) as refused:
        read_scales(_set(content, path, value))
    assert refused.value.place == place


def test_what_is_stored_of_scales_reads_as_the_same() -> None:
    assert read_scales(default_scales().plain()) == default_scales()


def test_the_catalogue_holds_what_it_announces() -> None:
    catalogue = load_catalogue()
    assert len(catalogue.risks) == 60 and {risk.category for risk in catalogue.risks.values()} == {
        *catalogue.categories
    }
    assert all(risk.mitigations and risk.evaluations and risk.refs for risk in catalogue.risks.values())


def test_declared_facts_come_before_the_kind_and_say_why() -> None:
    use = Use(
        "binary_classification",
        {"flag": ["profiles_people"], "origin": ["vendor"], "use": [], "sensitive": []},
    )
    found = suggested_for(use)
    names = list(found)
    assert names.index("FAI-01") < names.index("ACC-01") and names.index("TPR-01") < names.index("ACC-01")
    assert found["FAI-01"] == ["It decides about people"]
    assert "LLM-01" not in found and "LLM-01" in suggested_for(Use("generative", {}))


@pytest.mark.parametrize(
    ("evaluation", "check", "best"),
    [
        ("fairness", "selection_rate_ratio", "FAI-01"),
        ("fairness", "equalized_odds_difference", "FAI-02"),
        ("performance", "roc_auc", "ACC-01"),
        ("data_quality", "data.leak", "FIT-03"),
        ("data_quality", "data.anything", "DAT-01"),
        ("stability", "psi.age", "DAT-03"),
        ("calibration", "no_such_metric", "ACC-02"),
        ("custom", "mine.figure", ""),
    ],
)
def test_a_failed_check_points_at_the_risk_that_it_shows(evaluation: str, check: str, best: str) -> None:
    found = [risk.id for risk in risks_of_check(evaluation, check)]
    assert found[:1] == ([best] if best else [])
    assert len(found) == len(set(found))
