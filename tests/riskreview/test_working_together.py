"""Assignments, recusals, threads, rounds, dates and closing."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from accounts.models import Notice, Role, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from riskreview.judgement import judge_review
from riskreview.models import Comment, Decision, Recusal, Review, ReviewAssignment
from riskreview.queue import queue_for
from riskreview.reviews.asking import ask_again, change_due, close_review
from riskreview.reviews.assigning import assign, recuse, unassign
from riskreview.reviews.candidates import seats_of
from riskreview.reviews.given import CannotSign
from riskreview.reviews.queries.reviews import CHANGES, WAITING, state_of
from riskreview.reviews.threads import comment, resolve_question
from tests.builders import a_card, a_signature
from tests.conftest import AT, actor_of_user

REASON = "The committee meets a week later."


def give(review: Review, person: User, role: str, by: User) -> ReviewAssignment:
    return assign(review=review, role=role, person=person, assigner=by, actor=actor_of_user(by), at=AT)


def second(cast: SimpleNamespace, role: Role = Role.RISK_OFFICER) -> User:
    """Bea holds another role beside her own."""
    RoleGrant.objects.create(user=cast.bea, role=role, granted_at=AT)
    bea: User = cast.bea
    return bea


def waiting(user: User) -> list[str]:
    return [item.title for item in queue_for(User.objects.get(pk=user.pk), AT) if item.kind == "signature"]


def test_who_is_free_comes_first_and_others_are_told_why_not(cast: SimpleNamespace, review: Review) -> None:
    second(cast)
    RoleGrant.objects.create(user=cast.dev, role=Role.RISK_OFFICER, granted_at=AT)
    other = Review.objects.create(
        version=review.version, environment="staging", opened_by=cast.dev, opened_at=AT, due_on=AT.date()
    )
    ReviewAssignment.objects.create(
        review=other, role="validator", person=cast.ada, assigned_by=cast.olga, assigned_at=AT
    )

    seat = seats_of(review, judge_review(review, at=AT), at=AT)[1]

    assert [one.words for one in seat.free] == ["Bea Castellano, free", "Ada Okafor, 1 open review"]
    assert "Dev Menon develops this model." in [one.why_not for one in seat.others][0]


def test_what_is_assigned_waits_for_that_person_and_tells_them(cast: SimpleNamespace, review: Review) -> None:
    bea = second(cast)
    assert waiting(cast.ada) == waiting(bea) == ["Credit default v1 for production"]

    give(review, bea, "risk_officer", cast.olga)
    give(review, bea, "risk_officer", cast.olga)  # twice is once

    assert (waiting(cast.ada), waiting(bea)) == ([], ["Credit default v1 for production"])
    assert Notice.objects.get(kind="review.assigned").person == bea
    assert Event.objects.get(verb="review.assigned").detail == {"role": "risk_officer", "person": "user:bea"}
    a_signature(review, cast.ada, "risk_officer")  # others of the role still may


@pytest.mark.parametrize(
    ("person", "role", "by", "refusal"),
    [
        ("viktor", "risk_officer", "olga", Invalid),  # does not hold it
        ("dev", "validator", "dev", Invalid),  # built it
        ("ada", "owner", "olga", Invalid),  # never signs
        ("ada", "risk_officer", "viktor", NotAllowed),  # not his to give
        ("ada", "risk_officer", "aud", NotAllowed),
    ],
)
def test_only_eligible_people_are_assigned_and_by_those_who_may(
    cast: SimpleNamespace, review: Review, person: str, role: str, by: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        give(review, getattr(cast, person), role, getattr(cast, by))
    assert not ReviewAssignment.objects.exists() and not Notice.objects.exists()


def test_a_role_is_taken_and_given_back(cast: SimpleNamespace, review: Review) -> None:
    row = give(review, cast.viktor, "validator", cast.viktor)
    with pytest.raises(NotAllowed):
        unassign(assignment=row, reason="", user=cast.carl, actor=actor_of_user(cast.carl), at=AT)

    unassign(assignment=row, reason="", user=cast.viktor, actor=actor_of_user(cast.viktor), at=AT)

    with pytest.raises(Conflict):
        unassign(assignment=row, reason="", user=cast.viktor, actor=actor_of_user(cast.viktor), at=AT)
    assert not Notice.objects.exists()


def test_who_steps_back_no_longer_counts_and_never_signs_here_again(
    cast: SimpleNamespace, review: Review
) -> None:
    give(review, cast.viktor, "validator", cast.olga)
    a_signature(review, cast.viktor, "validator")
    a_signature(review, cast.ada, "risk_officer")
    assert judge_review(review, at=AT).allows

    viktor = actor_of_user(cast.viktor)
    recuse(review=review, reason="My sister built it.", person=cast.viktor, actor=viktor, at=AT)

    assert not judge_review(review, at=AT).allows
    with pytest.raises(CannotSign, match="You are recused from this review: My sister built it."):
        a_signature(review, cast.viktor, "validator")
    assert ReviewAssignment.objects.get().ended_reason == "Recused"
    assert {row.person.username for row in Notice.objects.filter(kind="review.recused")} == {"olga", "dev"}
    with pytest.raises(Conflict):
        recuse(review=review, reason="My sister built it.", person=cast.viktor, actor=viktor, at=AT)
    with pytest.raises(NotAllowed):
        recuse(review=review, reason=REASON, person=cast.aud, actor=actor_of_user(cast.aud), at=AT)
    assert Recusal.objects.count() == 1


def test_a_question_on_a_piece_of_evidence_is_answered_and_resolved(
    cast: SimpleNamespace, review: Review
) -> None:
    ada, dev = actor_of_user(cast.ada), actor_of_user(cast.dev)
    asked = comment(
        review=review,
        text="Why so few rows?",
        author=cast.ada,
        anchor="requirement.evaluation.fairness",
        is_question=True,
        actor=ada,
        at=AT,
    )
    assert {row.person.username for row in Notice.objects.all()} == {"olga", "dev"}
    assert [item.kind for item in queue_for(cast.dev, AT) if item.kind == "question"] == ["question"]

    answered = comment(review=review, text="A sample.", author=cast.dev, parent=asked, actor=dev, at=AT)
    nested = comment(review=review, text="Thanks.", author=cast.ada, parent=answered, actor=ada, at=AT)

    assert nested.parent == asked and nested.anchor == asked.anchor
    assert not [item for item in queue_for(cast.dev, AT) if item.kind == "question"]
    for stranger in (cast.dev, cast.carl):
        with pytest.raises(NotAllowed):
            resolve_question(question=asked, user=stranger, actor=dev, at=AT)
    resolve_question(question=asked, user=cast.viktor, actor=actor_of_user(cast.viktor), at=AT)
    with pytest.raises(Conflict):
        resolve_question(question=asked, user=cast.ada, actor=ada, at=AT)
    with pytest.raises(Conflict):
        resolve_question(question=answered, user=cast.dev, actor=dev, at=AT)


def test_a_thread_about_nothing_is_refused(cast: SimpleNamespace, review: Review) -> None:
    with pytest.raises(Invalid) as refused:
        comment(
            review=review, text="?", author=cast.ada, anchor="run.0", actor=actor_of_user(cast.ada), at=AT
        )
    assert refused.value.field == "anchor" and not Comment.objects.exists()


def again(review: Review, user: User, answer: str = "The caveats say now what was missing.") -> Review:
    review.refresh_from_db()
    later = AT + timedelta(hours=1)
    return ask_again(
        review=review, answer=answer, due_on=None, asker=user, actor=actor_of_user(user), at=later
    )


def test_a_request_for_changes_is_answered_in_a_new_round(cast: SimpleNamespace, review: Review) -> None:
    a_signature(review, cast.viktor, "validator", Decision.REQUEST_CHANGES)
    assert state_of(judge_review(review, at=AT), review) == CHANGES
    with pytest.raises(Invalid):
        again(review, cast.dev, "Done.")
    with pytest.raises(NotAllowed):
        again(review, cast.viktor)
    a_card(cast, review.version, caveats="Not for applicants with less than six months of history.")

    second_round = again(review, cast.dev)

    made = second_round.rounds.get()
    assert (second_round.round, made.number, made.changed) == (2, 2, ["card"])
    assert state_of(judge_review(second_round, at=AT), second_round) == WAITING
    assert Notice.objects.get(kind="review.asked_again").person == cast.viktor
    assert not judge_review(review, at=AT).allows  # the request blocks until its signer signs again
    with pytest.raises(Conflict):
        again(review, cast.dev)
    a_signature(review, cast.viktor, "validator", at=AT + timedelta(hours=2))
    a_signature(review, cast.ada, "risk_officer", at=AT + timedelta(hours=2))
    assert judge_review(review, at=AT + timedelta(hours=2)).allows


def test_an_answer_without_changed_evidence_still_comes_back_to_the_signer(
    cast: SimpleNamespace, review: Review
) -> None:
    a_signature(review, cast.viktor, "validator", Decision.REQUEST_CHANGES)
    assert waiting(cast.viktor) == []
    again(review, cast.olga)
    assert waiting(cast.viktor) == ["Credit default v1 for production"]


def test_a_date_is_moved_with_a_reason(cast: SimpleNamespace, review: Review) -> None:
    olga = actor_of_user(cast.olga)
    later = AT.date() + timedelta(days=9)
    for due_on, reason in ((later, "Late."), (AT.date() - timedelta(days=1), REASON), (None, REASON)):
        with pytest.raises(Invalid):
            change_due(review=review, due_on=due_on, reason=reason, user=cast.olga, actor=olga, at=AT)
    with pytest.raises(NotAllowed):
        change_due(review=review, due_on=later, reason=REASON, user=cast.viktor, actor=olga, at=AT)

    change_due(
        review=review, due_on=later, reason=REASON, user=cast.ada, actor=actor_of_user(cast.ada), at=AT
    )

    review.refresh_from_db()
    assert review.due_on == later and Event.objects.get(verb="review.due_changed").detail["reason"] == REASON


def test_nobody_signs_in_a_closed_review_and_its_veto_stands(cast: SimpleNamespace, review: Review) -> None:
    a_signature(review, cast.carl, "compliance_officer", Decision.REJECT)
    olga = actor_of_user(cast.olga)
    close_review(review=review, reason="The use was given up for now.", user=cast.olga, actor=olga, at=AT)

    with pytest.raises(Conflict, match="This review was closed: The use was given up for now."):
        a_signature(review, cast.ada, "risk_officer")
    with pytest.raises(Conflict):
        close_review(review=review, reason=REASON, user=cast.olga, actor=olga, at=AT)
    assert Event.objects.filter(verb="review.sign_refused").count() == 1
    assert "Carl Brandt rejected" in " ".join(
        item.reason for item in judge_review(review, at=AT).verdict.requirements
    )
