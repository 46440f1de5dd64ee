"""Logging in and out, one's own password and settings; every knock is recorded."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import set_active
from accounts.models import User
from audit.models import Event
from tests.conftest import AT, PASSWORD, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
NEW = "an entirely other battery staple"


def test_the_right_password_opens_the_page_that_was_asked_for(cast: SimpleNamespace, client: Client) -> None:
    answer = client.get("/reviews/")
    assert answer["Location"] == "/login/?next=/reviews/"
    answer = client.post("/login/", {"username": "ada", "password": PASSWORD, "next": "/reviews/"})
    assert answer["Location"] == "/reviews/"
    assert client.get("/reviews/").status_code == 200
    event = Event.objects.get(verb="user.logged_in")
    assert (event.actor, event.subject) == ("user:ada", "user:ada")


@pytest.mark.parametrize(("username", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("ada", "")])
def test_a_wrong_password_opens_nothing_and_is_recorded_without_it(
    username: str, password: str, cast: SimpleNamespace, client: Client
) -> None:
    answer = client.post("/login/", {"username": username, "password": password})
    assert answer.status_code == 200
    assert "Name and password do not match" in answer.content.decode()
    assert client.get("/").status_code == 302
    event = Event.objects.get(verb="user.login_failed")
    assert event.subject == f"user:{username}"
    assert PASSWORD not in event.payload
    assert not Event.objects.filter(verb="user.logged_in").exists()


def test_the_log_in_leads_nowhere_else(cast: SimpleNamespace, client: Client) -> None:
    given = {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/login/", given)["Location"] == "/"


def test_a_disabled_person_cannot_log_in_and_is_out_at_once(
    cast: SimpleNamespace, client: Client, client_of: ClientOf
) -> None:
    inside = client_of(cast.ada)
    assert inside.get("/").status_code == 200
    set_active(user=cast.ada, active=False, actor=actor_of_user(cast.adam), at=AT)
    assert inside.get("/").status_code == 302
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert client.get("/").status_code == 302


def test_logging_out_ends_the_session_and_is_recorded(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.ada)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/").status_code == 302
    assert Event.objects.get(verb="user.logged_out").actor == "user:ada"


def test_a_new_password_ends_the_other_sessions(cast: SimpleNamespace, client_of: ClientOf) -> None:
    here, elsewhere = client_of(cast.ada), client_of(cast.ada)
    given = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert here.post("/password/", given).status_code == 302
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
    cast.ada.refresh_from_db()
    assert cast.ada.check_password(NEW)
    assert Event.objects.get(verb="user.password_changed").actor == "user:ada"


REFUSED = [
    ("the old one is wrong", {"old_password": "guess", "new_password1": NEW, "new_password2": NEW}),
    ("too short", {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}),
    ("not the same twice", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": f"{NEW}s"}),
    ("common", {"old_password": PASSWORD, "new_password1": "password1234", "new_password2": "password1234"}),
]


@pytest.mark.parametrize(("name", "given"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_bad_new_password_changes_nothing(
    name: str, given: dict[str, str], cast: SimpleNamespace, client_of: ClientOf
) -> None:
    assert client_of(cast.ada).post("/password/", given).status_code == 200
    cast.ada.refresh_from_db()
    assert cast.ada.check_password(PASSWORD)
    assert not Event.objects.filter(verb="user.password_changed").exists()


def test_the_theme_is_kept_and_shown(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.ada)
    assert client.post("/settings/", {"theme": "dark", "mail": "each"}).status_code == 302
    assert 'data-bs-theme="dark"' in client.get("/").content.decode()
    assert client.post("/settings/", {"theme": "neon"}).status_code == 200
    cast.ada.refresh_from_db()
    assert cast.ada.theme == "dark"


def test_each_answer_has_a_request_id_that_stands_in_the_record(
    cast: SimpleNamespace, client: Client, settings: Settings
) -> None:
    given = {"username": "ada", "password": PASSWORD}
    spoofed = client.get("/login/", headers={"X-Request-ID": "proxy-4711-abc"})
    assert spoofed["X-Request-ID"] != "proxy-4711-abc"

    settings.TRUST_REQUEST_IDS = True
    answer = client.post("/login/", given, headers={"X-Request-ID": "proxy-4711-abc"})
    assert answer["X-Request-ID"] == "proxy-4711-abc"
    assert Event.objects.get(verb="user.logged_in").request_id == "proxy-4711-abc"
    strange = client.get("/", headers={"X-Request-ID": "<script>"})
    assert strange["X-Request-ID"] != "<script>"


def test_pages_forbid_scripts_frames_and_guessing_types(cast: SimpleNamespace, client: Client) -> None:
    answer = client.get("/login/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_session_cookie_is_out_of_reach_of_scripts(
    cast: SimpleNamespace, client: Client, settings: Settings
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    client.post("/login/", {"username": "ada", "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
