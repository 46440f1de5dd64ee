"""When a waiver counts, what it can never do, and what a pack may say about waivers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.evidence import Evidence, Metric, WaiverFact
from policy.pack import DEFAULT, PackError, load_pack
from policy.verdict import Verdict, judge
from policy.waivers import NEVER, why_not_waivable
from tests.policy.builders import (
    DEV,
    NOW,
    PACK,
    YESTERDAY,
    ask,
    pack_of,
    result_of,
    run,
    sign,
    unmet,
    with_signoffs,
)
from tests.policy.exceptions import BY_ADA, BY_CARL, EXPLAINABILITY, a_waiver, unexplained
from tests.policy.test_policy_properties import environments, spoiled

DAY = timedelta(days=1)


def judged(evidence: Evidence) -> Verdict:
    return judge(PACK, evidence, "production", NOW)


def test_a_waiver_lets_the_version_run_and_says_who_why_and_until_when() -> None:
    assert unmet(judged(unexplained())) == [EXPLAINABILITY]
    verdict = judged(unexplained("high", a_waiver()))
    result = result_of(verdict, EXPLAINABILITY)
    assert (verdict.decision, verdict.basis, result.result) == ("allow", "waiver", "waived")
    assert result.reason == (
        "Waived until 30 Nov by Ada Okafor (risk officer) and Carl Brandt (compliance officer): "
        "The vendor keeps the model to itself. Instead: A senior underwriter decides each case. "
        "Without the waiver: Explainability was never measured on test data."
    )
    assert result.remedy == "Before 30 Nov: Run the explainability evaluation on test data."
    assert (result.url, result.evidence[0]) == ("/waivers/4/", "waiver 4")
    assert verdict.summary.endswith("waived: Outputs explained.")
    assert [(used.kind, used.id) for used in verdict.exceptions] == [("waiver", 4)]


def test_the_answer_never_outlives_the_waiver() -> None:
    last = a_waiver(last_day=NOW.date())
    late = NOW.replace(hour=23, minute=30)
    verdict = judge(PACK, unexplained("high", last), "production", late)
    midnight = (NOW + DAY).replace(hour=0)
    assert verdict.valid_until == verdict.holds_until == midnight
    assert judge(PACK, unexplained("high", last), "production", midnight).decision == "deny"


REFUSED: list[tuple[str, WaiverFact, str]] = [
    ("ended yesterday", a_waiver(last_day=date(2026, 11, 20)), "Its waiver ended on 20 Nov."),
    ("of another requirement", a_waiver(requirement="evaluation.fairness"), ""),
    ("one role missing", a_waiver(approvals=(BY_ADA,)), "lacks an approval as compliance officer"),
    (
        "one person, two roles",
        a_waiver(approvals=(BY_ADA, replace(BY_CARL, person="ada"))),
        "lacks an approval as compliance officer",
    ),
    ("asked for by an approver", a_waiver(requester="carl"), "lacks an approval as compliance officer"),
    (
        "approved by a developer",
        a_waiver(approvals=(BY_ADA, replace(BY_CARL, person=DEV.username))),
        "lacks an approval as compliance officer",
    ),
    (
        "older than the policy lets it be",
        a_waiver(granted_at=NOW - 100 * DAY, last_day=date(2027, 11, 1)),
        "Its waiver ended on 11 Nov.",
    ),
    ("granted tomorrow", a_waiver(granted_at=NOW + DAY), "does not count yet"),
]


@pytest.mark.parametrize(("name", "waiver", "said"), REFUSED, ids=[name for name, *_ in REFUSED])
def test_a_waiver_that_does_not_count_denies(name: str, waiver: WaiverFact, said: str) -> None:
    verdict = judged(unexplained("high", waiver))
    assert (verdict.decision, verdict.basis) == ("deny", "policy")
    assert said in result_of(verdict, EXPLAINABILITY).reason


def test_an_approval_counts_only_while_its_giver_holds_the_role() -> None:
    evidence = unexplained("high", a_waiver())
    without = {
        role: () if role == "compliance_officer" else people for role, people in evidence.holders.items()
    }
    assert judged(replace(evidence, holders=without)).decision == "deny"


def test_an_approval_of_somebody_who_stepped_back_does_not_count() -> None:
    found = judged(unexplained("high", a_waiver(), recused={"carl": "His sister built it."}))
    assert "lacks an approval as compliance officer" in result_of(found, EXPLAINABILITY).reason
    assert found.decision == "deny"


def test_a_raised_tier_asks_for_more_approvals() -> None:
    assert unmet(judged(unexplained("critical", a_waiver()))) == [EXPLAINABILITY]


def test_what_could_not_be_judged_is_never_waived() -> None:
    silent = replace(
        unexplained("high", a_waiver()),
        evaluations=(run("explainability", 9, metrics={"explained_rows": Metric(None)}),),
    )
    assert result_of(judged(silent), EXPLAINABILITY).result == "error"


def test_waivers_alone_never_make_an_allow() -> None:
    requirement = PACK.requirements[EXPLAINABILITY]
    assert ask(unexplained("high", a_waiver()), requirement).result == "waived"
    verdict = judge(pack_of(requirement), unexplained("high", a_waiver()), "production", NOW)
    assert verdict.decision == "deny"
    assert "Everything that the policy asks is waived" in verdict.requirements[0].reason


def with_tier(**changes: Any) -> Callable[[Evidence], Evidence]:
    return lambda e: replace(e, tier=e.tier and replace(e.tier, **changes))


def with_artifact(**changes: Any) -> Callable[[Evidence], Evidence]:
    return lambda e: replace(e, artifact=e.artifact and replace(e.artifact, **changes))


def with_word(role: str, decision: str) -> Callable[[Evidence], Evidence]:
    return lambda e: with_signoffs(e, sign(e, role, decision))


NOBODY_WAIVES: list[tuple[str, Callable[[Evidence], Evidence], str]] = [
    ("an unconfirmed tier", with_tier(confirmed_by=None), "tier_confirmed"),
    ("unverified files", with_artifact(verified_at=None), "artifact_verified"),
    ("a suspension", lambda e: replace(e, suspended="Stopped for drift"), "suspension"),
    ("a veto", with_word("validator", "reject"), "signoff.validator"),
    ("a veto that was not asked", with_word("ethics_committee", "reject"), "veto.ethics_committee"),
    ("a request for changes", with_word("validator", "request_changes"), "signoff.validator"),
    ("a prohibited use", with_tier(tier="prohibited"), "prohibited"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "spoil", "requirement"), NOBODY_WAIVES, ids=[row[0] for row in NOBODY_WAIVES]
)
def test_nobody_waives(name: str, spoil: Callable[[Evidence], Evidence], requirement: str) -> None:
    lenient = replace(PACK, waivers=PACK.waivers and replace(PACK.waivers, never=()))
    evidence = spoil(unexplained("high", a_waiver(), a_waiver(id=5, requirement=requirement)))
    verdict = judge(lenient, evidence, "production", NOW)
    assert requirement in unmet(verdict)
    tier = verdict.tier or ""
    assert why_not_waivable(lenient.waivers, tier, result_of(verdict, requirement))


def test_a_missing_signature_is_waived_where_the_policy_does_not_forbid_it() -> None:
    unsigned = unexplained("high", a_waiver(requirement="signoff.validator"))
    unsigned = replace(unsigned, signoffs=tuple(f for f in unsigned.signoffs if f.role != "validator"))
    assert result_of(judged(unsigned), "signoff.validator").result == "unsatisfied"
    lenient = replace(PACK, waivers=PACK.waivers and replace(PACK.waivers, never=()))
    assert result_of(judge(lenient, unsigned, "production", NOW), "signoff.validator").result == "waived"


@st.composite
def waivers(draw: Any) -> WaiverFact:
    """A waiver of anything, sound or not."""
    names = [*PACK.requirements, "suspension", "prohibited", "policy", "veto.ethics_committee"]
    return a_waiver(
        id=draw(st.integers(1, 9)),
        requirement=draw(st.sampled_from(names)),
        approvals=draw(st.sampled_from([(BY_ADA, BY_CARL), (BY_ADA,), ()])),
        requester=draw(st.sampled_from(["olga", "carl"])),
        granted_at=draw(st.sampled_from([YESTERDAY, NOW - 100 * DAY])),
        last_day=NOW.date() + draw(st.integers(-3, 20)) * DAY,
    )


LENIENT = replace(PACK, waivers=PACK.waivers and replace(PACK.waivers, never=()))


@settings(max_examples=120)
@given(spoiled(), environments, st.lists(waivers(), min_size=1, max_size=4))
def test_taking_a_waiver_away_never_turns_a_denial_into_an_allow(
    evidence: Evidence, environment: str, found: list[WaiverFact]
) -> None:
    with_them, fewer = replace(evidence, waivers=tuple(found)), replace(evidence, waivers=tuple(found[1:]))
    if judge(LENIENT, with_them, environment, NOW).decision == "deny":
        assert judge(LENIENT, fewer, environment, NOW).decision == "deny"


@settings(max_examples=120)
@given(spoiled(), environments, st.lists(waivers(), min_size=1, max_size=4))
def test_no_waiver_lets_a_prohibited_vetoed_or_stopped_version_run(
    evidence: Evidence, environment: str, found: list[WaiverFact]
) -> None:
    verdict = judge(LENIENT, replace(evidence, waivers=tuple(found)), environment, NOW)
    if verdict.decision == "allow":
        assert evidence.tier is not None and evidence.tier.tier != "prohibited" and evidence.suspended is None
        assert not any(fact.decision == "reject" and not fact.withdrawn for fact in evidence.signoffs)
        assert any(item.result == "satisfied" for item in verdict.requirements)
        assert not any(item.kind in NEVER and item.result == "waived" for item in verdict.requirements)


@given(spoiled(), environments, st.lists(waivers(), min_size=1, max_size=4))
def test_what_ended_counts_as_if_it_had_never_been(
    evidence: Evidence, environment: str, found: list[WaiverFact]
) -> None:
    over = tuple(replace(fact, last_day=NOW.date() - DAY) for fact in found)
    before, after = (
        judge(LENIENT, replace(evidence, waivers=facts), environment, NOW) for facts in ((), over)
    )
    assert before.decision == after.decision
    assert [item.result for item in before.requirements] == [item.result for item in after.requirements]


TEXT = DEFAULT.read_text(encoding="utf-8")
BAD_TERMS = [
    ("a role that never signs", "high: [risk_officer, compliance_officer]", "high: [owner]", "is not known"),
    ("no role", "high: [risk_officer, compliance_officer]", "high: []", "is empty"),
    ("a prohibited tier", "    low: [risk_officer]", "    prohibited: [risk_officer]", '"prohibited"'),
    ("for ever", "longest: 90d", "longest: 3650d", "lasts from 1 to 366 days"),
    ("no end", "  longest: 90d\n", "", '"longest" is missing'),
    ("an unknown requirement", "never: [signoff]", "never: [singoff]", "neither a requirement nor a kind"),
    ("twice", "never: [signoff]", "never: [signoff, signoff]", "stands twice"),
    ("break-glass for a week", "hours: 24", "hours: 168", "whole number from 1 to 72"),
    ("break-glass by one", "needs: 2", "needs: 1", "whole number from 2 to 5"),
    ("break-glass by an owner", "[risk_officer, compliance_officer, business_approver]", "[owner]", '"owner"'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "said"), BAD_TERMS, ids=[row[0] for row in BAD_TERMS])
def test_a_pack_that_is_too_lenient_is_refused(name: str, old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(PackError, match=said):
        load_pack(TEXT.replace(old, new, 1), source="default.yaml")


def test_without_the_key_nothing_is_waived() -> None:
    strict = replace(PACK, waivers=None)
    assert judge(strict, unexplained("high", a_waiver()), "production", NOW).decision == "deny"
