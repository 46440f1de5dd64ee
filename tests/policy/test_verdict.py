"""What the gate answers: fails closed, stops for vetoes, and says how long the answer holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policy.evidence import Evidence, TierFact
from policy.pack import Pack, Requirement
from policy.verdict import judge
from tests.policy.builders import (
    NOW,
    PACK,
    YESTERDAY,
    condition,
    pack_of,
    result_of,
    run,
    sign,
    signed,
    unmet,
    unsigned,
    with_signoffs,
)

TIERS = ("low", "moderate", "high", "critical")


def test_a_high_tier_version_with_everything_is_allowed() -> None:
    verdict = judge(PACK, signed(), "production", NOW)
    assert (verdict.decision, verdict.basis, verdict.tier) == ("allow", "policy", "high")
    assert verdict.environment == "production"
    assert verdict.summary == "Production answers allow: 9 requirements met."
    assert [(item.id, item.result) for item in verdict.requirements] == [
        ("tier_confirmed", "satisfied"),
        ("artifact_verified", "satisfied"),
        ("card_complete", "satisfied"),
        ("evaluation.performance", "satisfied"),
        ("evaluation.fairness", "satisfied"),
        ("evaluation.explainability", "satisfied"),
        ("conditions_met", "not_applicable"),
        ("findings_closed.high", "not_applicable"),
        ("findings_closed.in_time", "not_applicable"),
        ("risks_treated", "satisfied"),
        ("signoff.validator", "satisfied"),
        ("signoff.risk_officer", "satisfied"),
    ]


def test_without_signatures_it_is_denied_and_says_who_signs() -> None:
    verdict = judge(PACK, unsigned(), "production", NOW)
    assert verdict.decision == "deny"
    assert verdict.summary == (
        "Production answers deny: 2 of 9 hold it back (Validator signs and Risk officer signs)."
    )
    missing = result_of(verdict, "signoff.risk_officer")
    assert missing.reason == "No risk officer has signed."
    assert missing.remedy == "A risk officer reviews the evidence and signs."
    assert missing.who == ("Ada Okafor (risk officer)",)
    assert missing.url == "/reviews/5/"


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
@pytest.mark.parametrize("tier", TIERS)
def test_each_tier_passes_each_environment_with_what_is_asked(tier: str, environment: str) -> None:
    assert judge(PACK, signed(tier, environment), environment, NOW).decision == "allow"


@pytest.mark.parametrize("tier", TIERS)
def test_each_tier_needs_each_of_its_signatures_in_production(tier: str) -> None:
    evidence = signed(tier)
    for fact in evidence.signoffs:
        without = replace(evidence, signoffs=tuple(item for item in evidence.signoffs if item != fact))
        assert unmet(judge(PACK, without, "production", NOW)) == [f"signoff.{fact.role}"]


PROPOSED = TierFact("high", "sha256:t", None, None, 1)

CLOSED: list[tuple[str, Pack | None, dict[str, Any], str, str, str, str]] = [
    ("no pack", None, {}, "production", "policy", "error", "No policy is in force."),
    ("unknown environment", PACK, {}, "mars", "environment", "error",
     'The policy knows no environment "mars".'),
    ("nameless environment", PACK, {}, "", "environment", "error", 'The policy knows no environment "".'),
    ("no tier", PACK, {"tier": None}, "production", "tier_confirmed", "unsatisfied",
     "No tier is proposed yet."),
    ("no tier in development", PACK, {"tier": None}, "development", "tier_confirmed", "unsatisfied",
     "No tier"),
    ("tier only proposed", PACK, {"tier": PROPOSED}, "production", "tier_confirmed", "unsatisfied",
     "The answers propose high. Nobody confirmed it yet."),
    ("proposed where the list does not ask", PACK, {"tier": PROPOSED}, "development", "tier_confirmed",
     "unsatisfied", "Nobody confirmed it yet."),
    ("prohibited", PACK, {"tier": replace(PROPOSED, tier="prohibited", confirmed_by="Ada Okafor")},
     "production",
     "prohibited", "unsatisfied", "This use is prohibited. It can never be approved or waived."),
    ("prohibited in development", PACK, {"tier": replace(PROPOSED, tier="prohibited",
     confirmed_by="Ada Okafor")},
     "development", "prohibited", "unsatisfied", "This use is prohibited."),
    ("proposed prohibited", PACK, {"tier": replace(PROPOSED, tier="prohibited")}, "development", "prohibited",
     "unsatisfied", "as proposed by the answers"),
    ("unknown tier", PACK, {"tier": replace(PROPOSED, tier="huge", confirmed_by="Ada")}, "production",
     "policy",
     "error", 'asks nothing of the tier "huge" in production; emptiness never passes.'),
    ("empty list", pack_of(), {}, "production", "policy", "error", "emptiness never passes"),
    ("suspended", PACK, {"suspended": "Credit default is suspended: drift"}, "production", "suspension",
     "unsatisfied", "Credit default is suspended: drift."),
    ("suspended without words", PACK, {"suspended": ""}, "development", "suspension", "unsatisfied",
     "suspended"),
    ("unknown kind", pack_of(Requirement("x", "soak", "Soak")), {}, "production", "x", "error",
     "cannot judge"),
    ("nothing applies", pack_of(PACK.requirements["evaluation.fairness"]), {"model_kind": "regression"},
     "production",
     "policy", "unsatisfied", "Nothing that the policy asks applies to this version"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pack", "changes", "environment", "name", "result", "reason"),
    [case[1:] for case in CLOSED],
    ids=[case[0] for case in CLOSED],
)
def test_the_gate_fails_closed(
    pack: Pack | None, changes: dict[str, Any], environment: str, name: str, result: str, reason: str
) -> None:
    verdict = judge(pack, replace(signed(), **changes), environment, NOW)
    assert verdict.decision == "deny"
    found = result_of(verdict, name)
    assert found.result == result
    assert reason in found.reason
    assert found.remedy
    assert [item.id for item in verdict.requirements].count(name) == 1


def test_a_proposed_tier_shows_what_will_be_asked() -> None:
    verdict = judge(PACK, replace(unsigned(), tier=PROPOSED), "production", NOW)
    assert [item.id for item in verdict.requirements] == [
        item.id for item in PACK.environments["production"]["high"]
    ]
    assert result_of(verdict, "tier_confirmed").who == ("Ada Okafor (risk officer)",)


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        judge(PACK, signed(), "production", datetime(2026, 11, 21))


def test_a_veto_stops_even_where_no_signature_is_asked() -> None:
    evidence = signed("high", "development")
    vetoed = with_signoffs(evidence, sign(evidence, "ethics_committee", "reject"))
    verdict = judge(PACK, vetoed, "development", NOW)
    assert unmet(verdict) == ["veto.ethics_committee"]
    found = result_of(verdict, "veto.ethics_committee")
    assert found.reason == "Etta Lund rejected on 20 Nov. A rejection stands until its role withdraws it."
    assert found.who == ("Etta Lund (ethics committee member)",)


def test_a_veto_is_told_once_by_the_requirement_of_its_role() -> None:
    evidence = signed()
    vetoed = with_signoffs(evidence, sign(evidence, "risk_officer", "reject"))
    assert unmet(judge(PACK, vetoed, "production", NOW)) == ["signoff.risk_officer"]


@pytest.mark.parametrize("pack", [PACK, None])
def test_a_veto_is_told_even_where_no_list_applies(pack: Pack | None) -> None:
    vetoed = with_signoffs(unsigned(), sign(unsigned(), "validator", "reject"))
    verdict = judge(pack, replace(vetoed, tier=None), "production", NOW)
    assert unmet(verdict) == ["veto.validator", "policy" if pack is None else "tier_confirmed"]


def conditional(days: int) -> Evidence:
    """High tier, the validator's approval with one condition due some days from now."""
    evidence = unsigned()
    approval = sign(evidence, "validator", "approve_with_conditions", conditions=(condition(days),))
    return with_signoffs(evidence, approval, sign(evidence, "risk_officer"))


def near_expiry(hours: float) -> Evidence:
    """High tier, one approval that expires soon."""
    evidence = unsigned()
    expiring = sign(evidence, "validator", expires_at=NOW + timedelta(hours=hours))
    return with_signoffs(evidence, expiring, sign(evidence, "risk_officer"))


def aging(minutes: int) -> Evidence:
    """High tier, one run that is a year old in some minutes."""
    old = NOW - timedelta(days=365) + timedelta(minutes=minutes)
    runs = (run("performance", 1, finished_at=old), *unsigned().evaluations[1:])
    evidence = replace(unsigned(), evaluations=runs)
    return with_signoffs(evidence, sign(evidence, "validator"), sign(evidence, "risk_officer"))


@pytest.mark.parametrize(
    ("evidence", "now", "until"),
    [
        (signed(), NOW, NOW + timedelta(hours=1)),
        (near_expiry(0.5), NOW, NOW + timedelta(minutes=30)),
        (near_expiry(5), NOW, NOW + timedelta(hours=1)),
        (aging(20), NOW, NOW + timedelta(minutes=20)),
        (conditional(0), NOW.replace(hour=23, minute=30), datetime(2026, 11, 22, tzinfo=UTC)),
    ],
    ids=["pack", "sign-off expires", "later than the pack", "run ages", "condition falls due"],
)
def test_an_allow_never_outlives_what_it_stands_on(
    evidence: Evidence, now: datetime, until: datetime
) -> None:
    verdict = judge(PACK, evidence, "production", now)
    assert verdict.decision == "allow"
    assert verdict.valid_until == until
    assert judge(PACK, evidence, "production", until - timedelta(seconds=1)).decision == "allow"


@pytest.mark.parametrize("evidence", [near_expiry(0.5), aging(20)], ids=["sign-off", "run"])
def test_at_the_end_of_its_validity_the_same_evidence_is_denied(evidence: Evidence) -> None:
    until = judge(PACK, evidence, "production", NOW).valid_until
    assert judge(PACK, evidence, "production", until).decision == "deny"


def test_without_a_policy_the_answer_is_already_over() -> None:
    assert judge(None, signed(), "production", NOW).valid_until == NOW


def test_the_verdict_holds_only_for_the_evidence_of_its_moment() -> None:
    evidence = signed()
    later = replace(
        evidence,
        evaluations=(*evidence.evaluations, run("fairness", 9, finished_at=YESTERDAY + timedelta(hours=1))),
    )
    assert unmet(judge(PACK, later, "production", NOW)) == ["signoff.validator", "signoff.risk_officer"]
    assert judge(PACK, evidence, "production", NOW).decision == "allow"
