"""People and their roles: granted by administrators, never to themselves, always on the record."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import ProtectedError
from django.test import Client

from accounts.actions import grant_role
from accounts.models import Role, User
from accounts.refusals import Invalid
from audit.models import Event
from tests.conftest import AT, PASSWORD, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
NEW: dict[str, Any] = {
    "username": "nora",
    "first_name": "Nora",
    "last_name": "Vik",
    "email": "",
    "password": "an entirely other battery staple",
    "roles": ["auditor"],
}


def test_an_administrator_adds_a_person_with_roles(cast: SimpleNamespace, client_of: ClientOf) -> None:
    assert client_of(cast.adam).post("/people/new/", NEW).status_code == 302
    nora = User.objects.get(username="nora")
    assert nora.roles == {"auditor"}
    assert nora.grants.get().granted_by == cast.adam
    assert [event.verb for event in Event.objects.filter(subject="user:nora").order_by("id")] == [
        "user.created",
        "role.granted",
    ]
    assert NEW["password"] not in "".join(Event.objects.values_list("payload", flat=True))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "ada"}, "is taken"),
        ({"username": "no spaces"}, "letters, numbers, underscores or hyphens"),
        ({"password": "short"}, "at least 12 characters"),
        ({"roles": ["emperor"]}, "emperor"),
    ],
)
def test_a_person_that_cannot_be_added_leaves_nothing_behind(
    changes: dict[str, Any], words: str, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    known = User.objects.count()
    answer = client_of(cast.adam).post("/people/new/", NEW | changes)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert User.objects.count() == known
    assert not Event.objects.exists()


def test_roles_are_given_and_taken_back_each_with_its_event(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    roles = ["auditor", "developer"]
    assert client_of(cast.adam).post("/people/dev/", {"roles": roles}).status_code == 302
    assert set(User.objects.get(username="dev").roles) == set(roles)
    assert client_of(cast.adam).post("/people/dev/", {"roles": ["developer"]}).status_code == 302
    events = Event.objects.filter(subject="user:dev").order_by("id")
    assert [(event.verb, event.detail["role"]) for event in events] == [
        ("role.granted", "auditor"),
        ("role.revoked", "auditor"),
    ]


def test_nobody_gives_a_role_to_themselves(cast: SimpleNamespace, client_of: ClientOf) -> None:
    roles = ["administrator", "risk_officer"]
    page = client_of(cast.adam).post("/people/adam/", {"roles": roles}).content.decode()
    assert "You cannot grant a role to yourself" in page
    assert set(User.objects.get(username="adam").roles) == {"administrator"}
    with pytest.raises(Invalid):
        actor = actor_of_user(cast.adam)
        grant_role(user=cast.adam, role=Role.VALIDATOR, granter=cast.adam, actor=actor, at=AT)
    assert not Event.objects.exists()


def test_an_administrator_cannot_step_down_or_lock_themselves_out(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    client = client_of(cast.adam)
    assert "from yourself" in client.post("/people/adam/", {"csrfmiddlewaretoken": "x"}).content.decode()
    client.post("/people/adam/active/", {"active": "no"})
    adam = User.objects.get(username="adam")
    assert adam.is_active
    assert adam.is_administrator


def test_who_is_disabled_can_be_let_in_again(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.adam)
    client.post("/people/dev/active/", {"active": "no"})
    assert not User.objects.get(username="dev").is_active
    client.post("/people/dev/active/", {"active": "yes"})
    assert User.objects.get(username="dev").check_password(PASSWORD)
    assert list(Event.objects.order_by("id").values_list("verb", flat=True)) == [
        "user.disabled",
        "user.enabled",
    ]


def test_everybody_sees_who_holds_which_role(cast: SimpleNamespace, client_of: ClientOf) -> None:
    page = client_of(cast.aud).get("/people/").content.decode()
    assert "Ada Okafor" in page
    assert "Risk officer" in page


def test_a_person_who_stands_in_the_record_is_never_deleted(cast: SimpleNamespace) -> None:
    with pytest.raises(ProtectedError):
        cast.ada.delete()
