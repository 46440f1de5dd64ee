"""Signing for another, stepping back, and counting people: nobody signs through another or twice."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence import Evidence, Person, SignOffFact
from policy.independence import newest_decisions
from policy.verdict import judge
from tests.policy.builders import (
    ADA,
    CARL,
    HOLDERS,
    NOW,
    OLGA,
    PACK,
    VERA,
    VIKTOR,
    ask,
    sign,
    signed,
    unsigned,
    with_signoffs,
)

OFFICER = PACK.requirements["signoff.risk_officer"]
TWO = replace(OFFICER, count=2)


def for_ada(by: Person, **changes: Any) -> SignOffFact:
    """A signature as risk officer in Ada's name."""
    return replace(
        sign(unsigned(), "risk_officer", by=by), acting_for="ada", acting_for_name="Ada Okafor", **changes
    )


def judged(*facts: SignOffFact, **changes: Any) -> Any:
    return ask(with_signoffs(unsigned(**changes), *facts), OFFICER)


def holding(**roles: tuple[Person, ...]) -> dict[str, Any]:
    return {"holders": {**HOLDERS, **roles}}


DEPUTIES: list[tuple[str, Evidence, str, str]] = [
    (
        "compliance for risk",
        with_signoffs(unsigned(), for_ada(CARL)),
        "satisfied",
        "Carl Brandt, for Ada Okafor,",
    ),
    (
        "a validator",
        with_signoffs(unsigned(), for_ada(VIKTOR)),
        "unsatisfied",
        "may stand in for a risk officer",
    ),
    (
        "the holder lost the role",
        with_signoffs(unsigned(**holding(risk_officer=())), for_ada(CARL)),
        "unsatisfied",
        "Ada Okafor does not hold the role risk officer.",
    ),
    (
        "the holder is involved",
        with_signoffs(unsigned(involved={"ada": ("owns the training data",)}), for_ada(CARL)),
        "unsatisfied",
        "Ada Okafor owns the training data.",
    ),
    (
        "the deputy is involved",
        with_signoffs(unsigned(involved={"carl": ("develops this model",)}), for_ada(CARL)),
        "unsatisfied",
        "Carl Brandt develops this model.",
    ),
    (
        "the holder is recused",
        with_signoffs(unsigned(recused={"ada": "My sister built it."}), for_ada(CARL)),
        "unsatisfied",
        "Ada Okafor is recused from this review: My sister built it.",
    ),
]


@pytest.mark.parametrize(("case", "evidence", "result", "reason"), DEPUTIES, ids=[row[0] for row in DEPUTIES])
def test_a_deputy_counts_only_where_both_could_sign(
    case: str, evidence: Evidence, result: str, reason: str
) -> None:
    found = ask(evidence, OFFICER)
    assert found.result == result and reason in found.reason


def test_who_signs_through_a_deputy_has_signed_and_takes_no_second_role() -> None:
    evidence = unsigned(**holding(validator=(ADA,)))
    both = with_signoffs(evidence, for_ada(CARL), sign(evidence, "validator", by=ADA))
    assert "already signed as risk officer" in ask(both, PACK.requirements["signoff.validator"]).reason


def test_the_deputy_takes_no_second_role_either() -> None:
    evidence = with_signoffs(unsigned(), for_ada(CARL))
    late = with_signoffs(evidence, sign(evidence, "compliance_officer"))
    assert (
        "already signed as risk officer" in ask(late, PACK.requirements["signoff.compliance_officer"]).reason
    )


def test_the_holders_own_word_replaces_that_of_the_deputy() -> None:
    facts = with_signoffs(unsigned(), for_ada(CARL), sign(unsigned(), "risk_officer", "request_changes"))
    assert [fact.signer for fact in newest_decisions(facts.signoffs)] == ["ada"]
    assert ask(facts, OFFICER).result == "unsatisfied"


@pytest.mark.parametrize(
    ("facts", "signed_by"),
    [
        ([for_ada(CARL), sign(unsigned(), "risk_officer")], 1),  # both are Ada's word
        ([for_ada(CARL), sign(unsigned(), "risk_officer", by=CARL)], 1),  # both are Carl's hand
        ([for_ada(CARL), sign(unsigned(), "risk_officer", by=VERA)], 2),
    ],
)
def test_a_quorum_counts_people_and_says_how_far_it_is(facts: list[SignOffFact], signed_by: int) -> None:
    evidence = with_signoffs(unsigned(**holding(risk_officer=(ADA, CARL, VERA))), *facts)
    found = ask(evidence, TWO)
    assert found.detail["signed"] == signed_by and found.detail["asked"] == 2
    assert found.result == ("satisfied" if signed_by == 2 else "unsatisfied")


def test_recusal_takes_a_signature_back_and_leaves_a_veto() -> None:
    approved = judged(sign(unsigned(), "risk_officer"), recused={"ada": "A conflict of interest"})
    assert approved.result == "unsatisfied" and "is recused from this review" in approved.reason
    vetoed = judged(sign(unsigned(), "risk_officer", "reject"), recused={"ada": "A conflict of interest"})
    assert "rejected" in vetoed.reason


def test_recusal_holds_where_independence_is_given_up() -> None:
    evidence = with_signoffs(unsigned(recused={"ada": "A conflict"}), sign(unsigned(), "risk_officer"))
    assert ask(evidence, replace(OFFICER, independence=False)).result == "unsatisfied"


@given(
    who=st.sampled_from(["viktor", "ada", "carl", "olga"]),
    tier=st.sampled_from(["low", "moderate", "high", "critical"]),
)
def test_stepping_back_never_turns_deny_into_allow(who: str, tier: str) -> None:
    before = signed(tier)
    after = replace(before, recused={who: "A conflict of interest"})
    allowed = judge(PACK, before, "production", NOW).decision == "allow"
    assert allowed or judge(PACK, after, "production", NOW).decision == "deny"
    unfit = with_signoffs(unsigned(tier), for_ada(OLGA))
    assert judge(PACK, unfit, "production", NOW).decision == "deny"
