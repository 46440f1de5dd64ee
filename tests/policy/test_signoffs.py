"""When a signature counts: independent, current, unexpired, one role per person; and vetoes stick."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policy.evidence import Evidence
from policy.pack import Requirement
from policy.verdict import judge
from tests.policy.builders import (
    ADA,
    CARL,
    DEV,
    HOLDERS,
    NOW,
    OLGA,
    PACK,
    VERA,
    VIKTOR,
    YESTERDAY,
    ask,
    condition,
    result_of,
    run,
    sign,
    signed,
    unmet,
    unsigned,
    with_signoffs,
)

VALIDATOR, OFFICER = PACK.requirements["signoff.validator"], PACK.requirements["signoff.risk_officer"]
TWO = replace(VALIDATOR, count=2)
DAY = timedelta(days=1)


def approved(decision: str = "approve", **changes: Any) -> Evidence:
    """The evidence with one decision by the validator."""
    return with_signoffs(unsigned(), sign(unsigned(), "validator", decision, **changes))


def holding(role: str, *people: Any) -> dict[str, Any]:
    """Changes that give a role to exactly these people."""
    return {"holders": {**HOLDERS, role: people}}


SINGLE: list[tuple[str, Evidence, str, str]] = [
    ("approved", approved(), "satisfied", "Viktor Sahl approved on 20 Nov. Valid until 20 Nov 2027."),
    ("with conditions", approved("approve_with_conditions", conditions=(condition(5),)), "satisfied",
     "Viktor Sahl approved with 1 condition on 20 Nov. Valid until 27 Nov."),
    ("condition overdue", approved("approve_with_conditions", conditions=(condition(-1),)), "unsatisfied",
     'Viktor Sahl approved with 1 condition on 20 Nov. Not met: "Monitor drift weekly", due on 20 Nov.'),
    ("condition due today", approved("approve_with_conditions", conditions=(condition(0),)), "satisfied",
     "approved"),
    ("condition met late", approved("approve_with_conditions", conditions=(condition(-1, True),)),
     "satisfied", ""),
    ("withdrawn", approved(withdrawn=True), "unsatisfied", "No validator has signed."),
    ("changes asked", approved("request_changes"), "unsatisfied", "Viktor Sahl asked for changes on 20 Nov."),
    ("rejected", approved("reject"), "unsatisfied",
     "Viktor Sahl rejected on 20 Nov. A rejection stands until"),
    ("rejection withdrawn", approved("reject", withdrawn=True), "unsatisfied", "No validator has signed."),
    ("meaningless decision", approved("maybe"), "unsatisfied", 'signed "maybe", which means nothing'),
    ("expired", approved(expires_at=NOW), "unsatisfied",
     "Viktor Sahl approved on 20 Nov. That expired on 21 Nov."),
    ("expires later", approved(expires_at=NOW + DAY), "satisfied", "Valid until 22 Nov."),
    ("older than valid_for", approved(signed_at=NOW - 365 * DAY), "unsatisfied", "That expired on 21 Nov."),
    ("in the last day", approved(signed_at=NOW - 364 * DAY), "satisfied", "approved on 22 Nov 2025"),
    ("lost the role", replace(approved(), **holding("validator", VERA)), "unsatisfied",
     "approved on 20 Nov, and that does not count. Viktor Sahl does not hold the role validator."),
    ("joined the team", replace(approved(), involved={"viktor": ("develops this model",)}), "unsatisfied",
     "that does not count. Viktor Sahl develops this model."),
    ("nobody holds it", replace(unsigned(), **holding("validator")), "unsatisfied",
     "No validator has signed. Nobody holds the role validator and is independent."),
    ("only the owner holds it", replace(unsigned(), **holding("validator", OLGA, DEV)), "unsatisfied",
     "Nobody holds the role validator and is independent."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "result", "reason"), [case[1:] for case in SINGLE], ids=[case[0] for case in SINGLE]
)
def test_a_signature_counts_as_the_table_says(evidence: Evidence, result: str, reason: str) -> None:
    found = ask(evidence, VALIDATOR)
    assert found.result == result, found
    assert reason in found.reason
    assert (found.remedy is not None) == (result == "unsatisfied")
    assert bool(found.who) == (result == "unsatisfied")


def card_saved(evidence: Evidence) -> Evidence:
    assert evidence.card is not None
    return replace(evidence, card=replace(evidence.card, digest="sha256:card-8", revision=8))


def measured_again(evidence: Evidence) -> Evidence:
    return replace(evidence, evaluations=(*evidence.evaluations, run("fairness", 9, finished_at=NOW)))


def retiered(evidence: Evidence) -> Evidence:
    assert evidence.tier is not None
    return replace(evidence, tier=replace(evidence.tier, digest="sha256:tier-9"))


def without_explanation(evidence: Evidence) -> Evidence:
    return replace(evidence, evaluations=evidence.evaluations[:2])


@pytest.mark.parametrize(
    ("change", "changed", "words"),
    [
        (card_saved, ["card"], "the card changed"),
        (measured_again, ["evaluation.fairness"], "the fairness changed"),
        (retiered, ["tier"], "the tier changed"),
        (without_explanation, ["evaluation.explainability"], "the explainability changed"),
        (lambda evidence: card_saved(measured_again(evidence)), ["card", "evaluation.fairness"],
     "card and fairness"),
        (lambda e: retiered(card_saved(measured_again(e))), ["card", "evaluation.fairness", "tier"],
         "card, fairness and tier"),
    ],
)  # fmt: skip
def test_a_signature_goes_stale_when_the_evidence_changes_and_says_what(
    change: Any, changed: list[str], words: str
) -> None:
    found = ask(change(approved()), VALIDATOR)
    assert (found.result, found.stale) == ("unsatisfied", True)
    assert found.reason.startswith("Viktor Sahl approved on 20 Nov. Since then the ")
    assert words in found.reason
    assert found.detail == {"since": YESTERDAY.isoformat(), "changed": changed}
    assert found.remedy == "A validator reviews what changed and signs again."
    assert found.who == ("Viktor Sahl (validator)",)


def test_a_signature_survives_only_what_the_policy_names() -> None:
    lenient = replace(VALIDATOR, survives=("card",))
    assert ask(card_saved(approved()), lenient).result == "satisfied"
    both = ask(card_saved(measured_again(approved())), lenient)
    assert both.detail["changed"] == ["evaluation.fairness"]
    assert ask(card_saved(approved()), VALIDATOR).result == "unsatisfied"


def test_signing_again_on_the_new_evidence_counts() -> None:
    changed = card_saved(approved())
    again = with_signoffs(changed, sign(changed, "validator", signed_at=NOW))
    assert ask(again, VALIDATOR).result == "satisfied"


def test_who_asked_for_changes_must_sign_again_before_it_counts() -> None:
    asked = approved("request_changes")
    found = ask(asked, VALIDATOR)
    assert found.who == ("Viktor Sahl (validator)",)
    assert found.remedy == "Viktor Sahl signs again or withdraws the request."
    content = with_signoffs(asked, sign(asked, "validator", signed_at=NOW))
    assert ask(content, VALIDATOR).result == "satisfied"


def test_another_approval_does_not_override_a_request_for_changes() -> None:
    asked = replace(approved("request_changes"), **holding("validator", VIKTOR, VERA))
    other = with_signoffs(asked, sign(asked, "validator", by=VERA, signed_at=NOW))
    assert ask(other, VALIDATOR).result == "unsatisfied"


@pytest.mark.parametrize(
    "change",
    [
        card_saved,
        measured_again,
        lambda evidence: with_signoffs(evidence, sign(evidence, "validator", signed_at=NOW)),
        lambda evidence: with_signoffs(evidence, sign(evidence, "validator", by=VERA, signed_at=NOW)),
        lambda evidence: replace(evidence, **holding("validator", VERA)),
        lambda evidence: replace(evidence, involved={"viktor": ("develops this model",)}),
        lambda evidence: replace(evidence, signoffs=(replace(evidence.signoffs[0], expires_at=NOW - DAY),)),
        lambda evidence: replace(
            evidence, signoffs=(replace(evidence.signoffs[0], signed_at=NOW - 900 * DAY),)
        ),
    ],
    ids=["card", "run", "approves later", "colleague approves", "lost role", "involved", "expiry", "age"],
)
def test_a_rejection_sticks_through_every_change(change: Any) -> None:
    vetoed = replace(approved("reject"), **holding("validator", VIKTOR, VERA))
    found = ask(change(vetoed), VALIDATOR)
    assert found.result == "unsatisfied"
    assert "A rejection stands until its role withdraws it." in found.reason
    assert found.detail == {"veto": ["viktor"]}


def test_any_holder_of_the_role_may_withdraw_a_rejection() -> None:
    vetoed = replace(approved("reject"), **holding("validator", VIKTOR, VERA))
    found = ask(vetoed, VALIDATOR)
    assert found.who == ("Viktor Sahl (validator)", "Vera Novak (validator)")
    assert found.remedy == "A validator withdraws the rejection, or a new version is registered."


def test_after_a_withdrawn_rejection_an_approval_counts() -> None:
    vetoed = approved("reject", withdrawn=True)
    assert ask(with_signoffs(vetoed, sign(vetoed, "validator")), VALIDATOR).result == "satisfied"


def test_one_person_counts_for_the_role_they_signed_first() -> None:
    evidence = replace(unsigned(), **holding("risk_officer", VIKTOR, ADA))
    both = with_signoffs(
        evidence, sign(evidence, "validator"), sign(evidence, "risk_officer", by=VIKTOR, signed_at=NOW)
    )
    assert ask(both, VALIDATOR).result == "satisfied"
    second = ask(both, OFFICER)
    assert second.result == "unsatisfied"
    assert "Viktor Sahl already signed as validator, and one person signs for one role only." in second.reason
    assert second.who == ("Ada Okafor (risk officer)",)
    assert unmet(judge(PACK, both, "production", NOW)) == ["signoff.risk_officer"]


def test_an_expired_signature_leaves_its_signer_free_for_another_role() -> None:
    evidence = replace(unsigned(), **holding("risk_officer", VIKTOR))
    before = with_signoffs(evidence, sign(evidence, "validator", expires_at=NOW - DAY))
    now_officer = with_signoffs(before, sign(evidence, "risk_officer", by=VIKTOR, signed_at=NOW))
    assert ask(now_officer, OFFICER).result == "satisfied"


def test_whoever_signed_for_another_role_is_not_asked() -> None:
    evidence = replace(approved(), **holding("risk_officer", VIKTOR))
    found = ask(evidence, OFFICER)
    assert found.who == ("Adam Ito (administrator)",)
    assert found.remedy == "An administrator grants the role risk officer to somebody independent."


def test_two_signatures_need_two_people() -> None:
    evidence = replace(unsigned(), **holding("validator", VIKTOR, VERA, CARL))
    first = with_signoffs(evidence, sign(evidence, "validator"), sign(evidence, "validator", signed_at=NOW))
    half = ask(first, TWO)
    assert half.result == "unsatisfied"
    assert half.reason == "1 of 2 sign-offs counts."
    assert half.who == ("Vera Novak (validator)", "Carl Brandt (validator)")
    whole = ask(with_signoffs(first, sign(evidence, "validator", by=VERA)), TWO)
    assert whole.result == "satisfied"
    assert whole.evidence == ("sign-off 3", "sign-off 2") or set(whole.evidence) == {
        "sign-off 2",
        "sign-off 3",
    }


def test_independence_can_be_given_up_in_the_open() -> None:
    evidence = replace(unsigned(), **holding("validator", OLGA))
    own = with_signoffs(evidence, sign(evidence, "validator", by=OLGA))
    assert ask(own, VALIDATOR).result == "unsatisfied"
    assert ask(own, replace(VALIDATOR, independence=False)).result == "satisfied"


def test_before_a_review_is_open_the_next_step_is_to_submit() -> None:
    found = ask(replace(unsigned(), review_open=False), VALIDATOR)
    assert found.remedy == "Submit the version for review; then a validator signs."
    assert found.who == ("Viktor Sahl (validator)",)


def test_a_signature_for_another_role_does_not_count() -> None:
    assert (
        ask(with_signoffs(unsigned(), sign(unsigned(), "compliance_officer")), VALIDATOR).result
        == "unsatisfied"
    )


def test_a_signature_of_an_ethics_committee_member_reads_well() -> None:
    verdict = judge(PACK, unsigned("critical"), "production", NOW)
    found = result_of(verdict, "signoff.ethics_committee")
    assert found.reason == "No ethics committee member has signed."
    assert found.remedy == "An ethics committee member reviews the evidence and signs."


def test_everything_changes_when_the_version_is_approved_and_the_card_is_then_saved() -> None:
    before, after = signed(), card_saved(signed())
    assert judge(PACK, before, "production", NOW).decision == "allow"
    verdict = judge(PACK, after, "production", NOW)
    assert unmet(verdict) == ["signoff.validator", "signoff.risk_officer"]
    assert all(result_of(verdict, name).stale for name in unmet(verdict))


def test_a_requirement_may_leave_validity_open() -> None:
    endless: Requirement = replace(VALIDATOR, valid_for=None)
    found = ask(approved(signed_at=NOW - 4000 * DAY), endless)
    assert (found.result, found.reason) == ("satisfied", "Viktor Sahl approved on 9 Dec 2015.")
