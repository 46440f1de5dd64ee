"""Second factors: added, asked for at the log-in and before a signature, lost and reset; nothing opens twice."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Factor, Notice, User
from accounts.proving import totp
from accounts.proving.factors import add_app
from accounts.sso.providers import refuse_unknown_roles
from audit.agreement import compare_rows
from audit.models import Event
from registry.models import ModelVersion
from riskreview.reviews.given import WrongPassword
from tests import builders
from tests.accounts.authenticator import SecurityKey
from tests.conftest import PASSWORD, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
ORIGIN = "https://countersign.example"


def with_app(person: User, at: datetime | None = None) -> tuple[str, list[str]]:
    """An app that the person added two minutes ago: its key, and the recovery codes."""
    at = at or timezone.now() - timedelta(minutes=2)
    key = totp.new_key()
    code = totp.code_at(key, totp.step_of(at))
    codes = add_app(person=person, key=key, code=code, name="Phone", actor=actor_of_user(person), at=at)
    return key, codes


def code_now(key: str, steps: int = 0) -> str:
    """What the app shows now, or some steps later."""
    return totp.code_at(key, totp.step_of(timezone.now()) + steps)


def log_in(client: Client, username: str = "ada") -> Any:
    """The first half."""
    return client.post("/login/", {"username": username, "password": PASSWORD, "next": "/reviews/"})


def newest(verb: str) -> Event:
    """The last event of this kind."""
    return Event.objects.filter(verb=verb).order_by("-pk")[0]


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, SHA-1, the last six of eight digits."""
    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    vectors = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {moment: totp.code_at(key, moment // 30) for moment in vectors} == vectors


def test_an_app_is_added_with_its_code_and_the_password(cast: SimpleNamespace, client_of: ClientOf) -> None:
    ada = client_of(cast.ada)
    page = ada.get("/settings/second-factor/app/").content.decode()
    shown = re.search(r"<dt>Key</dt><dd class=\"cs-mono\">([A-Z2-7 ]+)<", page)
    assert shown is not None and 'src="data:image/svg+xml' in page
    key = shown[1].replace(" ", "")
    given = {"name": "Phone", "code": code_now(key), "password": PASSWORD}
    for wrong in ({"code": "000000"}, {"password": "guess"}, {"password": ""}):
        assert ada.post("/settings/second-factor/app/", given | wrong).status_code == 400
    assert not Factor.objects.exists()
    answer = ada.post("/settings/second-factor/app/", given).content.decode()
    assert len(re.findall(r"<li>(?:[A-Z2-7]{4}-){3}[A-Z2-7]{4}</li>", answer)) == 10
    assert key not in Factor.objects.get().secret
    assert newest("factor.added").detail == {"kind": "totp", "name": "Phone"}
    record = "".join(Event.objects.values_list("payload", flat=True))
    assert key not in record and Factor.objects.get().secret not in record
    assert Notice.objects.filter(person=cast.ada, kind="account.factor").exists()


def test_the_password_alone_opens_half_the_door(cast: SimpleNamespace, client: Client) -> None:
    key, codes = with_app(cast.ada)
    assert log_in(client)["Location"] == "/login/second/"
    assert client.get("/")["Location"].startswith("/login/")
    assert client.post("/login/second/", {"code": "000000"}).status_code == 403
    assert client.get("/").status_code == 302
    code = code_now(key)
    assert client.post("/login/second/", {"code": f"{code[:3]} {code[3:]}"})["Location"] == "/reviews/"
    assert newest("user.logged_in").authenticated_by == "session, password+totp"
    other = Client()
    log_in(other)
    assert other.post("/login/second/", {"code": code}).status_code == 403  # it served already
    assert other.post("/login/second/", {"code": codes[0].lower()})["Location"] == "/reviews/"
    assert newest("user.logged_in").authenticated_by == "session, password+recovery code"
    third = Client()
    log_in(third)
    assert third.post("/login/second/", {"code": codes[0]}).status_code == 403
    assert newest("user.login_failed").detail == {"why": "The second factor was wrong."}
    assert Client().get("/login/second/")["Location"] == "/login/"


def test_codes_cannot_be_tried_one_after_the_other(cast: SimpleNamespace, client: Client) -> None:
    key, _ = with_app(cast.ada)
    log_in(client)
    answers = [client.post("/login/second/", {"code": "000000"}).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]
    assert client.post("/login/second/", {"code": code_now(key)}).status_code == 429
    assert Event.objects.filter(verb="user.held_back").count() == 1


def test_a_role_that_asks_for_a_second_factor_sees_nothing_before_it_is_added(
    cast: SimpleNamespace, client: Client, settings: Settings
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset({"risk_officer"})
    log_in(client)
    for page in ("/", "/reviews/", "/audit/"):
        assert client.get(page)["Location"] == "/settings/second-factor/"
    assert "Your roles ask for a second factor" in client.get("/settings/second-factor/").content.decode()
    client.get("/settings/second-factor/app/")
    key = totp.unseal(client.session["totp_key"])
    given = {"name": "Phone", "code": code_now(key), "password": PASSWORD}
    assert client.post("/settings/second-factor/app/", given).status_code == 200
    assert client.get("/reviews/").status_code == 200
    factor = str(cast.ada.factors.get().pk)
    last = {"what": factor, "password": code_now(key, 1)}
    refused = client.post("/settings/second-factor/change/", last)
    assert refused.status_code == 400 and "Add another first" in refused.content.decode()
    other = Client()
    log_in(other, "carl")
    assert other.get("/reviews/").status_code == 200
    settings.SECOND_FACTOR_ROLES = frozenset({"emperor"})
    with pytest.raises(ImproperlyConfigured, match="no role emperor"):
        refuse_unknown_roles()


def test_a_signature_asks_for_what_one_has_and_says_so(
    cast: SimpleNamespace, client: Client, small_version: ModelVersion
) -> None:
    review = small_version.reviews.get()
    now = timezone.now()
    key, _ = with_app(cast.ada)
    with pytest.raises(WrongPassword):
        builders.a_signature(review, cast.ada, "risk_officer", password=PASSWORD, at=now)
    signed = builders.a_signature(review, cast.ada, "risk_officer", password=code_now(key), at=now)
    assert signed.authenticated_by == "session, password, totp again"
    client.force_login(cast.viktor)
    with_app(cast.viktor)
    page = client.get(f"/reviews/{review.pk}/")
    assert "Code of your authenticator app" in page.content.decode()
    assert disagreements_of_factors() == []


def disagreements_of_factors() -> list[str]:
    """Where tables of proofs say something else than the record."""
    found = compare_rows().told
    return [item.row for item in found if item.row.startswith(("accounts.factor", "accounts.recovery"))]


@pytest.fixture
def small_version(cast: SimpleNamespace) -> ModelVersion:
    """A version that waits for signatures."""
    builders.active_policy(cast)
    return builders.ready_to_sign(cast)


def test_an_administrator_resets_a_lost_factor_loudly(cast: SimpleNamespace, client_of: ClientOf) -> None:
    with_app(cast.ada)
    inside, adam = client_of(cast.ada), client_of(cast.adam)
    reset = "/people/ada/factors/reset/"
    adam.post(reset, {"reason": "short"})
    assert cast.ada.factors.exists()
    assert client_of(cast.carl).post(reset, {"reason": "She called me, I know her voice."}).status_code == 403
    adam.post(reset, {"reason": "She called me, I know her voice."})
    assert not cast.ada.factors.exists() and not cast.ada.recovery_codes.exists()
    assert inside.get("/").status_code == 302
    event = newest("factor.reset")
    assert (event.actor, event.subject) == ("user:adam", "user:ada")
    assert event.detail["reason"] == "She called me, I know her voice."
    assert Notice.objects.filter(person=cast.ada, text__contains="reset").exists()
    with_app(cast.adam)
    adam.post("/people/adam/factors/reset/", {"reason": "It is only for myself."})
    assert cast.adam.factors.exists()


def test_new_recovery_codes_close_the_old_ones_and_a_factor_is_removed_with_its_proof(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    key, codes = with_app(cast.ada)
    ada = client_of(cast.ada)
    change = "/settings/second-factor/change/"
    assert ada.post(change, {"what": "codes", "password": PASSWORD}).status_code == 400
    assert ada.post(change, {"what": "codes", "password": code_now(key)}).status_code == 200
    assert not cast.ada.recovery_codes.filter(used_at__isnull=False).exists()
    factor = str(cast.ada.factors.get().pk)
    assert ada.post(change, {"what": factor, "password": codes[0]}).status_code == 400
    assert ada.post(change, {"what": factor, "password": code_now(key, 1)}).status_code == 302
    assert not cast.ada.factors.exists() and not cast.ada.recovery_codes.exists()


def test_a_passkey_is_added_logs_in_and_signs_and_a_copied_one_does_not(
    cast: SimpleNamespace, client_of: ClientOf, settings: Settings
) -> None:
    settings.COUNTERSIGN_URL = ORIGIN
    ada, key = client_of(cast.ada), SecurityKey(ORIGIN)
    ask, add = "/settings/second-factor/passkey/ask/", "/settings/second-factor/passkey/"
    given = {"name": "Key", "password": PASSWORD}
    assert ada.post(add, given | {"answer": key.make(ada.post(ask).json())}).status_code == 200
    stranger = SecurityKey("https://evil.example")
    assert ada.post(add, given | {"answer": stranger.make(ada.post(ask).json())}).status_code == 400
    assert cast.ada.factors.get().kind == "passkey"
    browser = Client()
    log_in(browser)
    old = key.sign(browser.post("/login/second/ask/").json())
    assert browser.post("/login/second/", {"passkey": old})["Location"] == "/reviews/"
    assert newest("user.logged_in").authenticated_by == "session, password+passkey"
    options = browser.post("/settings/proof/ask/").json()
    assert browser.post("/settings/proof/", {"answer": old}).status_code == 403  # another challenge
    options = browser.post("/settings/proof/ask/").json()
    key.counter = 0  # as a copy of it would count
    assert browser.post("/settings/proof/", {"answer": key.sign(options)}).status_code == 403
    key.counter = 5
    answer = key.sign(browser.post("/settings/proof/ask/").json())
    assert browser.post("/settings/proof/", {"answer": answer}).status_code == 204
    assert browser.post("/settings/proof/", {"answer": answer}).status_code == 403  # the question is gone
    change = {"what": "codes", "password": ""}
    assert browser.post("/settings/second-factor/change/", change).status_code == 200
    assert browser.post("/settings/second-factor/change/", change).status_code == 400  # it served already
    assert newest("user.proved_again").detail == {"by": "passkey"}
