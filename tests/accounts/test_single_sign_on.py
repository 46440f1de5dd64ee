"""Single sign-on through a real OpenID provider: who comes in, with which roles, and every way it must not work."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.actions import set_active
from accounts.models import Identity, User
from accounts.proving.again import prove_again
from accounts.scim.actions import change as change_person
from accounts.scim.actions import link_account, take_in
from accounts.scim.wire import Wanted
from accounts.sso.configuration import BadProviders, Provider, read_providers
from accounts.sso.providers import refuse_unknown_roles
from audit.models import Event
from tests import builders
from tests.accounts.provider import CLIENT, SECRET, IdentityProvider, Key, identity_provider
from tests.conftest import PASSWORD, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
NINA = {
    "sub": "00u-nina",
    "preferred_username": "nina@example.org",
    "name": "Nina Berg",
    "email": "nina@example.org",
    "email_verified": True,
    "groups": ["risk", "canteen"],
}


@pytest.fixture
def idp(settings: Settings, tmp_path: Path, cast: SimpleNamespace) -> Iterator[IdentityProvider]:
    """A provider whose groups give roles."""
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    with identity_provider() as found:
        found.person = dict(NINA)
        settings.SSO_PROVIDERS = (
            Provider(
                id="corp",
                name="Example Corp",
                issuer=found.address,
                client_id=CLIENT,
                client_secret_file=secret,
                roles={
                    "risk": ("risk_officer",),
                    "platform": ("administrator",),
                    "builders": ("developer", "owner"),
                },
            ),
        )
        yield found


def change(settings: Settings, **changes: Any) -> None:
    """The provider's entry says something else from now on."""
    settings.SSO_PROVIDERS = (settings.SSO_PROVIDERS[0].model_copy(update=changes),)


def go(client: Client, idp: IdentityProvider, query: str = "") -> Any:
    """There and back, as a browser would."""
    sent = client.get(f"/sso/corp/{query}")
    assert sent.status_code == 302, sent.content
    back = urlsplit(idp.authorize(sent["Location"]))
    return client.get(f"{back.path}?{back.query}")


def newest(verb: str) -> Event:
    """The last event of this kind."""
    return Event.objects.filter(verb=verb).order_by("-pk")[0]


def test_somebody_new_comes_in_with_the_roles_of_their_groups(idp: IdentityProvider, client: Client) -> None:
    assert "Log in with Example Corp" in client.get("/login/").content.decode()
    assert go(client, idp, "?next=/reviews/")["Location"] == "/reviews/"
    nina = User.objects.get(username="nina")
    assert (nina.name, set(nina.roles), nina.has_usable_password()) == ("Nina Berg", {"risk_officer"}, False)
    assert nina.grants.get().provider == "corp"
    assert (idp.asked["code_challenge_method"], "prompt" in idp.asked) == ("S256", False)
    event = newest("user.logged_in")
    assert (event.actor, event.authenticated_by) == ("user:nina", "session, oidc:corp")
    granted = newest("role.granted")
    assert (granted.actor, granted.detail) == (
        "system:sso-corp",
        {"role": "risk_officer", "provider": "corp"},
    )
    out = client.post("/logout/")
    assert out["Location"] == "/login/?left=corp"
    assert "log out there, too" in client.get(out["Location"]).content.decode()
    assert client.get("/sso/corp/out/")["Location"].startswith(f"{idp.address}/logout?client_id=countersign")


def test_roles_follow_the_groups_at_each_log_in_and_those_given_by_hand_stay(
    idp: IdentityProvider, cast: SimpleNamespace, client: Client
) -> None:
    go(client, idp)
    nina = User.objects.get(username="nina")
    nina.grants.create(user=nina, role="auditor", granted_by=cast.adam, granted_at=nina.date_joined)
    idp.person |= {"sub": "00u-nina", "preferred_username": "renamed", "groups": ["builders"]}
    go(Client(), idp)
    assert User.objects.get(pk=nina.pk).roles == {"developer", "owner", "auditor"}
    idp.person["groups"], idp.keeps_groups_back = ["risk"], True  # told only by userinfo
    go(Client(), idp)
    assert User.objects.get(pk=nina.pk).roles == {"risk_officer", "auditor"}
    assert not User.objects.filter(username="renamed").exists()


def test_nobody_becomes_administrator_and_signer_unless_the_mapping_says_so(
    idp: IdentityProvider, settings: Settings, client: Client
) -> None:
    idp.person["groups"] = ["risk", "platform"]
    go(client, idp)
    assert User.objects.get(username="nina").roles == {"risk_officer"}
    change(settings, administrators_may_sign=True)
    go(Client(), idp)
    assert User.objects.get(username="nina").roles == {"risk_officer", "administrator"}


NOT_LET_IN: list[tuple[str, dict[str, Any]]] = [
    ("another issuer", {"spoil": {"iss": "https://evil.example"}}),
    ("another audience", {"spoil": {"aud": "other"}}),
    ("several audiences and no azp", {"spoil": {"aud": [CLIENT, "other"]}}),
    ("made for another party", {"spoil": {"azp": "other"}}),
    ("another nonce", {"spoil": {"nonce": "guess"}}),
    ("no nonce", {"spoil": {"nonce": None}}),
    ("no subject", {"spoil": {"sub": None}}),
    ("run out", {"spoil": {"exp": int(time.time()) - 3600}}),
    ("no end", {"spoil": {"exp": None}}),
    ("from the future", {"spoil": {"iat": int(time.time()) + 10**6, "nbf": int(time.time()) + 10**6}}),
    ("signed by nobody", {"algorithm": "none"}),
    ("the public key as a secret", {"algorithm": "HS256"}),
    ("signed by a stranger", {"signed_by": Key("one")}),
    ("signed by a key that is not published", {"signed_by": Key("two")}),
    ("userinfo of somebody else", {"keeps_groups_back": True, "spoil": {"userinfo": {"sub": "other"}}}),
    ("groups that are no list", {"spoil": {"groups": {"risk": True}}}),
    ("no group that gives a role", {"person": NINA | {"groups": ["canteen"]}}),
    ("the name of somebody here", {"person": NINA | {"preferred_username": "ada"}}),
    ("no name", {"person": NINA | {"preferred_username": ""}}),
]


def test_nothing_that_is_not_proven_lets_anybody_in(idp: IdentityProvider, cast: SimpleNamespace) -> None:
    good = dict(vars(idp))
    people, wrong = User.objects.count(), []
    for name, changes in NOT_LET_IN:
        vars(idp).update(good | {"codes": {}} | changes)
        client = Client()
        answer = go(client, idp)
        if answer.status_code != 403 or client.get("/").status_code != 302:
            wrong.append(name)
    assert wrong == []
    assert User.objects.count() == people and not Identity.objects.exists()
    assert Event.objects.filter(verb="user.login_failed").count() == len(NOT_LET_IN)
    assert not Event.objects.filter(verb="user.logged_in").exists()


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(
    idp: IdentityProvider, client: Client
) -> None:
    sent = client.get("/sso/corp/")["Location"]
    back = urlsplit(idp.authorize(sent))
    assert Client().get(f"{back.path}?{back.query}").status_code == 403  # another browser: forged log-in
    other = back.query.replace("state=", "state=x")
    assert client.get(f"{back.path}?{other}").status_code == 403
    assert client.get(f"{back.path}?{back.query}").status_code == 403  # the trip ended with the wrong state
    state = parse_qs(urlsplit(client.get("/sso/corp/")["Location"]).query)["state"][0]
    assert client.get("/sso/corp/back/", {"state": state, "error": "access_denied"}).status_code == 403
    state = parse_qs(urlsplit(client.get("/sso/corp/")["Location"]).query)["state"][0]
    mixed = {"state": state, "code": "x", "iss": "https://evil.example"}
    assert "another issuer" in client.get("/sso/corp/back/", mixed).content.decode()
    assert go(client, idp, "?next=https://evil.example/")["Location"] == "/"


def test_a_rotated_key_is_fetched_and_discovery_of_another_issuer_is_not_believed(
    idp: IdentityProvider, client: Client
) -> None:
    go(client, idp)
    idp.keys = [Key("two")]
    again = Client()
    assert go(again, idp)["Location"] == "/"
    cache.clear()
    idp.issuer = "https://evil.example"
    assert Client().get("/sso/corp/").status_code == 503


def test_accounts_are_linked_by_verified_mail_only_where_that_is_allowed_and_disabled_ones_stay_out(
    idp: IdentityProvider, cast: SimpleNamespace, settings: Settings, client: Client
) -> None:
    cast.ada.email = "nina@example.org"
    cast.ada.save()
    change(settings, create_people=False)
    assert go(client, idp).status_code == 403
    change(settings, link_by_verified_email=True)
    idp.person["email_verified"] = "true"  # a word is no yes
    assert go(client, idp).status_code == 403
    idp.person["email_verified"] = True
    assert go(client, idp)["Location"] == "/"
    assert Identity.objects.get().person == cast.ada
    set_active(user=cast.ada, active=False, actor=actor_of_user(cast.adam), at=Event.objects.latest("at").at)
    assert client.get("/").status_code == 302
    assert go(Client(), idp).status_code == 403


def test_an_account_that_the_provider_made_by_scim_is_opened_by_its_log_in(
    idp: IdentityProvider, cast: SimpleNamespace, settings: Settings, client: Client
) -> None:
    token, now = builders.a_scim_token(cast, provider="corp"), timezone.now()
    actor = actor_of_user(cast.adam)
    made = take_in(wanted=Wanted("nina@example.org", "oid-1"), token=token, actor=actor, at=now)
    given = link_account(
        person=cast.ada, user_name="ada@example.org", token=token, linker=cast.adam, actor=actor, at=now
    )
    change_person(row=given, wanted=Wanted("ada@example.org", "oid-2"), actor=actor, at=now)
    idp.person["oid"] = "oid-1"
    assert go(client, idp).status_code == 403  # by sub, it is nobody's
    change(settings, scim_claim="oid")
    assert go(client, idp)["Location"] == "/"
    assert Identity.objects.get().person == made.person
    assert set(User.objects.get(pk=made.person_id).roles) == {"risk_officer"}
    idp.person |= {"sub": "another", "oid": "oid-2", "preferred_username": "ada"}
    assert go(Client(), idp).status_code == 403  # what was here before is linked by its owner
    assert Identity.objects.count() == 1


def test_one_links_ones_own_account_and_unlinks_it(
    idp: IdentityProvider, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    ada = client_of(cast.ada)
    assert go(ada, idp, "?for=link")["Location"] == "/settings/"
    assert "opens your account" in ada.get("/settings/").content.decode()
    assert go(client_of(cast.carl), idp, "?for=link").status_code == 403  # it is Ada's
    ada.post("/sso/corp/unlink/")
    assert not Identity.objects.exists()
    assert [newest(f"identity.{what}").actor for what in ("linked", "unlinked")] == ["user:ada", "user:ada"]


def test_a_signature_is_proved_again_at_the_provider_and_serves_once(
    idp: IdentityProvider, client: Client
) -> None:
    go(client, idp)
    nina, now = User.objects.get(username="nina"), Event.objects.latest("at").at
    idp.auth_time = time.time() - 600  # it did not ask anew
    assert go(client, idp, "?for=prove").status_code == 403
    idp.auth_time = None
    idp.person["sub"] = "somebody-else"
    assert go(client, idp, "?for=prove").status_code == 403
    idp.person["sub"] = NINA["sub"]
    assert go(client, idp, "?for=prove").status_code == 200
    assert (idp.asked["prompt"], idp.asked["max_age"]) == ("login", "0")
    ticket = client.session["proof_ticket"]
    actor = actor_of_user(nina)
    assert prove_again(User.objects.get(username="ada"), ticket, actor=actor, at=now) == ""
    assert prove_again(nina, ticket, actor=actor, at=now) == "oidc:corp"
    assert prove_again(nina, ticket, actor=actor, at=now) == ""
    assert prove_again(nina, PASSWORD, actor=actor, at=now) == ""


def test_the_strength_asked_for_is_checked(idp: IdentityProvider, settings: Settings, client: Client) -> None:
    change(settings, acr=("phr",))
    assert go(client, idp).status_code == 403
    idp.person["acr"] = "phr"
    assert go(client, idp)["Location"] == "/"
    assert idp.asked["acr_values"] == "phr"


def test_passwords_may_be_left_to_administrators(
    idp: IdentityProvider, cast: SimpleNamespace, settings: Settings, client: Client
) -> None:
    settings.PASSWORDS_FOR_ALL = False
    answer = client.post("/login/", {"username": "ada", "password": PASSWORD})
    assert "Name and password do not match" in answer.content.decode()
    assert client.get("/").status_code == 302
    assert client.post("/login/", {"username": "adam", "password": PASSWORD})["Location"] == "/"
    assert newest("user.logged_in").detail == {"past_the_identity_provider": True}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": "http://idp.example"}, "https://"),
        ({"client_secret_file": "/nowhere"}, "no file"),
        ({"scopes": ["profile"]}, "openid"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_file_that_says_something_wrong_is_refused_with_its_place(
    changes: dict[str, Any], words: str, tmp_path: Path, settings: Settings
) -> None:
    entry: dict[str, Any] = {
        "id": "corp",
        "name": "Corp",
        "issuer": "https://idp.example",
        "client_id": "x",
        "client_secret_file": __file__,
        "roles": {"all": ["emperor"]},
    }
    file = tmp_path / "sso.yaml"
    file.write_text(str({"providers": [entry]}))
    settings.SSO_PROVIDERS = read_providers(str(file))
    with pytest.raises(ImproperlyConfigured, match="no role emperor"):
        refuse_unknown_roles()
    file.write_text(str({"providers": [entry | changes]}))
    with pytest.raises(BadProviders, match=words):
        read_providers(str(file))
