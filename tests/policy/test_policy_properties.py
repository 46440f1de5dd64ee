"""What holds for every verdict, whatever the evidence."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy.evidence import Evidence, Metric, TierFact
from policy.metrics import EVALUATIONS
from policy.pack import ENVIRONMENTS
from policy.parts import components
from policy.verdict import judge
from tests.policy.builders import (
    ADA,
    METRICS,
    NOW,
    PACK,
    SIGNERS,
    VERA,
    condition,
    run,
    sign,
    signed,
    unsigned,
    with_signoffs,
)

DAY = timedelta(days=1)
decisions = st.sampled_from(
    ["approve", "approve", "approve", "approve_with_conditions", "request_changes", "reject"]
)
environments = st.sampled_from(ENVIRONMENTS)


@st.composite
def spoiled(draw: Any) -> Evidence:
    """A version of any tier that lacks, breaks or outlived some of what is asked, or nothing."""
    tier = draw(st.sampled_from(["low", "moderate", "high", "critical", "prohibited"]))
    confirmed = draw(st.sampled_from(["Ada Okafor", "Ada Okafor", "Ada Okafor", None]))
    evidence = unsigned(
        tier,
        tier=draw(st.sampled_from([TierFact(tier, f"sha256:tier-{tier}", confirmed, NOW, 1)] * 5 + [None])),
        model_kind=draw(
            st.sampled_from(["binary_classification"] * 4 + ["regression", "multiclass_classification"])
        ),
        suspended=draw(st.sampled_from([None] * 6 + ["Stopped for drift"])),
    )
    evidence = draw(
        st.sampled_from([evidence] * 5 + [replace(evidence, card=None), replace(evidence, artifact=None)])
    )
    runs = tuple(
        run(kind, number, finished_at=NOW - draw(st.sampled_from([1, 1, 1, 400])) * DAY)
        for number, kind in enumerate(METRICS, 1)
        if draw(st.sampled_from([True, True, True, False]))
    )
    if draw(st.sampled_from([False, False, False, True])):
        runs += (run("performance", 9, finished_at=NOW, metrics={"roc_auc": Metric(0.5, 0.4)}),)
    evidence = replace(evidence, evaluations=runs)
    facts = [
        sign(
            evidence,
            role,
            draw(decisions),
            by=draw(st.sampled_from([person] * 5 + [VERA])),
            withdrawn=draw(st.sampled_from([False] * 6 + [True])),
            expires_at=draw(st.sampled_from([None, None, NOW + DAY, NOW - DAY])),
            conditions=(condition(draw(st.integers(-2, 5)), draw(st.booleans())),),
        )
        for role, person in SIGNERS.items()
        if draw(st.sampled_from([True, True, True, False]))
    ]
    return with_signoffs(evidence, *facts)


def without_run(kind: str) -> Callable[[Evidence], Evidence]:
    """Remove every run of a kind."""
    return lambda e: replace(e, evaluations=tuple(fact for fact in e.evaluations if fact.kind != kind))


def without_role(role: str) -> Callable[[Evidence], Evidence]:
    """Remove every approval of a role; objections stay."""
    keep = ("reject", "request_changes")
    return lambda e: replace(
        e, signoffs=tuple(fact for fact in e.signoffs if fact.role != role or fact.decision in keep)
    )


REMOVALS: list[Callable[[Evidence], Evidence]] = [
    lambda e: replace(e, artifact=None),
    lambda e: replace(e, artifact=e.artifact and replace(e.artifact, verified_at=None)),
    lambda e: replace(e, card=None),
    lambda e: replace(e, tier=None),
    lambda e: replace(e, tier=e.tier and replace(e.tier, confirmed_by=None)),
    lambda e: replace(e, evaluations=()),
    lambda e: replace(e, holders={}),
    *(without_run(kind) for kind in METRICS),
    *(without_role(role) for role in SIGNERS),
]


@settings(max_examples=300)
@given(spoiled(), environments, st.sampled_from(REMOVALS))
def test_removing_evidence_never_turns_a_denial_into_an_allow(
    evidence: Evidence, environment: str, remove: Callable[[Evidence], Evidence]
) -> None:
    if judge(PACK, evidence, environment, NOW).decision == "deny":
        assert judge(PACK, remove(evidence), environment, NOW).decision == "deny"


@given(spoiled(), environments, st.sampled_from(sorted(SIGNERS)))
def test_adding_a_veto_always_denies(evidence: Evidence, environment: str, role: str) -> None:
    vetoed = with_signoffs(evidence, sign(evidence, role, "reject"))
    assert judge(PACK, vetoed, environment, NOW).decision == "deny"


@given(
    st.sampled_from(["low", "moderate", "high", "critical"]), environments, st.sampled_from(sorted(SIGNERS))
)
def test_a_veto_denies_even_a_version_with_everything(tier: str, environment: str, role: str) -> None:
    evidence = signed(tier, environment)
    assert judge(PACK, evidence, environment, NOW).decision == "allow"
    assert (
        judge(PACK, with_signoffs(evidence, sign(evidence, role, "reject")), environment, NOW).decision
        == "deny"
    )


@settings(max_examples=300)
@given(spoiled(), environments)
def test_allow_means_that_something_was_asked_and_all_of_it_held(
    evidence: Evidence, environment: str
) -> None:
    verdict = judge(PACK, evidence, environment, NOW)
    results = [item.result for item in verdict.requirements]
    sound = "satisfied" in results and not {"unsatisfied", "error"} & set(results)
    assert (verdict.decision == "allow") == sound
    assert results, "a verdict without a single reason"
    if verdict.decision == "allow":
        assert evidence.tier is not None and evidence.tier.confirmed_by and evidence.tier.tier != "prohibited"
        assert {item.id for item in PACK.environments[environment][evidence.tier.tier]} <= {
            item.id for item in verdict.requirements
        }
        assert NOW < verdict.valid_until <= NOW + PACK.decision_valid_for


@given(spoiled(), environments)
def test_every_denial_says_why_and_what_to_do(evidence: Evidence, environment: str) -> None:
    verdict = judge(PACK, evidence, environment, NOW)
    ids = [item.id for item in verdict.requirements]
    assert len(ids) == len(set(ids))
    assert verdict.summary.startswith(environment.capitalize())
    for item in verdict.requirements:
        assert item.reason.endswith(".")
        assert not item.reason[0].islower()
        if item.result in ("unsatisfied", "error"):
            assert item.remedy


@given(spoiled(), environments)
def test_the_same_evidence_gives_the_same_verdict(evidence: Evidence, environment: str) -> None:
    shuffled = replace(
        evidence,
        evaluations=evidence.evaluations[::-1],
        signoffs=evidence.signoffs[::-1],
        running=evidence.running[::-1],
    )
    first, second = (judge(PACK, facts, environment, NOW) for facts in (evidence, shuffled))
    assert first.decision == second.decision
    assert {item.id: item.result for item in first.requirements} == {
        item.id: item.result for item in second.requirements
    }


@given(spoiled(), environments)
def test_an_involved_person_never_makes_a_difference_for_the_better(
    evidence: Evidence, environment: str
) -> None:
    tainted = replace(evidence, involved={**evidence.involved, ADA.username: ("develops this model",)})
    if judge(PACK, tainted, environment, NOW).decision == "allow":
        assert judge(PACK, evidence, environment, NOW).decision == "allow"


CHANGES: list[Callable[[Evidence], Evidence]] = [
    lambda e: replace(e, card=e.card and replace(e.card, digest="sha256:card-8")),
    lambda e: replace(e, artifact=e.artifact and replace(e.artifact, digest="sha256:" + "b" * 64)),
    lambda e: replace(e, tier=e.tier and replace(e.tier, digest="sha256:tier-anew")),
    lambda e: replace(e, evaluations=(*e.evaluations, run("performance", 21, finished_at=NOW))),
    lambda e: replace(e, evaluations=(*e.evaluations, run("fairness", 22, finished_at=NOW))),
    lambda e: replace(e, evaluations=(*e.evaluations, run("explainability", 23, finished_at=NOW))),
]
"""Whatever a signature is bound to, changed after it was given."""


@given(spoiled(), environments, st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3))
def test_a_stale_sign_off_never_counts(
    evidence: Evidence, environment: str, since: list[Callable[[Evidence], Evidence]]
) -> None:
    changed = evidence
    for change in since:
        changed = change(changed)
    assume(components(changed, EVALUATIONS) != components(evidence, EVALUATIONS))

    verdict = judge(PACK, changed, environment, NOW)

    assert [
        item.id for item in verdict.requirements if item.kind == "signoff" and item.result == "satisfied"
    ] == []


@given(spoiled(), environments, st.data())
def test_any_order_of_events_gives_the_same_verdict(
    evidence: Evidence, environment: str, data: st.DataObject
) -> None:
    first = judge(PACK, evidence, environment, NOW)
    shuffled = replace(
        evidence,
        evaluations=tuple(data.draw(st.permutations(evidence.evaluations))),
        signoffs=tuple(data.draw(st.permutations(evidence.signoffs))),
    )
    assert judge(PACK, shuffled, environment, NOW) == first


@given(spoiled(), environments, st.sampled_from(["Ada Okafor", None]), st.booleans())
def test_a_prohibited_tier_is_never_allowed(
    evidence: Evidence, environment: str, confirmed: str | None, anew: bool
) -> None:
    """Whatever else is there, also when everybody signed for exactly this."""
    tier = TierFact("prohibited", "sha256:tier-prohibited", confirmed, NOW, 1)
    prohibited = replace(evidence, tier=tier)
    if anew:
        prohibited = with_signoffs(
            replace(prohibited, signoffs=()), *(sign(prohibited, role) for role in SIGNERS)
        )
    assert judge(PACK, prohibited, environment, NOW).decision == "deny"


@given(spoiled(), environments)
def test_a_use_that_changed_since_its_tier_was_confirmed_is_never_allowed(
    evidence: Evidence, environment: str
) -> None:
    changed = replace(evidence, tier=evidence.tier and replace(evidence.tier, use_changed=("purpose",)))
    assert judge(PACK, changed, environment, NOW).decision == "deny"
