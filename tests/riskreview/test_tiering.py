"""Answers, and the risk officer's word on them."""

from types import SimpleNamespace

import pytest

from accounts.models import Role, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from policy.tiering import load_questionnaire
from registry.models import RegisteredModel
from riskreview.models import TierAssessment
from riskreview.tiering.assessing import assess_tier, confirm_tier
from tests.builders import a_model, a_version_of_viktor
from tests.conftest import AT, actor_of_user

WHY = "The use is narrower than the answers suggest."


@pytest.fixture
def model(cast: SimpleNamespace) -> RegisteredModel:
    return a_model(cast)


def answer(model: RegisteredModel, user: User, level: int = 1, flags: tuple[str, ...] = ()) -> TierAssessment:
    answers = {question.id: level for question in load_questionnaire().questions}
    return assess_tier(
        model=model, answers=answers, flags=flags, assessor=user, actor=actor_of_user(user), at=AT
    )


def confirm(
    assessment: TierAssessment, user: User, tier: str = "moderate", rationale: str = ""
) -> TierAssessment:
    return confirm_tier(
        assessment=assessment, tier=tier, rationale=rationale, officer=user, actor=actor_of_user(user), at=AT
    )


def test_answers_propose_a_tier_and_a_risk_officer_confirms_it(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    proposed = answer(model, cast.olga)
    assert (proposed.tier, proposed.is_confirmed) == ("moderate", False)

    confirmed = confirm(proposed, cast.ada)

    assert confirmed.pk == proposed.pk and confirmed.confirmed_by == cast.ada
    assert confirmed.digest != proposed.digest
    assert [event.verb for event in Event.objects.order_by("id")][-2:] == ["tier.assessed", "tier.confirmed"]


def test_what_is_not_answered_counts_as_the_worst(cast: SimpleNamespace, model: RegisteredModel) -> None:
    nothing = assess_tier(
        model=model, answers={}, flags=[], assessor=cast.olga, actor=actor_of_user(cast.olga), at=AT
    )

    assert nothing.computed_tier == "critical" and "unanswered" in nothing.explanation


@pytest.mark.parametrize("name", ["viktor", "ada", "aud", "adam"])
def test_only_the_makers_answer(cast: SimpleNamespace, model: RegisteredModel, name: str) -> None:
    with pytest.raises(NotAllowed):
        answer(model, getattr(cast, name))

    assert not TierAssessment.objects.exists()


@pytest.mark.parametrize(
    ("answers", "flags"), [({"people": 5}, []), ({"peopel": 1}, []), ({}, ["eu_annex_xx"])]
)
def test_answers_that_do_not_fit_the_questionnaire_are_refused(
    cast: SimpleNamespace, model: RegisteredModel, answers: dict[str, int], flags: list[str]
) -> None:
    with pytest.raises(Invalid):
        assess_tier(
            model=model,
            answers=answers,
            flags=flags,
            assessor=cast.olga,
            actor=actor_of_user(cast.olga),
            at=AT,
        )

    assert not TierAssessment.objects.exists()


@pytest.mark.parametrize("name", ["olga", "dev"])
def test_the_makers_never_confirm_their_own_tier(
    cast: SimpleNamespace, model: RegisteredModel, name: str
) -> None:
    user = getattr(cast, name)
    RoleGrant.objects.create(user=user, role=Role.RISK_OFFICER, granted_at=AT)
    proposed = answer(model, cast.olga)

    with pytest.raises(NotAllowed):
        confirm(proposed, user)

    proposed.refresh_from_db()
    assert not proposed.is_confirmed


def test_whoever_made_a_version_or_owns_its_data_confirms_no_tier_of_the_model(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    for user in (cast.viktor, cast.carl):
        RoleGrant.objects.create(user=user, role=Role.RISK_OFFICER, granted_at=AT)
    a_version_of_viktor(cast, model)
    proposed = answer(model, cast.olga)

    for user, said in ((cast.viktor, "You registered version 1"), (cast.ada, "You own the training data")):
        with pytest.raises(NotAllowed, match=said):
            confirm(proposed, user)

    assert confirm(proposed, cast.carl).is_confirmed


@pytest.mark.parametrize("name", ["viktor", "carl", "aud", "adam"])
def test_only_a_risk_officer_confirms(cast: SimpleNamespace, model: RegisteredModel, name: str) -> None:
    with pytest.raises(NotAllowed, match="risk officer"):
        confirm(answer(model, cast.olga), getattr(cast, name))


def test_raising_is_free(cast: SimpleNamespace, model: RegisteredModel) -> None:
    assert confirm(answer(model, cast.olga), cast.ada, "critical").tier == "critical"


def test_lowering_needs_a_rationale(cast: SimpleNamespace, model: RegisteredModel) -> None:
    proposed = answer(model, cast.olga)

    with pytest.raises(Invalid) as refused:
        confirm(proposed, cast.ada, "low", "Because.")
    assert refused.value.field == "rationale"

    assert confirm(proposed, cast.ada, "low", WHY).tier == "low"


def test_lowering_stops_at_the_floor_of_an_override(cast: SimpleNamespace, model: RegisteredModel) -> None:
    flags = ("credit_employment_housing_insurance_health_decision",)
    proposed = answer(model, cast.olga, 0, flags)
    assert proposed.computed_tier == "high"

    with pytest.raises(Invalid, match="cannot be lower than high"):
        confirm(proposed, cast.ada, "moderate", WHY)


def test_lowering_what_was_confirmed_before_needs_a_rationale_too(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    confirm(answer(model, cast.olga, 4), cast.ada, "critical")
    fewer = answer(model, cast.olga, 1)

    with pytest.raises(Invalid, match="from critical to moderate"):
        confirm(fewer, cast.ada)

    assert confirm(fewer, cast.ada, "moderate", WHY).tier == "moderate"


def test_prohibited_is_never_lowered(cast: SimpleNamespace, model: RegisteredModel) -> None:
    proposed = answer(model, cast.olga, 0, ("eu_prohibited_practice",))
    with pytest.raises(Invalid, match="cannot be lower than prohibited"):
        confirm(proposed, cast.ada, "high", WHY)

    confirm(proposed, cast.ada, "prohibited")
    with pytest.raises(Invalid, match="stays prohibited"):
        confirm(answer(model, cast.olga), cast.ada, "moderate", WHY)


def test_answers_that_newer_ones_replaced_cannot_be_confirmed(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    old = answer(model, cast.olga)
    answer(model, cast.olga, 2)

    with pytest.raises(Conflict, match="Newer answers"):
        confirm(old, cast.ada)


def test_changing_a_confirmed_tier_keeps_the_earlier_word(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    first = confirm(answer(model, cast.olga), cast.ada)
    second = confirm(first, cast.ada, "high")

    rows = list(TierAssessment.objects.order_by("pk").values_list("confirmed_tier", flat=True))
    assert rows == ["moderate", "high"] and second.pk != TierAssessment.objects.earliest("pk").pk
    with pytest.raises(Conflict, match="confirmed already"):
        confirm(second, cast.ada, "high")


def test_the_same_answers_confirmed_again_are_the_same_evidence(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    before = confirm(answer(model, cast.olga), cast.ada).digest
    after = confirm(answer(model, cast.dev), cast.ada).digest

    assert before == after
