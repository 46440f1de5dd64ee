"""Guessing passwords is held back; sessions are seen, end by themselves, and are ended with what they rest on."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Session, Throttle, User
from accounts.proving.again import prove_again
from accounts.proving.throttle import (
    WINDOW,
    Counter,
    TooManyTries,
    counters_of_login,
    give_back,
    take_try,
)
from accounts.upkeep import forget_ended
from audit.models import Event
from tests.conftest import AT, PASSWORD, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.mark.parametrize("username", ["ada", "nobody-of-that-name"])
def test_after_five_wrong_passwords_not_even_the_right_one_is_looked_at(
    username: str, cast: SimpleNamespace, client: Client
) -> None:
    given = {"username": username, "password": "guess"}
    assert [client.post("/login/", given).status_code for _ in range(7)] == [200] * 5 + [429] * 2
    held = client.post("/login/", {"username": username.upper(), "password": PASSWORD})
    assert held.status_code == 429 and "Try again in 15 minutes" in held.content.decode()
    assert client.get("/").status_code == 302
    event = Event.objects.get(verb="user.held_back")
    assert event.detail["counted_by"] == "pair"
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert elsewhere.post("/login/", {"username": "ada", "password": PASSWORD}).status_code == 302
    Throttle.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert client.post("/login/", {"username": "ada", "password": PASSWORD}).status_code == 302


def test_one_account_from_everywhere_and_one_address_against_everybody_are_held_back(
    cast: SimpleNamespace,
) -> None:
    actor = actor_of_user(cast.ada)
    for number in range(30):
        take_try(counters_of_login("ada", f"198.51.100.{number}"), subject="user:ada", actor=actor, at=AT)
    with pytest.raises(TooManyTries) as held:
        take_try(counters_of_login("Ada", "203.0.113.1"), subject="user:ada", actor=actor, at=AT)
    assert held.value.until == AT + WINDOW
    take_try(counters_of_login("ada", "203.0.113.1"), subject="user:ada", actor=actor, at=AT + WINDOW)
    for number in range(100):
        take_try(counters_of_login(f"u{number}", "203.0.113.9"), subject="user:u", actor=actor, at=AT)
    with pytest.raises(TooManyTries):
        take_try(counters_of_login("carl", "203.0.113.9"), subject="user:carl", actor=actor, at=AT)
    assert forget_ended(AT + 5 * WINDOW) > 100


def test_what_was_right_is_given_back_and_opens_no_way_to_count_anew(cast: SimpleNamespace) -> None:
    actor, counters = actor_of_user(cast.ada), (Counter("pair:x", 2), Counter("address:x", 3))
    take_try(counters, subject="s", actor=actor, at=AT)
    take_try(counters, subject="s", actor=actor, at=AT)
    give_back(counters)
    take_try(counters, subject="s", actor=actor, at=AT)
    assert Throttle.objects.get(key="address:x").failures == 2
    take_try(counters, subject="s", actor=actor, at=AT)
    with pytest.raises(TooManyTries):
        take_try(counters, subject="s", actor=actor, at=AT)


def test_a_stolen_session_cannot_guess_the_password_of_a_signature(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    actor = actor_of_user(cast.ada)
    tries = [prove_again(cast.ada, "guess", actor=actor, at=AT) for _ in range(5)]
    assert tries == [""] * 5
    with pytest.raises(TooManyTries):
        prove_again(cast.ada, PASSWORD, actor=actor, at=AT)
    assert prove_again(cast.carl, PASSWORD, actor=actor_of_user(cast.carl), at=AT) == "password"
    carl = client_of(cast.carl)
    for _ in range(6):
        given = {"old_password": "guess", "new_password1": "x" * 14, "new_password2": "x" * 14}
        answer = carl.post("/password/", given)
    assert "Too many tries" in answer.content.decode()


def test_one_sees_where_one_is_logged_in_and_ends_it(cast: SimpleNamespace, client_of: ClientOf) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    here = Client(headers={"user-agent": agent}, REMOTE_ADDR="203.0.113.5")
    here.post("/login/", {"username": "ada", "password": PASSWORD})
    there, third, carl = client_of(cast.ada), client_of(cast.ada), client_of(cast.carl)
    page = here.get("/settings/sessions/").content.decode()
    assert "Firefox on Linux, this one" in page and "203.0.113.5" in page
    assert all(session.session_key not in page for session in Session.objects.all())
    name = Session.objects.get(session_key=there.session.session_key).name
    assert carl.post("/settings/sessions/end/", {"session": name}).status_code == 302
    assert there.get("/").status_code == 200
    here.post("/settings/sessions/end/", {"session": name})
    assert (there.get("/").status_code, third.get("/").status_code) == (302, 200)
    here.post("/settings/sessions/end/")
    assert (here.get("/").status_code, third.get("/").status_code) == (200, 302)
    adam = client_of(cast.adam)
    assert "203.0.113.5" in adam.get("/people/ada/").content.decode()
    adam.post("/people/ada/sessions/end/")
    assert here.get("/").status_code == 302
    assert Event.objects.filter(verb="session.ended", subject="user:ada").count() == 3


def test_sessions_end_by_themselves_when_idle_or_old(
    cast: SimpleNamespace, client_of: ClientOf, settings: Settings
) -> None:
    def moved(client: Client, **back: timedelta) -> int:
        session = client.session
        for name, time in back.items():
            session[name] -= time.total_seconds()
        session.save()
        return client.get("/settings/").status_code

    hour = timedelta(hours=1)
    assert moved(client_of(cast.ada), seen=1.9 * hour, began=11.9 * hour) == 200
    assert moved(client_of(cast.ada), seen=2.1 * hour) == 302
    assert moved(client_of(cast.ada), began=12.1 * hour) == 302
    assert Event.objects.filter(verb="session.ended").count() == 2
    used = client_of(cast.ada)
    moved(used, seen=hour)
    assert timezone.now().timestamp() - used.session["seen"] < 60
    settings.SESSION_IDLE_SECONDS = 60
    assert moved(used, seen=timedelta(seconds=61)) == 302
