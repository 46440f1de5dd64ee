"""What a finding does to the answer of the gate: by severity, state and date."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.due_days import TIERS, days_for, default_days, problem_with
from policy.evidence import FindingFact
from policy.metrics import EVALUATIONS
from policy.pack import load_pack
from policy.parts import components
from policy.requirement import Requirement
from policy.verdict import judge
from policy.words import SEVERITIES
from tests.policy.builders import DEV, NOW, OLGA, PACK, VIKTOR, ask, result_of, signed, unmet, unsigned

TODAY = NOW.date()
CLOSED = Requirement("findings_closed", "findings_closed", "Findings closed", severities=SEVERITIES)
IN_TIME = replace(CLOSED, within_due=True)
HIGH = replace(CLOSED, severities=("high",))


def fact(**changes: Any) -> FindingFact:
    """A medium finding of Olga's, open for ten more days."""
    known: dict[str, Any] = {
        "id": 7,
        "severity": "medium",
        "title": "Overrides are not counted",
        "state": "open",
        "due_on": TODAY + timedelta(days=10),
        "owner": OLGA,
        "url": "/findings/7/",
    }
    return FindingFact(**(known | changes))


LATE = {"due_on": TODAY - timedelta(days=1)}
OVERRIDDEN = {
    "state": "overridden",
    "overridden_by": "Ada Okafor",
    "override_reason": "Bearable until spring.",
}
TABLE: list[tuple[str, Requirement, dict[str, Any] | None, str, str]] = [
    ("nothing found", CLOSED, None, "not_applicable", "No finding of any severity is open"),
    ("nothing high", HIGH, None, "not_applicable", "No finding of high severity"),
    ("open", CLOSED, {}, "unsatisfied", "is open and unanswered; it is due on 1 Dec"),
    ("milder than asked", HIGH, {}, "not_applicable", "No finding of high severity"),
    ("of the severity asked", HIGH, {"severity": "high"}, "unsatisfied", "(high)"),
    ("answered", CLOSED, {"state": "responded"}, "unsatisfied", "answered, not remediated"),
    ("rebutted", CLOSED, {"state": "responded", "rebutted": True}, "unsatisfied", "nobody has judged that"),
    ("remediated", CLOSED, {"state": "remediated"}, "unsatisfied", "remediated, not verified"),
    ("in time", IN_TIME, {}, "satisfied", "1 finding open, none overdue; next due on 1 Dec"),
    ("due today", IN_TIME, {"due_on": TODAY}, "satisfied", "next due on 21 Nov"),
    ("overdue", IN_TIME, LATE, "unsatisfied", "it was due on 20 Nov"),
    ("remediated too late", IN_TIME, {"state": "remediated"} | LATE, "unsatisfied", "it was due on 20 Nov"),
    ("overridden", CLOSED, OVERRIDDEN, "satisfied", "overridden by Ada Okafor: Bearable until spring."),
    ("overridden and late", IN_TIME, OVERRIDDEN | LATE, "satisfied", "overridden by Ada Okafor"),
]


@pytest.mark.parametrize(("case", "asked", "changes", "result", "said"), TABLE, ids=[row[0] for row in TABLE])
def test_a_finding_is_judged_by_severity_state_and_date(
    case: str, asked: Requirement, changes: dict[str, Any] | None, result: str, said: str
) -> None:
    facts = () if changes is None else (fact(**changes),)

    judged = ask(unsigned(findings=facts), asked)

    assert (judged.result, said in judged.reason) == (result, True), judged.reason


@pytest.mark.parametrize(
    ("changes", "who", "remedy"),
    [
        ({}, ("Olga Brandt (owner of F-7)",), "Olga Brandt answers F-7"),
        ({"state": "responded"}, ("Olga Brandt (owner of F-7)",), "Olga Brandt remediates F-7"),
        ({"state": "remediated"}, ("Viktor Sahl (validator)", "Ada Okafor (risk officer)"), "verifies"),
        ({"state": "remediated", "remediated_by": "viktor"}, ("Ada Okafor (risk officer)",), "verifies"),
        ({"state": "remediated", "owner": VIKTOR}, ("Ada Okafor (risk officer)",), "verifies"),
        (
            {"state": "responded", "rebutted": True},
            ("Viktor Sahl (validator)", "Ada Okafor (risk officer)"),
            "refuses the rebuttal",
        ),
    ],
)
def test_it_says_whose_turn_it_is_and_where(
    changes: dict[str, Any], who: tuple[str, ...], remedy: str
) -> None:
    judged = ask(unsigned(findings=(fact(**changes),)), CLOSED)

    assert (judged.who, judged.url) == (who, "/findings/7/")
    assert remedy in str(judged.remedy)


def test_several_are_told_worst_date_first_and_the_list_is_linked() -> None:
    facts = tuple(fact(id=number, due_on=TODAY + timedelta(days=9 - number)) for number in range(1, 6))

    judged = ask(unsigned(findings=facts, links={"findings_closed": "/findings/?model=m"}), CLOSED)

    assert judged.reason.startswith("F-5 ") and judged.reason.endswith("2 other findings likewise.")
    assert (judged.url, judged.detail["findings"]) == ("/findings/?model=m", [5, 4, 3, 2, 1])


def test_an_answer_holds_no_longer_than_the_first_date() -> None:
    evidence = replace(signed(), findings=(fact(severity="low", due_on=date(2026, 11, 23)),))
    parts = components(evidence, EVALUATIONS)
    evidence = replace(evidence, signoffs=tuple(replace(one, components=parts) for one in evidence.signoffs))

    now, later = (judge(PACK, evidence, "production", at) for at in (NOW, NOW + timedelta(days=3)))

    assert (now.decision, now.holds_until) == ("allow", datetime(2026, 11, 24, tzinfo=UTC))
    assert unmet(later) == ["findings_closed.in_time"]


def test_a_finding_that_was_raised_since_makes_a_signature_stale_and_an_answer_to_it_does_not() -> None:
    before = signed()
    parts = components(before, EVALUATIONS)
    assert "findings" not in parts

    raised = components(replace(before, findings=(fact(),)), EVALUATIONS)
    answered = components(replace(before, findings=(fact(state="remediated"),)), EVALUATIONS)
    overridden = components(replace(before, findings=(fact(**OVERRIDDEN),)), EVALUATIONS)
    stale = result_of(
        judge(PACK, replace(before, findings=(fact(),)), "production", NOW), "signoff.validator"
    )

    assert raised == answered != parts and overridden == parts
    assert stale.stale and "Since then the findings changed." in stale.reason


facts = st.builds(
    fact,
    id=st.integers(1, 9),
    severity=st.sampled_from(SEVERITIES),
    state=st.sampled_from(["open", "responded", "remediated", "overridden"]),
    due_on=st.integers(-30, 30).map(lambda days: TODAY + timedelta(days=days)),
    rebutted=st.booleans(),
    owner=st.sampled_from([OLGA, DEV, VIKTOR]),
)


@given(known=st.lists(facts, max_size=5), one=facts, environment=st.sampled_from(["staging", "production"]))
def test_one_more_finding_never_turns_deny_into_allow(
    known: list[FindingFact], one: FindingFact, environment: str
) -> None:
    fewer, more = (
        judge(PACK, replace(signed(), findings=tuple(found)), environment, NOW)
        for found in (known, [*known, one])
    )

    assert not (fewer.decision == "deny" and more.decision == "allow")


PACK_TEXT = """
name: small
version: 1
decision_valid_for: 1h
requirements:
- id: tier_confirmed
  kind: tier_confirmed
- id: findings_closed
  kind: findings_closed
environments:
""" + "".join(
    f"  {place}:\n" + "".join(f"    {tier}: [tier_confirmed, findings_closed]\n" for tier in reversed(TIERS))
    for place in ("development", "staging", "production")
)


def test_a_pack_asks_for_every_severity_unless_it_says_which() -> None:
    plain = load_pack(PACK_TEXT, source="small").requirements["findings_closed"]
    some = PACK_TEXT.replace(
        "kind: findings_closed", "kind: findings_closed\n  severities: [high, low]\n  within_due: true"
    )
    asked = load_pack(some, source="small").requirements["findings_closed"]

    assert (plain.severities, plain.within_due) == (SEVERITIES, False)
    assert (asked.severities, asked.within_due) == (("high", "low"), True)


def test_the_days_by_severity_and_tier() -> None:
    days = default_days()

    table = [[days_for(days, severity, tier) for tier in TIERS] for severity in SEVERITIES]

    assert table == [[30, 60, 90, 90], [90, 120, 180, 180], [180, 270, 365, 365]]
    assert [days_for(days, "high", tier) for tier in ("prohibited", "")] == [30, 30]
    assert problem_with(days) == ""


@pytest.mark.parametrize(
    ("severity", "tier", "count", "said"),
    [
        ("high", "critical", 0, "Days run from 1"),
        ("high", "low", 4000, "Days run from 1"),
        ("high", "critical", 61, "tier critical than at tier high"),
        ("medium", "low", 400, "a medium finding may not stand longer than a low one"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(severity: str, tier: str, count: int, said: str) -> None:
    days = {name: dict(row) for name, row in default_days().items()}
    days[severity][tier] = count

    assert said in problem_with(days)


def test_a_table_with_a_gap_is_refused() -> None:
    assert "Each severity needs its days" in problem_with({"high": {}, "medium": {}, "low": {}})
