"""When a break-glass opens the gate, and what it never opens."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.evidence import BreakGlassFact, Evidence, Person
from policy.verdict import judge
from tests.policy.builders import DEV, NOW, PACK, sign, signed, unmet, with_signoffs
from tests.policy.exceptions import (
    BY_ADA,
    BY_CARL,
    BY_ETTA,
    EXPLAINABILITY,
    a_waiver,
    an_emergency,
    unexplained,
)
from tests.policy.test_policy_properties import environments, spoiled

HOUR = timedelta(hours=1)


def opened(evidence: Evidence, *facts: BreakGlassFact) -> Evidence:
    return replace(evidence, break_glass=facts or (an_emergency(),))


def test_it_opens_the_gate_and_keeps_what_is_not_met() -> None:
    verdict = judge(PACK, opened(unexplained()), "production", NOW)
    assert (verdict.decision, verdict.basis) == ("allow", "break_glass")
    assert unmet(verdict) == [EXPLAINABILITY]
    assert verdict.summary == (
        "Production answers allow by break-glass, against the policy, until 22 Nov 08:00 UTC. "
        "Ada Okafor (risk officer) and Carl Brandt (compliance officer) took responsibility: "
        "The batch of tonight pays the pensions. Not met: 1 of 9 holds it back (Outputs explained)."
    )
    assert [(used.kind, used.id) for used in verdict.exceptions] == [("break_glass", 3)]


def test_a_waiver_stays_loud_beside_it() -> None:
    evidence = replace(unexplained("high", a_waiver()), card=None)
    verdict = judge(PACK, opened(evidence), "production", NOW)
    assert (verdict.decision, verdict.basis) == ("allow", "break_glass")
    assert "card_complete" in unmet(verdict) and EXPLAINABILITY not in unmet(verdict)
    assert [(used.kind, used.id, used.url) for used in verdict.exceptions] == [
        ("break_glass", 3, "/break-glass/3/"),
        ("waiver", 4, "/waivers/4/"),
    ]


def test_where_the_policy_allows_it_changes_nothing() -> None:
    assert judge(PACK, opened(signed()), "production", NOW) == judge(PACK, signed(), "production", NOW)


def test_the_answer_ends_with_it() -> None:
    ending = an_emergency(ends_at=NOW + timedelta(minutes=20))
    verdict = judge(PACK, opened(unexplained(), ending), "production", NOW)
    assert verdict.valid_until == verdict.holds_until == NOW + timedelta(minutes=20)


SHUT: list[tuple[str, BreakGlassFact]] = [
    ("over by the clock", an_emergency(ends_at=NOW)),
    ("not begun", an_emergency(began_at=NOW + HOUR)),
    ("longer than the policy lets it be", an_emergency(began_at=NOW - 24 * HOUR)),
    ("one person", an_emergency(people=(BY_ADA,))),
    ("one person twice", an_emergency(people=(BY_ADA, replace(BY_ADA, role="compliance_officer")))),
    ("a role that the policy does not name", an_emergency(people=(BY_ADA, BY_ETTA))),
    ("somebody who lost the role", an_emergency(people=(BY_ADA, replace(BY_CARL, person="vera")))),
]


@pytest.mark.parametrize(("name", "fact"), SHUT, ids=[name for name, _ in SHUT])
def test_it_stays_shut(name: str, fact: BreakGlassFact) -> None:
    assert judge(PACK, opened(unexplained(), fact), "production", NOW).decision == "deny"


NEVER: list[tuple[str, Callable[[Evidence], Evidence]]] = [
    ("a prohibited use", lambda e: replace(e, tier=e.tier and replace(e.tier, tier="prohibited"))),
    ("an unconfirmed tier", lambda e: replace(e, tier=e.tier and replace(e.tier, confirmed_by=None))),
    (
        "a tier confirmed by its owner",
        lambda e: replace(e, tier=e.tier and replace(e.tier, confirmer="olga")),
    ),
    ("a changed use", lambda e: replace(e, tier=e.tier and replace(e.tier, use_changed=("purpose",)))),
    ("no tier", lambda e: replace(e, tier=None)),
    ("a suspended model", lambda e: replace(e, suspended="Stopped for drift")),
    ("a failed digest", lambda e: replace(e, artifact=e.artifact and replace(e.artifact, problem="Differs"))),
    ("no artifact", lambda e: replace(e, artifact=None)),
    ("a standing veto", lambda e: with_signoffs(e, sign(e, "ethics_committee", "reject"))),
    ("somebody recused among the two", lambda e: replace(e, recused={"carl": "His sister built it."})),
    ("a developer among the two", lambda e: replace(e, involved={"carl": ("develops this model",)})),
]


@pytest.mark.parametrize(("name", "spoil"), NEVER, ids=[name for name, _ in NEVER])
def test_it_never_opens(name: str, spoil: Callable[[Evidence], Evidence]) -> None:
    assert judge(PACK, opened(spoil(unexplained())), "production", NOW).decision == "deny"


def test_without_the_key_or_the_environment_it_does_not_exist() -> None:
    assert judge(replace(PACK, break_glass=None), opened(unexplained()), "production", NOW).decision == "deny"
    assert judge(None, opened(unexplained()), "production", NOW).decision == "deny"
    assert judge(PACK, opened(unexplained()), "moon", NOW).decision == "deny"


@st.composite
def emergencies(draw: Any) -> BreakGlassFact:
    """One that may be live, over, or not by two people."""
    return an_emergency(
        people=draw(st.sampled_from([(BY_ADA, BY_CARL), (BY_ADA,), (BY_ADA, BY_ETTA)])),
        began_at=NOW - draw(st.integers(-2, 30)) * HOUR,
        ends_at=NOW + draw(st.integers(-2, 80)) * HOUR,
    )


@settings(max_examples=120)
@given(spoiled(), environments, emergencies())
def test_it_is_never_silent_and_never_lets_what_must_not_run_run(
    evidence: Evidence, environment: str, fact: BreakGlassFact
) -> None:
    plain, verdict = (
        judge(PACK, evidence, environment, NOW),
        judge(PACK, opened(evidence, fact), environment, NOW),
    )
    assert verdict.requirements == plain.requirements
    if verdict.decision == plain.decision:
        assert verdict == plain
    else:
        assert (verdict.decision, verdict.basis) == ("allow", "break_glass")
        assert "against the policy" in verdict.summary
        assert evidence.tier is not None and evidence.tier.tier != "prohibited" and evidence.suspended is None
        assert not any(one.decision == "reject" and not one.withdrawn for one in evidence.signoffs)
        assert NOW < verdict.valid_until <= fact.began_at + timedelta(hours=24)


def test_the_team_is_not_authorised() -> None:
    by_dev = replace(BY_CARL, person=DEV.username)
    holders = {"compliance_officer": (Person(DEV.username, DEV.name),)}
    evidence = unexplained()
    evidence = replace(evidence, holders={**evidence.holders, **holders})
    fact = an_emergency(people=(BY_ADA, by_dev))
    assert judge(PACK, opened(evidence, fact), "production", NOW).decision == "deny"
