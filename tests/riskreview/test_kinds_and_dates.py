"""Kinds of review, stand-ins, obligations, reminders, revalidation and attesting again."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import Notice, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed, Unavailable
from audit.models import Event
from riskreview.judgement import judge_review, judge_version
from riskreview.models import Condition, Decision, Delegation, Review, SignOff
from riskreview.reviews.asking import Wish, open_review
from riskreview.reviews.conditions import meet_condition, verify_condition
from riskreview.reviews.delegating import delegate, revoke_delegation
from riskreview.reviews.given import CannotSign, ConditionAsked, SignedAlready, WrongPassword
from riskreview.reviews.queries.obligations import obligations
from riskreview.reviews.queries.renewals import renewals_of
from riskreview.reviews.reminders import announce_expiries, remind, remind_reviews
from riskreview.reviews.renewing import attest_again
from riskreview.reviews.revalidation import months_after, open_due_revalidations
from tests.builders import a_card, a_signature
from tests.conftest import AT, PASSWORD, actor_of_user

DAY = timedelta(days=1)


def approve(cast: SimpleNamespace, review: Review, **changes: Any) -> Review:
    a_signature(review, cast.viktor, "validator", **changes)
    a_signature(review, cast.ada, "risk_officer", **changes)
    review.refresh_from_db()
    return review


def ask(cast: SimpleNamespace, review: Review, kind: str, **changes: Any) -> Review:
    given: dict[str, Any] = {"note": "Look at the caveats.", "ends_on": None} | changes
    return open_review(
        version=review.version,
        environment="production",
        note=given["note"],
        opener=cast.olga,
        wish=Wish(kind, given["ends_on"]),
        actor=actor_of_user(cast.olga),
        at=AT,
    )


def test_another_kind_follows_only_what_was_answered(cast: SimpleNamespace, review: Review) -> None:
    assert ask(cast, review, "targeted") == review and review.kind == "initial"

    approve(cast, review)
    targeted = ask(cast, review, "targeted")

    review.refresh_from_db()
    assert (targeted.kind, review.is_open) == ("targeted", False)
    assert judge_review(targeted, at=AT).allows  # what was signed before still counts
    assert targeted.answered_at is None  # and this review asks everybody anew
    assert approve(cast, targeted).answered_at == AT


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("interim", {}, "ends_on"),
        ("interim", {"ends_on": AT.date() - DAY}, "ends_on"),
        ("interim", {"ends_on": AT.date() + 181 * DAY}, "ends_on"),
        ("targeted", {"ends_on": AT.date()}, "ends_on"),
        ("retirement", {"note": " "}, "note"),
        ("yearly", {}, "kind"),
    ],
)
def test_a_kind_that_makes_no_sense_is_refused(
    cast: SimpleNamespace, review: Review, kind: str, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(cast, review, kind, **changes)
    assert refused.value.field == field and Review.objects.count() == 1


def test_an_interim_approval_ends_on_its_day(cast: SimpleNamespace, review: Review) -> None:
    approve(cast, review)
    interim = ask(cast, review, "interim", ends_on=AT.date() + 10 * DAY)
    SignOff.objects.all().update(withdrawn_at=AT, withdrawn_by=cast.viktor, withdrawn_reason="Only for now.")
    approve(cast, interim)

    assert "until 1 December 2026" in SignOff.objects.filter(review=interim)[0].statement
    assert judge_version(review.version, "production", at=AT + 10 * DAY).allows
    assert not judge_version(review.version, "production", at=AT + 11 * DAY).allows


def test_a_retirement_is_agreed_to_and_opens_no_gate(cast: SimpleNamespace, review: Review) -> None:
    approve(cast, review)
    SignOff.objects.all().update(withdrawn_at=AT, withdrawn_by=cast.viktor, withdrawn_reason="It goes.")
    retirement = ask(cast, review, "retirement")

    for signer, role in ((cast.viktor, "validator"), (cast.ada, "risk_officer")):
        seen = judge_review(retirement, at=AT).digest
        a_signature(retirement, signer, role, seen_digest=seen)

    retirement.refresh_from_db()
    assert retirement.answered_at == AT
    assert "agree that Credit default is retired" in SignOff.objects.filter(review=retirement)[0].statement
    assert not judge_version(review.version, "production", at=AT).allows
    assert Notice.objects.get(kind="review.retirement").person == cast.olga


def lend(holder: User, deputy: User, role: str = "risk_officer", **changes: Any) -> Delegation:
    given: dict[str, Any] = {
        "starts_on": AT.date(),
        "ends_on": AT.date() + 10 * DAY,
        "giver": holder,
    } | changes
    return delegate(
        holder=holder,
        deputy=deputy,
        role=role,
        reason="On leave until December.",
        actor=actor_of_user(given["giver"]),
        at=AT,
        **given,
    )


def test_a_deputy_signs_for_the_holder_until_the_last_day(cast: SimpleNamespace, review: Review) -> None:
    lent = lend(cast.ada, cast.carl)
    a_signature(review, cast.viktor, "validator")
    with pytest.raises(CannotSign):
        a_signature(review, cast.carl, "risk_officer")  # not in his own name

    given = a_signature(review, cast.carl, "risk_officer", acting_for="ada")

    assert (
        given.signed_as == "Risk officer, for Ada Okafor" and "risk officer for Ada Okafor" in given.statement
    )
    assert judge_review(review, at=AT + 30 * DAY).allows  # what was signed stands after the period
    assert Event.objects.filter(verb="review.signed").last().detail["acting_for"] == "user:ada"  # type: ignore[union-attr]
    with pytest.raises(CannotSign, match="no longer does"):
        a_signature(review, cast.carl, "risk_officer", acting_for="ada", at=AT + 11 * DAY)
    revoke_delegation(delegation=lent, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)
    with pytest.raises(CannotSign):
        a_signature(review, cast.carl, "risk_officer", acting_for="ada")
    RoleGrant.objects.filter(user=cast.ada).delete()
    assert not judge_review(review, at=AT).allows


@pytest.mark.parametrize(
    ("holder", "deputy", "changes", "refusal"),
    [
        ("ada", "viktor", {}, Invalid),  # a validator does not stand in for a risk officer
        ("ada", "ada", {}, Invalid),
        ("viktor", "ada", {}, Invalid),  # not his role
        ("ada", "carl", {"ends_on": AT.date() + 91 * DAY}, Invalid),
        ("ada", "carl", {"starts_on": AT.date() - DAY}, Invalid),
        ("ada", "carl", {"ends_on": None}, Invalid),
    ],
)
def test_a_role_is_lent_to_whom_it_fits_for_a_time(
    cast: SimpleNamespace, holder: str, deputy: str, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        lend(getattr(cast, holder), getattr(cast, deputy), **changes)
    with pytest.raises(NotAllowed):
        lend(cast.ada, cast.carl, giver=cast.carl)
    assert not Delegation.objects.exists()


def test_one_stand_in_at_a_time(cast: SimpleNamespace) -> None:
    lend(cast.ada, cast.carl)
    with pytest.raises(Conflict, match="Carl Brandt stands in then already"):
        lend(cast.ada, cast.carl)


def conditional(cast: SimpleNamespace, review: Review, owner: User | None = None) -> Condition:
    asked = ConditionAsked("Weekly ratio by channel", AT.date() + 7 * DAY, owner)
    a_signature(review, cast.viktor, "validator", Decision.APPROVE_WITH_CONDITIONS, conditions=[asked])
    return Condition.objects.get()


def test_an_obligation_is_met_sent_back_met_again_and_verified(cast: SimpleNamespace, review: Review) -> None:
    condition = conditional(cast, review, cast.bea)

    def meet(user: User) -> None:
        meet_condition(
            condition=condition, note="Done.", evidence="https://x.example", user=user,
            actor=actor_of_user(user), at=AT,
        )  # fmt: skip

    def verify(user: User, accepted: bool) -> None:
        actor = actor_of_user(user)
        verify_condition(
            condition=condition, accepted=accepted, note="Looked.", user=user, actor=actor, at=AT
        )

    assert [item.row for item in obligations(cast.bea, "mine", at=AT)] == [condition]
    with pytest.raises(Conflict):
        verify(cast.viktor, True)
    with pytest.raises(NotAllowed):
        meet(cast.carl)
    meet(cast.bea)
    for other in (cast.bea, cast.olga, cast.ada):
        with pytest.raises(NotAllowed):
            verify(other, True)
    verify(cast.viktor, False)
    condition.refresh_from_db()
    assert (condition.met_at, condition.sent_back) == (None, "Looked.")
    late = judge_version(review.version, "production", at=AT + 8 * DAY).verdict
    assert "Weekly ratio by channel" in " ".join(item.reason for item in late.requirements)
    meet(cast.dev)
    verify(cast.viktor, True)
    with pytest.raises(Conflict):
        verify(cast.viktor, True)
    assert [item.word for item in obligations(cast.aud, "done", at=AT)] == ["Verified"]


def test_nobody_sets_a_condition_on_themselves(cast: SimpleNamespace, review: Review) -> None:
    for owner in (cast.viktor, cast.aud):
        with pytest.raises(Invalid):
            conditional(cast, review, owner)
    assert not SignOff.objects.exists()


def test_a_double_click_signs_once(cast: SimpleNamespace, review: Review) -> None:
    first = a_signature(review, cast.viktor, "validator")
    with pytest.raises(SignedAlready) as twice:
        a_signature(review, cast.viktor, "validator", at=AT + timedelta(seconds=1))
    assert twice.value.signoff == first and SignOff.objects.count() == 1


def test_a_clock_that_went_back_signs_nothing(cast: SimpleNamespace, review: Review) -> None:
    a_signature(review, cast.viktor, "validator")
    with pytest.raises(Unavailable, match="clock"):
        a_signature(review, cast.viktor, "validator", Decision.REQUEST_CHANGES, at=AT - timedelta(hours=1))
    assert SignOff.objects.count() == 1


def told(kind: str) -> list[str]:
    return sorted(Notice.objects.filter(kind=kind).values_list("person__username", flat=True))


def test_reminders_come_once_for_each_date_and_are_made_up_for(cast: SimpleNamespace, review: Review) -> None:
    remind_reviews(AT - 4 * DAY)
    assert told("review.due") == []
    for moment in (AT - 3 * DAY, AT - 3 * DAY, AT - DAY):
        remind_reviews(moment)
    assert told("review.due") == ["ada", "viktor"]
    remind_reviews(AT + 2 * DAY)  # the day itself was missed
    remind_reviews(AT + 2 * DAY + timedelta(hours=3))
    assert told("review.due") == ["ada", "ada", "viktor", "viktor"] and told("review.escalated") == []
    remind_reviews(AT + 7 * DAY)
    remind_reviews(AT + 8 * DAY)
    assert told("review.escalated") == ["ada"]


def test_what_was_answered_reminds_nobody(cast: SimpleNamespace, review: Review) -> None:
    approve(cast, review)
    remind(AT + 30 * DAY)
    assert told("review.due") == []


def test_the_end_of_an_approval_is_announced_three_times(cast: SimpleNamespace, review: Review) -> None:
    approve(cast, review)
    ends = AT + 365 * DAY
    announce_expiries(ends - 31 * DAY)
    assert told("signoff.expires") == []
    for left in (30, 29, 7, 6, 1, 1):
        announce_expiries(ends - left * DAY)
    assert told("signoff.expires") == ["ada"] * 3 + ["olga"] * 6 + ["viktor"] * 3


def test_a_periodic_review_opens_when_its_months_are_over(cast: SimpleNamespace, review: Review) -> None:
    approve(cast, review)
    due = AT + 366 * DAY
    assert open_due_revalidations(due - 2 * DAY) == 0
    assert open_due_revalidations(due) == 1
    assert open_due_revalidations(due + 90 * DAY) == 0  # one is under way

    review.refresh_from_db()
    periodic = Review.objects.get(closed_at=None)
    assert (periodic.kind, periodic.opened_by, review.is_open) == ("periodic", cast.olga, False)
    assert told("review.periodic") == ["olga"]


def test_months_end_where_months_end() -> None:
    assert months_after(AT.date().replace(month=8, day=31), 6).isoformat() == "2027-02-28"


def renew(user: User, rows: list[SignOff], at: Any, **changes: Any) -> Any:
    seen = {row.pk: judge_version(row.review.version, row.review.environment, at=at).digest for row in rows}
    given: dict[str, Any] = {"wanted": seen, "note": "Nothing changed; I looked again.", "password": PASSWORD}
    return attest_again(signer=user, actor=actor_of_user(user), at=at, **(given | changes))


def test_unchanged_approvals_are_attested_again_one_by_one(cast: SimpleNamespace, review: Review) -> None:
    approve(cast, review)
    old = SignOff.objects.get(signer=cast.ada)
    soon = AT + 340 * DAY
    assert [item.why_not for item in renewals_of(cast.ada, at=soon)] == [""]
    for changes, refusal in (
        ({"wanted": {}}, Invalid),
        ({"note": "Same."}, Invalid),
        ({"password": "guessed"}, WrongPassword),
    ):
        with pytest.raises(refusal):
            renew(cast.ada, [old], soon, **changes)
    with pytest.raises(Invalid):
        renew(cast.viktor, [old], soon)  # not his
    assert renew(cast.ada, [old], soon, wanted={old.pk: "sha256:other"})[0].signoff is None

    done = renew(cast.ada, [old], soon)

    assert done[0].signoff.expires_at == soon + 365 * DAY
    assert done[0].signoff.evidence_digest == old.evidence_digest
    assert renewals_of(cast.ada, at=soon) == []


def test_what_changed_is_not_attested_in_bulk(cast: SimpleNamespace, review: Review) -> None:
    approve(cast, review)
    a_card(cast, review.version, caveats="Not for applicants with less than six months of history.")
    old = SignOff.objects.get(signer=cast.ada)

    done = renew(cast.ada, [old], AT + 340 * DAY)

    assert done[0].signoff is None and done[0].refusal.startswith("The card changed since.")
    assert SignOff.objects.count() == 2
