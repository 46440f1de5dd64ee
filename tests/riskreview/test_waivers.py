"""Waivers: who may ask, who may grant, what never can be, and when one stops counting."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Notice, RoleGrant
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.models import Event
from policy.result import Verdict
from registry.models import ModelVersion
from riskreview.exceptions.facts import break_glass_of, waivers_of
from riskreview.exceptions.reminders import remind_waivers
from riskreview.exceptions.waivers import end_waiver
from riskreview.judgement import judge_version
from riskreview.models import Decision, Review, Waiver, WaiverState
from riskreview.reviews.given import WrongPassword
from riskreview.tiering.assessing import assess_tier
from tests.builders import (
    EXPLAINABILITY,
    a_card,
    a_measurement,
    a_review,
    a_signature,
    a_version,
    a_waiver,
    a_wish,
    fully_signed,
    step_back,
    unexplained,
    word_on,
)
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
REASON = "The vendor published its explanations."


@pytest.fixture
def lacking(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """Signed by everybody, and not explained."""
    return fully_signed(cast, unexplained(cast, version))


def verdict(version: ModelVersion, days: int = 0) -> Verdict:
    return judge_version(version, "production", at=AT + days * DAY).verdict


def verbs() -> list[str]:
    return list(
        Event.objects.filter(verb__startswith="waiver.").order_by("id").values_list("verb", flat=True)
    )


def test_a_waiver_counts_once_every_role_approved_it_and_until_its_last_day(
    cast: SimpleNamespace, lacking: ModelVersion
) -> None:
    assert verdict(lacking).decision == "deny"
    waiver = a_wish(cast, lacking)
    word_on(waiver, cast.ada, "risk_officer")
    assert verdict(lacking).decision == "deny"
    granted = word_on(waiver, cast.carl, "compliance_officer")
    assert (granted.state, granted.granted_at) == (WaiverState.GRANTED, AT)
    assert (verdict(lacking).decision, verdict(lacking).basis) == ("allow", "waiver")
    assert verdict(lacking, 30).decision == "allow"
    assert verdict(lacking, 31).decision == "deny"
    assert verbs() == ["waiver.requested", "waiver.approved", "waiver.granted"]


def test_granting_a_waiver_leaves_every_signature_fresh(cast: SimpleNamespace, lacking: ModelVersion) -> None:
    before = judge_version(lacking, "production", at=AT)
    a_waiver(cast, lacking)
    after = judge_version(lacking, "production", at=AT)
    assert (before.digest, after.allows) == (after.digest, True)


def test_revoking_it_denies_from_then_on(cast: SimpleNamespace, lacking: ModelVersion) -> None:
    waiver = a_waiver(cast, lacking)
    with pytest.raises(Invalid, match="A reason is needed"):
        end_waiver(waiver=waiver, reason="no", user=cast.ada, actor=actor_of_user(cast.ada), at=AT)
    with pytest.raises(NotAllowed):
        end_waiver(waiver=waiver, reason=REASON, user=cast.aud, actor=actor_of_user(cast.aud), at=AT)
    ended = end_waiver(waiver=waiver, reason=REASON, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)
    assert (ended.state, verdict(lacking).decision) == (WaiverState.REVOKED, "deny")
    with pytest.raises(Conflict):
        end_waiver(waiver=waiver, reason=REASON, user=cast.ada, actor=actor_of_user(cast.ada), at=AT)


Spoil = Callable[[SimpleNamespace], dict[str, object]]
BAD_WISHES: list[tuple[str, Spoil, type[Refusal], str]] = [
    ("by an auditor", lambda c: {"by": c.aud}, NotAllowed, "Only the owner, the developers and validators"),
    ("by a risk officer", lambda c: {"by": c.ada}, NotAllowed, "Only the owner"),
    ("of the tier", lambda c: {"requirement": "tier_confirmed"}, Conflict, "can never be waived"),
    ("of the files", lambda c: {"requirement": "artifact_verified"}, Conflict, "can never be waived"),
    ("of a signature", lambda c: {"requirement": "signoff.validator"}, Conflict, "The policy never lets"),
    ("of what is met", lambda c: {"requirement": "evaluation.fairness"}, Conflict, "It is not unmet"),
    ("of nothing asked", lambda c: {"requirement": "evaluation.poetry"}, Conflict, "asks no requirement"),
    ("without a reason", lambda c: {"why": "Because."}, Invalid, "Say why"),
    ("without controls", lambda c: {"controls": " " * 30}, Invalid, "Say what is done instead"),
    ("until yesterday", lambda c: {"last_day": (AT - DAY).date()}, Invalid, "lies in the past"),
    (
        "for too long",
        lambda c: {"last_day": (AT + 91 * DAY).date()},
        Invalid,
        "19 February 2027 at the latest",
    ),
]


@pytest.mark.parametrize(("name", "spoil", "kind", "said"), BAD_WISHES, ids=[row[0] for row in BAD_WISHES])
def test_what_nobody_can_ask_for(
    cast: SimpleNamespace, lacking: ModelVersion, name: str, spoil: Spoil, kind: type[Refusal], said: str
) -> None:
    with pytest.raises(kind, match=said):
        a_wish(cast, lacking, **spoil(cast))
    assert not Waiver.objects.exists()


def test_it_is_asked_for_once(cast: SimpleNamespace, lacking: ModelVersion) -> None:
    waiver = a_wish(cast, lacking)
    with pytest.raises(Conflict, match=f"W-{waiver.pk} asks for this already"):
        a_wish(cast, lacking, by=cast.dev)
    with pytest.raises(IntegrityError), transaction.atomic():
        waiver.pk = None
        waiver.save(force_insert=True)


Word = Callable[[SimpleNamespace, Waiver], object]
BAD_WORDS: list[tuple[str, Word, type[Refusal], str]] = [
    ("by its requester", lambda c, w: word_on(w, c.olga, "risk_officer"), NotAllowed, "You own this model"),
    ("by a developer", lambda c, w: word_on(w, c.dev, "risk_officer"), NotAllowed, "You hold no role"),
    ("in a role not held", lambda c, w: word_on(w, c.ada, "compliance_officer"), NotAllowed, "does not wait for"),
    ("in a role not asked", lambda c, w: word_on(w, c.viktor, "validator"), NotAllowed, "You hold no role"),
    ("with a wrong password", lambda c, w: word_on(w, c.ada, "risk_officer", password="x"), WrongPassword, "not your"),
    ("a refusal without a reason", lambda c, w: word_on(w, c.ada, "risk_officer", approves=False), Invalid, "Say why"),
    ("after its last day", lambda c, w: word_on(w, c.ada, "risk_officer", at=AT + 31 * DAY), Invalid, "past"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "word", "kind", "said"), BAD_WORDS, ids=[row[0] for row in BAD_WORDS])
def test_words_that_do_not_count_are_refused_and_recorded(
    cast: SimpleNamespace, lacking: ModelVersion, name: str, word: Word, kind: type[Refusal], said: str
) -> None:
    waiver = a_wish(cast, lacking)
    with pytest.raises(kind, match=said):
        word(cast, waiver)
    assert not waiver.approvals.exists()
    assert verbs() == ["waiver.requested", "waiver.denied"]


def test_one_person_approves_in_one_role_only(cast: SimpleNamespace, lacking: ModelVersion) -> None:
    RoleGrant.objects.create(user=cast.ada, role="compliance_officer", granted_at=AT)
    waiver = a_wish(cast, lacking)
    word_on(waiver, cast.ada, "risk_officer")
    with pytest.raises(NotAllowed, match="one person signs for one role only"):
        word_on(waiver, cast.ada, "compliance_officer")


def test_whoever_stepped_back_from_the_review_does_not_approve_and_is_not_asked(
    cast: SimpleNamespace, lacking: ModelVersion
) -> None:
    step_back(lacking, cast.carl)
    waiver = a_wish(cast, lacking)
    with pytest.raises(NotAllowed, match="You are recused from this review: My sister built it."):
        word_on(waiver, cast.carl, "compliance_officer")
    asked = Notice.objects.filter(key=f"waiver-{waiver.pk}-asked")
    assert [notice.person for notice in asked] == [cast.ada]


def test_a_validator_who_asks_does_not_approve(cast: SimpleNamespace, lacking: ModelVersion) -> None:
    RoleGrant.objects.create(user=cast.viktor, role="risk_officer", granted_at=AT)
    waiver = a_wish(cast, lacking, by=cast.viktor)
    with pytest.raises(NotAllowed, match="You asked for this waiver"):
        word_on(waiver, cast.viktor, "risk_officer")


def test_a_veto_stops_the_grant(cast: SimpleNamespace, version: ModelVersion, review: Review) -> None:
    unexplained(cast, version)
    waiver = a_waiver(cast, version)
    a_signature(review, cast.viktor, "validator", Decision.REJECT)
    assert waiver.state == WaiverState.GRANTED
    assert verdict(version).decision == "deny"


def test_a_higher_tier_asks_for_the_ethics_committee_too(
    cast: SimpleNamespace, lacking: ModelVersion
) -> None:
    a_waiver(cast, lacking)
    answers = lacking.model.tier_assessments.get()
    assess_tier(
        model=lacking.model,
        answers=dict.fromkeys(answers.answers, 4),
        flags=list(answers.flags),
        assessor=cast.olga,
        actor=actor_of_user(cast.olga),
        at=AT,
    )
    found = next(item for item in verdict(lacking).requirements if item.id == EXPLAINABILITY)
    assert found.result == "unsatisfied"
    assert "lacks an approval as ethics committee member" in found.reason


def test_a_waiver_of_the_model_covers_the_next_version(cast: SimpleNamespace, lacking: ModelVersion) -> None:
    other = made_ready_again(cast, lacking)
    a_waiver(cast, lacking, last_day=(AT + 2 * DAY).date())
    assert verdict(other).decision == "deny"
    a_waiver(cast, lacking, whole_model=True)
    assert (verdict(other).decision, verdict(other).basis) == ("allow", "waiver")


def made_ready_again(cast: SimpleNamespace, version: ModelVersion) -> ModelVersion:
    """A second version of the model that everybody signed and that is not explained either."""
    second = a_version(cast, version.model, "2")
    a_card(cast, second)
    for run in version.evaluations.order_by("pk"):
        a_measurement(cast, second, run.dataset, run.kind, (run.result or {})["overall"])
    a_review(cast, second)
    return fully_signed(cast, second)


def test_those_who_must_know_are_told(cast: SimpleNamespace, lacking: ModelVersion) -> None:
    waiver = a_wish(cast, lacking)
    assert set(told(f"waiver-{waiver.pk}-asked")) == {"ada", "carl"}
    word_on(waiver, cast.ada, "risk_officer", approves=False, note="There is a way to explain it.")
    assert told(f"waiver-{waiver.pk}-refused") == ["olga"]


def test_its_end_is_announced_at_thirty_seven_and_one_days(
    cast: SimpleNamespace, lacking: ModelVersion
) -> None:
    waiver = a_waiver(cast, lacking, last_day=(AT + 40 * DAY).date())
    for days in range(42):
        remind_waivers(AT + days * DAY)
        remind_waivers(AT + days * DAY)
    keys = Notice.objects.filter(person=cast.olga, kind="waiver_ends").order_by("at")
    assert [(row.key, (row.at - AT).days) for row in keys] == [
        (f"waiver-{waiver.pk}-ends-30", 10),
        (f"waiver-{waiver.pk}-ends-7", 33),
        (f"waiver-{waiver.pk}-ends-1", 39),
        (f"waiver-{waiver.pk}-ended", 41),
    ]
    recorded = Event.objects.filter(verb="waiver.ending", subject=waiver.ref).order_by("id")
    assert [event.detail["days"] for event in recorded] == [30, 7, 1]


def told(key: str) -> list[str]:
    return list(
        Notice.objects.filter(key=key).order_by("person__username").values_list("person__username", flat=True)
    )


def test_reading_exceptions_takes_two_queries_whatever_their_number(
    cast: SimpleNamespace,
    lacking: ModelVersion,
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    with django_assert_num_queries(2):
        waivers_of([lacking])
        break_glass_of([lacking.pk])
