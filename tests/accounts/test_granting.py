"""Roles of consequence are given by two people, and whoever gives roles does not sign."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.granting.actions import ask_role, confirm_role, grant_alone
from accounts.granting.models import RoleWish, WishState
from accounts.models import Notice, Role, RoleGrant, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from riskreview.reviews.given import CannotSign
from tests.builders import a_signature, active_policy, ready_to_sign
from tests.conftest import AT, PASSWORD, actor_of_user
from tests.forms import send

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
WHY = "Takes over from Viktor in December."


def a_wish(cast: SimpleNamespace, role: Role = Role.VALIDATOR) -> RoleWish:
    """Adam asks that Dev holds a role."""
    return ask_role(
        person=cast.dev, role=role, why=WHY, asker=cast.adam, actor=actor_of_user(cast.adam), at=AT
    )


def verbs(subject: str) -> list[str]:
    """What the record says about somebody, oldest first."""
    return list(Event.objects.filter(subject=subject).order_by("pk").values_list("verb", flat=True))


def test_a_signing_role_is_held_only_after_a_second_person_confirms(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    adam, carl = client_of(cast.adam), client_of(cast.carl)
    page = send(adam, "/people/dev/", roles=["developer", "auditor", "validator"], why=WHY)
    assert page.status_code == 302
    assert User.objects.get(username="dev").roles == {"developer", "auditor"}
    wish = RoleWish.objects.get()
    assert Notice.objects.filter(person=cast.carl, url=f"/role-requests/{wish.pk}/").exists()
    address = f"/role-requests/{wish.pk}/"
    assert adam.post(f"{address}confirm/", {"password": PASSWORD}).status_code == 403
    assert client_of(cast.ada).get(address).status_code == 403
    wrong = carl.post(f"{address}confirm/", {"password": "no"})
    assert (wrong.status_code, "not your password" in wrong.content.decode()) == (400, True)
    assert "validator" not in User.objects.get(username="dev").roles
    assert send(carl, address, to="confirm", password=PASSWORD).status_code == 302
    grant = RoleGrant.objects.get(user=cast.dev, role="validator")
    assert grant.granted_by == cast.adam
    told = Event.objects.get(subject="user:dev", verb="role.granted", detail__role="validator")
    assert told.actor == "user:carl"
    assert (told.detail["asked_by"], told.detail["why"]) == ("user:adam", WHY)
    assert verbs("user:dev") == [
        "role.granted",
        "role.asked",
        "role.confirm_refused",
        "role.confirm_refused",
        "role.granted",
    ]
    assert "Dev Menon" in client_of(cast.aud).get("/role-requests/").content.decode()


def test_a_wish_is_refused_with_a_reason_or_withdrawn_by_who_had_it(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    first = a_wish(cast)
    with pytest.raises(Conflict, match="waits for a second person already"):
        a_wish(cast)
    carl, adam = client_of(cast.carl), client_of(cast.adam)
    assert carl.post(f"/role-requests/{first.pk}/withdraw/").status_code == 403
    assert carl.post(f"/role-requests/{first.pk}/refuse/", {"note": "no"}).status_code == 400
    page = f"/role-requests/{first.pk}/"
    assert send(carl, page, to="refuse", note="He builds the models.").status_code == 302
    second = a_wish(cast)
    assert send(adam, f"/role-requests/{second.pk}/", to="withdraw").status_code == 302
    states = RoleWish.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [WishState.REFUSED, WishState.WITHDRAWN]
    assert not cast.dev.grants.filter(role="validator").exists()
    assert "user:adam" not in {
        note.person.ref for note in Notice.objects.filter(key__startswith="role-asked")
    }
    with pytest.raises(IntegrityError):
        RoleWish.objects.create(
            person=cast.dev, role="validator", state="confirmed", asked_by=cast.adam, asked_at=AT
        )


def test_the_maker_of_an_account_cannot_sign_with_it(cast: SimpleNamespace, client_of: ClientOf) -> None:
    first, own = "an entirely other battery staple", "and now one of her own choosing"
    new = {"username": "nora", "first_name": "Nora", "last_name": "Vik", "email": "", "password": first}
    made = client_of(cast.adam).post("/people/new/", new | {"roles": ["validator"], "why": WHY})
    assert made.status_code == 302
    wish = RoleWish.objects.get()
    page = f"/role-requests/{wish.pk}/"
    assert "knows its password" in client_of(cast.carl).get(page).content.decode()
    assert client_of(cast.carl).post(f"{page}confirm/", {"password": PASSWORD}).status_code == 409
    nora = client_of(wish.person)
    change = {"old_password": first, "new_password1": own, "new_password2": own}
    assert nora.post("/password/", change).status_code == 302
    assert send(client_of(cast.carl), page, to="confirm", password=PASSWORD).status_code == 302
    assert wish.person.grants.get().role == "validator"


def test_what_was_asked_long_ago_or_by_a_former_administrator_is_not_confirmed(cast: SimpleNamespace) -> None:
    wish, carl = a_wish(cast), actor_of_user(cast.carl)
    with pytest.raises(Conflict, match="more than a week"):
        confirm_role(wish=wish, password=PASSWORD, confirmer=cast.carl, actor=carl, at=AT + timedelta(days=8))
    cast.adam.grants.all().delete()
    with pytest.raises(Conflict, match="no administrator any more"):
        confirm_role(wish=wish, password=PASSWORD, confirmer=cast.carl, actor=carl, at=AT)
    with pytest.raises(NotAllowed, match="Only an administrator or a compliance officer"):
        confirm_role(wish=wish, password=PASSWORD, confirmer=cast.bea, actor=actor_of_user(cast.bea), at=AT)
    with pytest.raises(NotAllowed, match="your own role"):
        own = RoleWish.objects.create(
            person=cast.carl, role="risk_officer", why=WHY, asked_by=cast.adam, asked_at=AT
        )
        confirm_role(wish=own, password=PASSWORD, confirmer=cast.carl, actor=carl, at=AT)


def test_whoever_gives_roles_does_not_sign(
    cast: SimpleNamespace, client_of: ClientOf, settings: Settings
) -> None:
    page = client_of(cast.adam).post("/people/ada/", {"roles": ["risk_officer", "administrator"], "why": WHY})
    assert "Whoever gives roles does not sign" in page.content.decode()
    active_policy(cast)
    review = ready_to_sign(cast).reviews.get()
    RoleGrant.objects.create(user=cast.viktor, role=Role.ADMINISTRATOR, granted_at=AT)  # from before
    viktor = User.objects.get(username="viktor")
    with pytest.raises(CannotSign, match="You are an administrator"):
        a_signature(review, viktor, "validator")
    assert "You are an administrator" in client_of(viktor).get(f"/reviews/{review.pk}/").content.decode()
    assert not review.signoffs.exists()
    settings.ADMINISTRATORS_MAY_SIGN = True
    assert a_signature(review, viktor, "validator").signer == viktor


def test_an_operator_gives_a_role_alone_and_loudly(
    cast: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="A reason is needed"):
        call_command("grant_role", "dev", "compliance_officer", "--alone", "why", "--as", "adam")
    with pytest.raises(CommandError, match="no administrator"):
        call_command("grant_role", "dev", "compliance_officer", "--alone", WHY, "--as", "bea")
    call_command("grant_role", "dev", "compliance_officer", "--alone", WHY, "--as", "adam")
    assert "One person gave this role" in capsys.readouterr().err
    event = Event.objects.get(verb="role.granted_alone")
    assert (event.actor, event.detail["by"], event.detail["reason"]) == ("system:operator", "user:adam", WHY)
    assert set(
        Notice.objects.filter(key__startswith="role-alone").values_list("person__username", flat=True)
    ) == {"adam", "aud", "carl", "dev"}
    with pytest.raises(Invalid, match="Nobody grants a role to themselves"):
        grant_alone(
            person=cast.adam,
            role=Role.VALIDATOR,
            reason=WHY,
            answers=cast.adam,
            actor=actor_of_user(cast.adam),
            at=AT,
        )
