"""SCIM 2.0: what Entra ID and Okta send, what becomes of it, and that a tester of the standard finds nothing."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from accounts.actions import set_active
from accounts.keys import key_for
from accounts.models import Notice, Session, User
from accounts.scim.models import ScimPerson, ScimToken
from accounts.scim.tokens import make_token, revoke_token
from audit.agreement import compare_rows
from audit.models import Event
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
NINA = {
    "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    "userName": "nina.roth@example.org",
    "externalId": "0d1f-nina",
    "active": True,
    "name": {"givenName": "Nina", "familyName": "Roth"},
    "displayName": "Nina Roth",
    "emails": [{"value": "nina.roth@example.org", "type": "work", "primary": True}],
    "title": "Analyst",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Risk"},
}
Scim = Callable[..., Any]


@pytest.fixture
def token(cast: SimpleNamespace) -> tuple[ScimToken, str]:
    """A token of the organisation's provider."""
    return make_token(
        name="entra",
        provider="",
        expires_at=timezone.now() + timedelta(days=30),
        maker=cast.adam,
        actor=actor_of_user(cast.adam),
        at=timezone.now(),
    )


@pytest.fixture
def scim(token: tuple[ScimToken, str]) -> Scim:
    """Sends as a provider does."""
    client = Client(headers={"Authorization": f"Bearer {token[1]}"})

    def scim(method: str, path: str, body: Any = None, **query: str) -> Any:
        address = f"/scim/v2{path}" + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")
        return client.generic(
            method, address, json.dumps(body) if body else "", content_type="application/scim+json"
        )

    return scim


@pytest.fixture
def nina(scim: Scim) -> User:
    """Somebody who joined by SCIM."""
    answer = scim("POST", "/Users", NINA)
    assert answer.status_code == 201, answer.content
    return User.objects.get(pk=answer.json()["id"])


def inside(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The whole site, middleware included, in the test's own transaction."""
    response: Any = ClientHandler()(environ)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


OTHERWISE = (
    "check_add_attribute: PATCH modify() returned unexpected value for 'emails'",
    "check_replace_attribute: PATCH modify() returned unexpected value for 'emails'",
    "check_remove_attribute: PATCH modify() did not remove attribute 'active'",
)
"""What is kept otherwise than sent, on purpose: one address, which is called the primary one at work; and silence about
`active` changes nothing."""


def test_a_tester_of_the_standard_finds_nothing_wrong(token: tuple[ScimToken, str]) -> None:
    client = WSGISCIMClient(
        inside,
        base_url="http://127.0.0.1/scim/v2",
        headers={"Authorization": f"Bearer {token[1]}"},
    )
    results = check_server(client)
    wrong = [
        f"{result.title}: {result.reason}"
        for result in results
        if result.status not in (Status.SUCCESS, Status.SKIPPED)
    ]
    assert len(results) > 40
    assert len(wrong) == len(OTHERWISE)
    assert all(text.startswith(OTHERWISE) for text in wrong), "\n".join(wrong)


def test_a_joiner_gets_an_account_without_role_or_password(scim: Scim) -> None:
    answer = scim("POST", "/Users", NINA)
    assert answer.status_code == 201
    assert answer["Content-Type"] == "application/scim+json"
    said, person = answer.json(), User.objects.get(username="ninaroth")
    assert answer["Location"].endswith(f"/scim/v2/Users/{person.pk}")
    assert said["userName"] == "nina.roth@example.org" and said["externalId"] == "0d1f-nina"
    assert "title" not in said  # nothing here needs it
    assert (person.name, person.email, person.roles) == ("Nina Roth", "nina.roth@example.org", frozenset())
    assert not person.has_usable_password()
    event = Event.objects.get(verb="user.provisioned")
    assert (event.actor, event.subject) == ("scim:entra", "user:ninaroth")
    assert event.authenticated_by.startswith("SCIM token ")
    assert "example.org" not in json.dumps([e.payload for e in Event.objects.all()])


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
        {"op": "Replace", "value": {"active": "False"}},
        {"op": "Add", "path": "active", "value": "false"},
    ],
    ids=["by the book", "Entra", "Okta", "Entra without a path", "added"],
)
def test_a_leaver_is_shut_out_at_once(
    scim: Scim, nina: User, client_of: Callable[[User], Client], api: Callable[..., Client], operation: Any
) -> None:
    browser, pipeline = client_of(nina), api("registry:read", owner=nina)
    assert browser.get("/").status_code == 200
    assert pipeline.get("/api/v1/models").status_code == 200
    answer = scim("PATCH", f"/Users/{nina.pk}", patch(operation))
    assert answer.status_code == 200 and answer.json()["active"] is False
    assert browser.get("/").status_code == 302
    assert not Session.objects.filter(person=nina).exists()
    assert pipeline.get("/api/v1/models").status_code == 401
    assert {"user.disabled", "session.ended"} <= set(
        Event.objects.filter(subject=nina.ref, actor="scim:entra").values_list("verb", flat=True)
    )


def test_whom_the_provider_shut_out_it_lets_in_again_and_people_are_told(
    scim: Scim, nina: User, cast: SimpleNamespace
) -> None:
    nina.grants.create(role="validator", granted_at=AT)
    scim("PATCH", f"/Users/{nina.pk}", patch({"op": "Replace", "path": "active", "value": "False"}))
    answer = scim("PATCH", f"/Users/{nina.pk}", patch({"op": "Replace", "path": "active", "value": "True"}))
    assert answer.json()["active"] is True
    told = Notice.objects.filter(kind="role", text__contains="Nina Roth is let in again")
    assert {notice.person.username for notice in told} == {"adam", "carl"}
    assert all("validator" in notice.text for notice in told)


def test_whom_an_administrator_shut_out_no_provider_lets_in(
    scim: Scim, nina: User, cast: SimpleNamespace
) -> None:
    set_active(user=nina, active=False, actor=actor_of_user(cast.adam), at=AT)
    answer = scim("PATCH", f"/Users/{nina.pk}", patch({"op": "replace", "path": "active", "value": True}))
    assert answer.status_code == 409
    assert answer.json()["schemas"] == [ERROR]
    assert "An administrator disabled the account" in answer.json()["detail"]
    nina.refresh_from_db()
    assert not nina.is_active


def test_names_and_addresses_follow_the_provider_and_the_user_name_stays(scim: Scim, nina: User) -> None:
    operations = [
        {"op": "Replace", "path": "name.familyName", "value": "Weber"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "nina.weber@example.org"},
        {"op": "Replace", "path": "userName", "value": "nina.weber@example.org"},
        {"op": "Add", "path": "title", "value": "Senior analyst"},
    ]
    answer = scim("PATCH", f"/Users/{nina.pk}", patch(*operations))
    assert answer.status_code == 200, answer.content
    nina.refresh_from_db()
    assert (nina.username, nina.name, nina.email) == ("ninaroth", "Nina Weber", "nina.weber@example.org")
    event = Event.objects.get(verb="user.changed")
    assert event.detail == {"changed": ["last_name", "email", "user_name"]}
    assert compare_rows().disagreements == 0


def test_replacing_without_a_word_about_active_changes_nothing_about_it(scim: Scim, nina: User) -> None:
    body = {key: value for key, value in NINA.items() if key != "active"}
    scim("PATCH", f"/Users/{nina.pk}", patch({"op": "replace", "path": "active", "value": False}))
    assert scim("PUT", f"/Users/{nina.pk}", body).json()["active"] is False


def test_a_first_address_is_added_as_entra_writes_it(scim: Scim) -> None:
    answer = scim("POST", "/Users", {"schemas": [USER], "userName": "kim@example.org"})
    operation = {"op": "Add", "path": 'emails[type eq "work"].value', "value": "kim@example.org"}
    scim("PATCH", f"/Users/{answer.json()['id']}", patch(operation))
    assert User.objects.get(username="kim").email == "kim@example.org"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('userName eq "nina.roth@example.org"', 1),
        ('userName eq "NINA.ROTH@EXAMPLE.ORG"', 1),
        ('externalId eq "0d1f-nina"', 1),
        ('externalId eq "0D1F-NINA"', 0),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "nina.roth@example.org"', 1),
        ('emails[type eq "work"]', 1),
        ('emails.value eq "nina.roth@example.org"', 1),
        ('name.familyName sw "Ro" and active eq true', 1),
        ('userName eq "ada"', 0),
        ("userName eq", None),
        ('shoeSize eq "9"', None),
    ],
)
def test_people_are_found_by_filter(scim: Scim, nina: User, asked: str, found: int | None) -> None:
    answer = scim("GET", "/Users", filter=asked.replace(" ", "%20").replace('"', "%22"))
    if found is None:
        assert answer.status_code == 400
        assert answer.json()["scimType"] == "invalidFilter"
        return
    assert answer.status_code == 200, answer.content
    assert (answer.json()["totalResults"], len(answer.json()["Resources"])) == (found, found)


def test_pages_begin_at_one_and_attributes_are_chosen(scim: Scim, nina: User) -> None:
    scim("POST", "/Users", {"schemas": [USER], "userName": "kim@example.org"})
    second = scim("GET", "/Users", startIndex="2", count="1", attributes="userName").json()
    assert (second["totalResults"], second["startIndex"], second["itemsPerPage"]) == (2, 2, 1)
    assert set(second["Resources"][0]) <= {"schemas", "id", "userName"}
    assert second["Resources"][0]["userName"] == "kim@example.org"


def test_accounts_that_nobody_gave_are_out_of_reach(scim: Scim, cast: SimpleNamespace) -> None:
    assert scim("GET", "/Users").json()["totalResults"] == 0
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", patch({"op": "replace"}))):
        assert scim(method, f"/Users/{cast.adam.pk}", body).status_code == 404
    answer = scim("POST", "/Users", {"schemas": [USER], "userName": "ada@example.org"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert "an administrator links it" in answer.json()["detail"]


def test_an_administrator_gives_an_account_to_the_provider(
    scim: Scim, token: tuple[ScimToken, str], cast: SimpleNamespace, client_of: Callable[[User], Client]
) -> None:
    form = {"person": cast.ada.pk, "user_name": "ada@example.org", "token": token[0].pk}
    assert client_of(cast.adam).post("/provisioning/accounts/", form).status_code == 302
    found = scim("GET", "/Users", filter="userName%20eq%20%22ada@example.org%22").json()["Resources"]
    assert [person["id"] for person in found] == [str(cast.ada.pk)]
    assert scim("DELETE", f"/Users/{cast.ada.pk}").status_code == 204
    cast.ada.refresh_from_db()
    assert not cast.ada.is_active
    own = {"person": cast.adam.pk, "user_name": "adam@example.org", "token": token[0].pk}
    assert (
        "cannot hand over your own"
        in client_of(cast.adam).post("/provisioning/accounts/", own).content.decode()
    )


def test_deleting_closes_the_account_and_keeps_the_person(scim: Scim, nina: User) -> None:
    assert scim("DELETE", f"/Users/{nina.pk}").status_code == 204
    assert scim("GET", f"/Users/{nina.pk}").status_code == 404
    assert scim("GET", "/Users").json()["totalResults"] == 0
    nina.refresh_from_db()
    assert not nina.is_active and nina.name == "Nina Roth"
    assert Event.objects.filter(verb="user.left", subject=nina.ref).exists()


def test_the_same_person_comes_back_and_another_of_that_name_is_another(scim: Scim, nina: User) -> None:
    scim("DELETE", f"/Users/{nina.pk}")
    other = scim("POST", "/Users", NINA | {"externalId": "77-another"}).json()
    assert other["id"] != str(nina.pk)
    assert User.objects.get(pk=other["id"]).username == "ninaroth-2"
    scim("DELETE", f"/Users/{other['id']}")
    assert scim("POST", "/Users", NINA).json()["id"] == str(nina.pk)
    nina.refresh_from_db()
    assert nina.is_active


def test_a_user_name_is_given_once(scim: Scim, nina: User) -> None:
    answer = scim("POST", "/Users", NINA | {"userName": "Nina.Roth@example.org"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert ScimPerson.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"schemas": [USER]}, "invalidValue"),
        ({"schemas": [USER], "userName": ""}, "invalidValue"),
        ({"schemas": [USER], "userName": "x" * 300}, "invalidValue"),
        ({"schemas": [USER], "userName": "a\u0000b"}, "invalidValue"),
        ({"schemas": [USER], "userName": "kim", "active": "perhaps"}, "invalidValue"),
        ([1, 2], "invalidValue"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_scims_words(scim: Scim, body: Any, kind: str) -> None:
    answer = scim("POST", "/Users", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["schemas"] == [ERROR]
    assert answer.json()["status"] == "400"
    assert answer.json()["scimType"] == kind
    assert not ScimPerson.objects.exists()


def test_a_body_that_is_no_json_is_refused(token: tuple[ScimToken, str]) -> None:
    client = Client(headers={"Authorization": f"Bearer {token[1]}"})
    answer = client.post("/scim/v2/Users", "{", content_type="application/scim+json")
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")


def test_nobody_else_passes(
    token: tuple[ScimToken, str],
    api: Callable[..., Client],
    client_of: Callable[[User], Client],
    cast: SimpleNamespace,
) -> None:
    for client in (
        Client(),
        api(),
        client_of(cast.adam),
        Client(headers={"Authorization": "Bearer cs_scim_x_y"}),
    ):
        answer = client.get("/scim/v2/Users")
        assert answer.status_code == 401
        assert answer.json()["schemas"] == [ERROR]
    right = Client(headers={"Authorization": f"Bearer {token[1]}"})
    assert right.get("/scim/v2/Users").status_code == 200
    assert right.get("/api/v1/models").status_code == 401  # it opens nothing else
    revoke_token(token=token[0], actor=actor_of_user(cast.adam), at=AT)
    assert right.get("/scim/v2/Users").status_code == 401


def test_a_token_is_shown_once_kept_as_a_digest_and_ends(
    cast: SimpleNamespace, client_of: Callable[[User], Client]
) -> None:
    adam, day = client_of(cast.adam), (timezone.localdate() + timedelta(days=5)).isoformat()
    page = adam.post("/provisioning/", {"name": "okta", "provider": "", "expires_on": day}).content.decode()
    text = page.partition('id="fresh-token">')[2].partition("<")[0]
    token = ScimToken.objects.get(name="okta")
    assert text.startswith("cs_scim_") and text not in adam.get("/provisioning/").content.decode()
    assert text.rpartition("_")[2] not in f"{token.sha256} {[e.payload for e in Event.objects.all()]}"
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert client.get("/scim/v2/ServiceProviderConfig").status_code == 200
    token.refresh_from_db()
    assert token.last_used_at is not None
    ScimToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get("/scim/v2/ServiceProviderConfig").status_code == 401


def test_the_rate_is_limited(scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.scim.authentication.TokenThrottle.rate", "2/min", raising=False)
    assert [scim("GET", "/Users").status_code for _ in range(3)] == [200, 200, 429]
    answer = scim("GET", "/Users")
    assert answer.json()["schemas"] == [ERROR] and int(answer["Retry-After"]) > 0


def test_a_key_of_a_leaver_is_no_key(scim: Scim, nina: User, api: Callable[..., Client]) -> None:
    text = api("gate", owner=nina).defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    assert key_for(text) is not None
    scim("DELETE", f"/Users/{nina.pk}")
    assert key_for(text) is None
