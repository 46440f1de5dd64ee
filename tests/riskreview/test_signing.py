"""Who may sign, on what, and what is written when they may not."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import Role, RoleGrant
from accounts.refusals import Invalid
from audit.models import Event
from registry.models import ModelVersion
from riskreview.judgement import Judged, judge_version
from riskreview.models import Condition, Decision, Review, SignOff
from riskreview.reviews.given import CannotSign, EvidenceMoved, WrongPassword
from tests.audit.flushing import unguarded
from tests.builders import a_card, a_dataset, a_signature, a_tier
from tests.conftest import AT

Refusals = Callable[[], list[str]]


def judged(review: Review) -> Judged:
    return judge_version(review.version, review.environment, at=AT)


def result_of(review: Review, requirement: str) -> Any:
    return next(item for item in judged(review).verdict.requirements if item.id == requirement)


def grant(cast: SimpleNamespace, name: str, role: Role) -> None:
    RoleGrant.objects.create(user=getattr(cast, name), role=role, granted_at=AT)


def test_two_independent_signatures_open_production(cast: SimpleNamespace, review: Review) -> None:
    first = a_signature(review, cast.viktor, "validator")
    review.refresh_from_db()
    assert not judged(review).allows and review.approved_at is None

    a_signature(review, cast.ada, "risk_officer")

    review.refresh_from_db()
    assert judged(review).allows and review.approved_at == AT
    assert first.expires_at == AT + timedelta(days=365)
    assert first.authenticated_by == "session, password, password again"


def test_what_the_signature_means_is_written_by_the_server(cast: SimpleNamespace, review: Review) -> None:
    seen = judged(review).digest
    signed = a_signature(review, cast.ada, "risk_officer")

    assert signed.evidence_digest == seen and seen in signed.statement
    assert "As risk officer" in signed.statement and "until 21 November 2027" in signed.statement
    event = Event.objects.get(verb="review.signed")
    assert (event.actor, event.subject) == ("user:ada", review.ref)
    assert event.detail["statement"] == signed.statement


INDEPENDENCE = [
    ("dev", "You develop this model."),
    ("dev", "You registered this version."),
    ("dev", "You asked for this review."),
    ("olga", "You own this model."),
    ("adam", "You do not hold the role risk officer."),
    ("aud", "You do not hold the role risk officer."),
    ("viktor", "You do not hold the role risk officer."),
]


@pytest.mark.parametrize(("name", "reason"), INDEPENDENCE)
def test_nobody_signs_without_the_role_and_independence(
    cast: SimpleNamespace, review: Review, refusals: Refusals, name: str, reason: str
) -> None:
    if name in ("dev", "olga"):
        grant(cast, name, Role.RISK_OFFICER)

    with pytest.raises(CannotSign) as refused:
        a_signature(review, getattr(cast, name), "risk_officer")

    assert reason in refused.value.reasons
    assert refused.value.who == ("Viktor Sahl (validator)", "Ada Okafor (risk officer)")
    assert not SignOff.objects.exists() and not Event.objects.filter(verb="review.signed").exists()
    assert len(refusals()) == 1 and reason in refusals()[0]


def test_the_owner_of_the_training_data_cannot_sign(cast: SimpleNamespace, review: Review) -> None:
    dataset = a_dataset(cast, "loans-train", role="training", owner=cast.ada)
    with unguarded():
        ModelVersion.objects.filter(pk=review.version_id).update(trained_on=dataset)

    with pytest.raises(CannotSign, match="You own the training data"):
        a_signature(review, cast.ada, "risk_officer")


def test_one_person_fills_one_role(cast: SimpleNamespace, review: Review) -> None:
    grant(cast, "viktor", Role.RISK_OFFICER)
    a_signature(review, cast.viktor, "validator")

    with pytest.raises(CannotSign, match="You already signed as validator"):
        a_signature(review, cast.viktor, "risk_officer")

    assert SignOff.objects.count() == 1


def test_a_disabled_person_cannot_sign(cast: SimpleNamespace, review: Review) -> None:
    cast.ada.is_active = False
    cast.ada.save()

    with pytest.raises(CannotSign, match="You do not hold the role risk officer"):
        a_signature(review, cast.ada, "risk_officer")


def test_a_wrong_password_signs_nothing_and_stands_on_the_record(
    cast: SimpleNamespace, review: Review, refusals: Refusals
) -> None:
    with pytest.raises(WrongPassword) as refused:
        a_signature(review, cast.ada, "risk_officer", password="correct horse")

    assert refused.value.field == "password"
    assert not SignOff.objects.exists() and refusals() == ["This is not your password or code."]


def test_evidence_that_moved_is_not_signed(cast: SimpleNamespace, review: Review, refusals: Refusals) -> None:
    seen = judged(review).digest
    a_card(cast, review.version, caveats="Not for applicants with less than 6 months of history.")

    with pytest.raises(EvidenceMoved) as moved:
        a_signature(review, cast.ada, "risk_officer", seen_digest=seen)

    assert moved.value.judged.digest != seen
    assert not SignOff.objects.exists() and len(refusals()) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rationale": "Looks fine to me"}, "rationale"),
        ({"rationale": " " * 40}, "rationale"),
        ({"decision": "applaud"}, "decision"),
        ({"decision": Decision.APPROVE_WITH_CONDITIONS}, "conditions"),
        ({"conditions": [("Report weekly", AT.date())]}, "conditions"),
        (
            {
                "decision": Decision.APPROVE_WITH_CONDITIONS,
                "conditions": [("Report", AT.date() - timedelta(days=1))],
            },
            "conditions",
        ),
        (
            {"decision": Decision.APPROVE_WITH_CONDITIONS, "conditions": [("  ", AT.date())]},
            "conditions",
        ),
        (
            {"decision": Decision.APPROVE_WITH_CONDITIONS, "conditions": [("x" * 301, AT.date())]},
            "conditions",
        ),
    ],
)
def test_a_signature_that_does_not_say_enough_is_refused(
    cast: SimpleNamespace, review: Review, refusals: Refusals, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        a_signature(review, cast.ada, "risk_officer", **changes)

    assert refused.value.field == field
    assert not SignOff.objects.exists() and not Condition.objects.exists() and len(refusals()) == 1


@pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.APPROVE_WITH_CONDITIONS])
def test_a_prohibited_use_can_never_be_approved(
    cast: SimpleNamespace, review: Review, refusals: Refusals, decision: Decision
) -> None:
    a_tier(cast, review.version.model, "prohibited")
    conditions = [("Stop", AT.date())] if decision == Decision.APPROVE_WITH_CONDITIONS else []

    with pytest.raises(Invalid, match="prohibited"):
        a_signature(review, cast.ada, "risk_officer", decision, conditions=conditions)

    assert not SignOff.objects.exists() and len(refusals()) == 1
    a_signature(review, cast.ada, "risk_officer", Decision.REJECT)
    assert SignOff.objects.get().decision == "reject"


def test_a_card_change_makes_a_signature_stale_until_its_signer_signs_again(
    cast: SimpleNamespace, review: Review
) -> None:
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")

    a_card(cast, review.version, caveats="Not for applicants with less than 6 months of history.")
    assert not judged(review).allows
    stale = result_of(review, "signoff.validator")
    assert stale.stale and "the card changed" in stale.reason

    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")
    assert judged(review).allows


def test_new_answers_deny_everything_until_the_same_tier_is_confirmed_again(
    cast: SimpleNamespace, review: Review
) -> None:
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")

    assessment = a_tier(cast, review.version.model, "high", confirmed=False)
    unmet = {item.id for item in judged(review).verdict.requirements if item.result == "unsatisfied"}
    assert unmet == {"tier_confirmed", "signoff.validator", "signoff.risk_officer"}

    assert assessment.confirmed_tier == ""
    a_tier(cast, review.version.model, "high")
    assert judged(review).allows


def test_a_signature_stops_counting_when_its_role_is_taken_away(
    cast: SimpleNamespace, review: Review
) -> None:
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")

    RoleGrant.objects.filter(user=cast.ada).delete()

    assert not judged(review).allows
    assert "does not hold the role risk officer" in result_of(review, "signoff.risk_officer").reason


def test_an_approval_runs_out(cast: SimpleNamespace, review: Review) -> None:
    signed = a_signature(review, cast.viktor, "validator")
    assert signed.expires_at is not None

    later = judge_version(review.version, "production", at=signed.expires_at)

    expired = next(item for item in later.verdict.requirements if item.id == "signoff.validator")
    assert expired.result == "unsatisfied" and "expired" in expired.reason


def test_a_request_for_changes_waits_for_the_same_person(cast: SimpleNamespace, review: Review) -> None:
    asked = a_signature(review, cast.viktor, "validator", Decision.REQUEST_CHANGES)
    a_signature(review, cast.ada, "risk_officer")

    assert asked.expires_at is None
    assert "asked for changes" in result_of(review, "signoff.validator").reason

    a_signature(review, cast.viktor, "validator")
    assert judged(review).allows
