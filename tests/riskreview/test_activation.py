"""Two people activate a pack: who, on what ground, and what is refused."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import Notice, User
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.models import Event
from registry.models import ModelVersion
from riskreview.models import Activation, ActivationState, PolicyPack, Simulation
from riskreview.policies.activation import (
    activate_alone,
    ask_activation,
    confirm_activation,
    install_pack,
    refuse_activation,
    withdraw_activation,
)
from riskreview.policies.packs import activate_pack, import_pack
from riskreview.policies.simulations import request_simulation
from tests import builders
from tests.conftest import AT, PASSWORD, actor_of_user

pytestmark = pytest.mark.django_db
WHY = "The committee decided so on Monday."


@pytest.fixture
def pack(cast: SimpleNamespace, version: ModelVersion) -> PolicyPack:
    """A pack that is not in force; the default one is."""
    return builders.another_pack(cast)


@pytest.fixture
def wish(cast: SimpleNamespace, pack: PolicyPack) -> Activation:
    """Carl asks for it."""
    return builders.an_activation(cast, pack)


def ask(preview: Simulation, asker: User, **changes: Any) -> Activation:
    given: dict[str, Any] = {"seen_digest": preview.result_digest, "why": WHY, "at": timezone.now()}
    return ask_activation(simulation=preview, asker=asker, actor=actor_of_user(asker), **(given | changes))


def confirm(wish: Activation, who: User, password: str = PASSWORD, **changes: Any) -> PolicyPack:
    given: dict[str, Any] = {"at": timezone.now()}
    return confirm_activation(
        activation=wish, password=password, confirmer=who, actor=actor_of_user(who), **(given | changes)
    )


def in_force() -> str:
    return str(PolicyPack.objects.get(active=True))


def newest_event() -> Event:
    return Event.objects.latest("id")


def test_one_asks_another_confirms_and_both_stand_in_the_record(
    cast: SimpleNamespace, wish: Activation
) -> None:
    assert in_force() == "default v3"
    confirm(wish, cast.ada)

    assert in_force() == "default v4"
    wish.refresh_from_db()
    assert (wish.state, wish.decided_by) == (ActivationState.CONFIRMED, cast.ada)
    event = newest_event()
    assert (event.verb, event.actor) == ("policy.activated", "user:ada")
    assert event.detail["asked_by"] == "user:carl" and event.detail["confirmed_by"] == "user:ada"
    assert wish.simulation is not None and event.detail["preview"] == wish.simulation.result_digest


def test_those_who_can_confirm_are_told_and_later_everybody_else(
    cast: SimpleNamespace, wish: Activation
) -> None:
    told = Notice.objects.filter(key=f"policy-activation-{wish.pk}")
    assert {notice.person for notice in told} == {cast.ada, cast.adam}
    assert told[0].url == f"/policy/previews/{wish.simulation_id}/"
    confirm(wish, cast.ada)
    assert {notice.person for notice in Notice.objects.filter(key__startswith="policy-active")} == {
        cast.carl,
        cast.adam,
    }


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("carl", "You asked for it"),
        ("viktor", "Only an administrator, a risk officer or a compliance officer"),
        ("dev", "Only an administrator"),
        ("aud", "Only an administrator"),
    ],
)
def test_nobody_else_confirms_and_the_try_is_recorded(
    cast: SimpleNamespace, wish: Activation, who: str, reason: str
) -> None:
    with pytest.raises(NotAllowed, match=reason) as refused:
        confirm(wish, getattr(cast, who))
    assert refused.value.remedy == "Who can: Ada Okafor, Adam Weiss."
    assert in_force() == "default v3"
    assert (newest_event().verb, newest_event().actor) == ("policy.confirm_refused", f"user:{who}")
    with pytest.raises(NotAllowed, match=reason):
        refuse_activation(
            activation=wish, note=WHY, user=getattr(cast, who), actor=actor_of_user(cast.carl), at=AT
        )


def test_a_wrong_password_activates_nothing(cast: SimpleNamespace, wish: Activation) -> None:
    with pytest.raises(Invalid, match="not your password"):
        confirm(wish, cast.ada, "guess")
    assert in_force() == "default v3" and newest_event().detail == {
        "reason": "This is not your password or code."
    }


def test_a_role_removed_a_second_ago_no_longer_confirms(cast: SimpleNamespace, wish: Activation) -> None:
    assert cast.ada.roles == {"risk_officer"}  # read, and remembered by the object
    cast.ada.grants.all().delete()
    with pytest.raises(NotAllowed):
        confirm(wish, cast.ada)


def test_a_wish_of_somebody_who_lost_the_role_does_not_count(cast: SimpleNamespace, wish: Activation) -> None:
    cast.carl.grants.all().delete()
    with pytest.raises(Conflict, match="Carl Brandt may not activate packs any more"):
        confirm(wish, cast.ada)


def test_a_preview_against_a_pack_that_is_no_longer_in_force_does_not_count(
    cast: SimpleNamespace, wish: Activation
) -> None:
    text = builders.DEFAULT_PACK.read_text().replace("version: 3\n", "version: 9\n", 1)
    third = import_pack(text, source="x", actor=actor_of_user(cast.adam), at=AT)
    activate_pack(third, actor=actor_of_user(cast.adam), at=AT)
    with pytest.raises(Conflict, match="Another pack came into force since the preview"):
        confirm(wish, cast.ada)


def test_a_wish_of_last_week_does_not_count(cast: SimpleNamespace, wish: Activation) -> None:
    with pytest.raises(Conflict, match="more than a week ago"):
        confirm(wish, cast.ada, at=timezone.now() + timedelta(days=8))


def test_it_is_decided_once(cast: SimpleNamespace, wish: Activation) -> None:
    confirm(wish, cast.ada)
    for again in (cast.adam, cast.ada):
        with pytest.raises(Conflict, match="decided already: confirmed"):
            confirm(wish, again)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seen_digest": "sha256:0"}, "not the result that you saw"),
        ({"seen_digest": ""}, "not the result that you saw"),
        ({"why": "so"}, "A reason is needed"),
        ({"at": AT + timedelta(days=3650)}, "more than a day old"),
    ],
)
def test_asking_needs_a_fresh_preview_that_was_seen_and_a_reason(
    cast: SimpleNamespace, pack: PolicyPack, changes: dict[str, Any], reason: str
) -> None:
    preview = builders.a_preview(cast, pack)
    with pytest.raises(Refusal, match=reason):
        ask(preview, cast.ada, **changes)
    assert not Activation.objects.exists()


def test_asking_is_for_those_who_answer_for_the_policy_and_once(
    cast: SimpleNamespace, wish: Activation
) -> None:
    assert wish.simulation is not None
    with pytest.raises(NotAllowed, match="needed to activate a policy pack"):
        ask(wish.simulation, cast.olga)
    with pytest.raises(Conflict, match="Carl Brandt asked for it already"):
        ask(wish.simulation, cast.ada)


def test_a_preview_without_a_result_is_no_ground(cast: SimpleNamespace, pack: PolicyPack) -> None:
    carl = actor_of_user(cast.carl)
    waiting = request_simulation(pack=pack, requester=cast.carl, actor=carl, at=AT)
    with pytest.raises(Conflict, match="has no result"):
        ask(waiting, cast.carl)


def test_the_second_person_may_refuse_and_the_first_withdraw(cast: SimpleNamespace, wish: Activation) -> None:
    ada, carl = actor_of_user(cast.ada), actor_of_user(cast.carl)
    with pytest.raises(NotAllowed, match="Only Carl Brandt takes this back"):
        withdraw_activation(activation=wish, user=cast.ada, actor=ada, at=AT)
    with pytest.raises(Invalid, match="A reason is needed"):
        refuse_activation(activation=wish, note="no", user=cast.ada, actor=ada, at=AT)
    refuse_activation(activation=wish, note="It denies a deployed version.", user=cast.ada, actor=ada, at=AT)
    assert newest_event().verb == "policy.activation_refused"
    assert Notice.objects.get(person=cast.carl).text.startswith("Ada Okafor refused to activate default v4")

    assert wish.simulation is not None
    again = ask(wish.simulation, cast.carl)
    withdraw_activation(activation=again, user=cast.carl, actor=carl, at=AT)
    with pytest.raises(Conflict, match="withdrawn"):
        confirm(again, cast.ada)
    assert in_force() == "default v3"


def test_the_database_knows_that_it_takes_two(cast: SimpleNamespace, wish: Activation) -> None:
    with pytest.raises(IntegrityError):
        Activation.objects.filter(pk=wish.pk).update(state="confirmed", decided_by=cast.carl)


def test_a_pack_in_force_that_cannot_be_read_is_replaced_by_two_people(
    cast: SimpleNamespace, pack: PolicyPack
) -> None:
    PolicyPack.objects.filter(active=True).update(source="name: tampered")
    wish = builders.an_activation(cast, pack)
    assert wish.simulation is not None and wish.simulation.result is not None
    assert wish.simulation.result["denied"] == 0  # everything is denied today
    confirm(wish, cast.ada)
    assert in_force() == "default v4"


def test_an_operator_installs_the_first_pack_and_no_second(cast: SimpleNamespace) -> None:
    operator = actor_of_user(cast.adam)
    first = builders.another_pack(cast)
    install_pack(first, actor=operator, at=AT)
    text = builders.DEFAULT_PACK.read_text()
    second = import_pack(text, source="x", actor=operator, at=AT)
    with pytest.raises(Conflict, match="another pack needs two people") as refused:
        install_pack(second, actor=operator, at=AT)
    assert "--emergency" in refused.value.remedy and in_force() == "default v4"


def test_an_emergency_names_its_person_and_reason_loudly(
    cast: SimpleNamespace, wish: Activation, client_of: Any
) -> None:
    operator = actor_of_user(cast.adam)
    for person, reason in ((cast.dev, WHY), (cast.ada, "now")):
        with pytest.raises(Refusal):
            activate_alone(wish.pack, reason=reason, person=person, actor=operator, at=AT)
    activate_alone(wish.pack, reason="The old pack lets a hole pass.", person=cast.ada, actor=operator, at=AT)

    event = newest_event()
    assert (event.verb, event.detail["by"]) == ("policy.activated_alone", "user:ada")
    assert event.detail["reason"] == "The old pack lets a hole pass."
    wish.refresh_from_db()
    assert (in_force(), wish.state) == ("default v4", ActivationState.WITHDRAWN)
    assert {row.person for row in Notice.objects.filter(key__startswith="policy-alone")} == {
        cast.ada,
        cast.carl,
        cast.adam,
    }
    page = client_of(cast.aud).get("/policy/").content.decode()
    assert "One person activated this pack" in page and "The old pack lets a hole pass." in page
