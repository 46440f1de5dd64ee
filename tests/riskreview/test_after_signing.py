"""Vetoes, withdrawals, conditions and comments."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from accounts.models import Role, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from registry.models import ModelVersion
from riskreview.judgement import judge_version
from riskreview.models import Condition, Decision, Review, SignOff
from riskreview.reviews.asking import open_review
from riskreview.reviews.conditions import meet_condition
from riskreview.reviews.threads import comment
from riskreview.reviews.withdrawing import withdraw
from tests.builders import a_card, a_signature
from tests.conftest import AT, actor_of_user

REASON = "The rejection was about another version."


def take_back(signoff: SignOff, user: User, reason: str = REASON) -> SignOff:
    return withdraw(signoff=signoff, reason=reason, user=user, actor=actor_of_user(user), at=AT)


def allows(review: Review) -> bool:
    return judge_version(review.version, review.environment, at=AT).allows


def test_a_veto_survives_every_change_and_every_later_approval(cast: SimpleNamespace, review: Review) -> None:
    a_signature(review, cast.carl, "compliance_officer", Decision.REJECT)
    a_card(cast, review.version, caveats="Everything that was asked for stands here now.")
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")
    a_signature(review, cast.carl, "compliance_officer")

    verdict = judge_version(review.version, "production", at=AT).verdict
    assert verdict.decision == "deny"
    assert "Carl Brandt rejected" in " ".join(item.reason for item in verdict.requirements)


def test_another_holder_of_the_role_lifts_a_veto(cast: SimpleNamespace, review: Review) -> None:
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")
    vetoed = a_signature(review, cast.carl, "compliance_officer", Decision.REJECT)
    RoleGrant.objects.create(user=cast.bea, role=Role.COMPLIANCE_OFFICER, granted_at=AT)

    taken = take_back(vetoed, cast.bea)

    assert (taken.withdrawn_by, taken.withdrawn_reason) == (cast.bea, REASON)
    assert allows(review)
    event = Event.objects.get(verb="signoff.withdrawn")
    assert (event.actor, event.detail["signer"]) == ("user:bea", "user:carl")


def test_the_first_allow_is_noted_even_when_a_withdrawal_brings_it(
    cast: SimpleNamespace, review: Review
) -> None:
    vetoed = a_signature(review, cast.carl, "compliance_officer", Decision.REJECT)
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")
    review.refresh_from_db()
    assert review.approved_at is None

    take_back(vetoed, cast.carl)

    review.refresh_from_db()
    assert review.approved_at == AT


@pytest.mark.parametrize("name", ["olga", "dev", "viktor", "ada", "adam", "aud"])
def test_nobody_else_lifts_a_veto(cast: SimpleNamespace, review: Review, name: str) -> None:
    vetoed = a_signature(review, cast.carl, "compliance_officer", Decision.REJECT)
    if name in ("olga", "dev"):  # not even with the role: they built it
        RoleGrant.objects.create(user=getattr(cast, name), role=Role.COMPLIANCE_OFFICER, granted_at=AT)

    with pytest.raises(NotAllowed):
        take_back(vetoed, getattr(cast, name))

    vetoed.refresh_from_db()
    assert vetoed.withdrawn_at is None and not Event.objects.filter(verb="signoff.withdrawn").exists()


def test_only_the_signer_takes_an_approval_back(cast: SimpleNamespace, review: Review) -> None:
    signed = a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")
    RoleGrant.objects.create(user=cast.bea, role=Role.VALIDATOR, granted_at=AT)

    with pytest.raises(NotAllowed, match="Only the signer"):
        take_back(signed, cast.bea)
    assert allows(review)

    take_back(signed, cast.viktor)
    assert not allows(review)
    with pytest.raises(Conflict):
        take_back(signed, cast.viktor)


def test_a_withdrawal_without_a_reason_is_refused(cast: SimpleNamespace, review: Review) -> None:
    signed = a_signature(review, cast.viktor, "validator")

    with pytest.raises(Invalid) as refused:
        take_back(signed, cast.viktor, "Oops")

    assert refused.value.field == "reason"
    signed.refresh_from_db()
    assert signed.withdrawn_at is None


def conditional(cast: SimpleNamespace, review: Review) -> Condition:
    a_signature(
        review,
        cast.viktor,
        "validator",
        Decision.APPROVE_WITH_CONDITIONS,
        conditions=[("Weekly approval ratio by channel", AT.date() + timedelta(days=7))],
    )
    a_signature(review, cast.ada, "risk_officer")
    return Condition.objects.get()


def test_an_open_condition_lets_the_version_run_until_its_date(cast: SimpleNamespace, review: Review) -> None:
    condition = conditional(cast, review)
    assert allows(review)

    late = judge_version(review.version, "production", at=AT + timedelta(days=8)).verdict

    assert late.decision == "deny"
    assert "Weekly approval ratio by channel" in " ".join(item.reason for item in late.requirements)

    meet_condition(
        condition=condition,
        note="Report 12 is out.",
        user=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT + timedelta(days=8),
    )
    assert judge_version(review.version, "production", at=AT + timedelta(days=8)).allows
    assert Event.objects.get(verb="condition.met").detail["note"] == "Report 12 is out."


@pytest.mark.parametrize("name", ["viktor", "ada", "adam", "aud"])
def test_only_the_makers_say_that_a_condition_is_met(
    cast: SimpleNamespace, review: Review, name: str
) -> None:
    condition = conditional(cast, review)
    user = getattr(cast, name)

    with pytest.raises(NotAllowed):
        meet_condition(condition=condition, note="Done.", user=user, actor=actor_of_user(user), at=AT)

    condition.refresh_from_db()
    assert condition.met_at is None


@pytest.mark.parametrize("note", ["", "   ", "x" * 301])
def test_a_condition_is_not_met_without_saying_how(cast: SimpleNamespace, review: Review, note: str) -> None:
    condition = conditional(cast, review)

    with pytest.raises(Invalid) as refused:
        meet_condition(condition=condition, note=note, user=cast.olga, actor=actor_of_user(cast.olga), at=AT)

    assert refused.value.field == "note"
    condition.refresh_from_db()
    assert condition.met_at is None


def ask(version: ModelVersion, user: User, environment: str = "staging", **changes: object) -> Review:
    given = {"note": "", "due_on": None} | changes
    return open_review(
        version=version,
        environment=environment,
        opener=user,
        actor=actor_of_user(user),
        at=AT,
        **given,  # type: ignore[arg-type]
    )


def test_a_review_falls_due_in_a_week_and_is_opened_once(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    opened = ask(version, cast.olga)
    again = ask(version, cast.dev, note="Reminder")

    assert opened.due_on == AT.date() + timedelta(days=7)
    assert again == opened and again.opened_by == cast.olga
    assert Event.objects.filter(verb="review.opened", subject=opened.ref).count() == 1


@pytest.mark.parametrize("name", ["viktor", "ada", "aud", "adam"])
def test_only_the_makers_ask_for_a_review(cast: SimpleNamespace, version: ModelVersion, name: str) -> None:
    with pytest.raises(NotAllowed):
        ask(version, getattr(cast, name))

    assert not Review.objects.filter(environment="staging").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"environment": "moon"}, "environment"), ({"due_on": AT.date() - timedelta(days=1)}, "due_on")],
)
def test_a_review_that_makes_no_sense_is_refused(
    cast: SimpleNamespace, version: ModelVersion, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(version, cast.dev, **changes)  # type: ignore[arg-type]

    assert refused.value.field == field


def test_a_comment_decides_nothing(cast: SimpleNamespace, review: Review) -> None:
    before = judge_version(review.version, "production", at=AT).digest

    comment(review=review, text="Look at run 2.", author=cast.dev, actor=actor_of_user(cast.dev), at=AT)

    assert judge_version(review.version, "production", at=AT).digest == before
    assert Event.objects.get(verb="review.commented").subject == review.ref


def test_an_auditor_does_not_even_comment(cast: SimpleNamespace, review: Review) -> None:
    with pytest.raises(NotAllowed):
        comment(review=review, text="Hm.", author=cast.aud, actor=actor_of_user(cast.aud), at=AT)

    assert not review.comments.exists()
