"""Every address × somebody who may not see the models: each answers as if the models did not exist.

The table of tests/doors.py knows every address there is. What of it speaks of a model must be 404 here, in the words
and with the status of a model that never was; what lists, counts or finds must not name one. An address that is added
and forgets the rule (registry/sight.py) fails here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import Notice, Role, RoleGrant, User
from registry.models import RegisteredModel
from registry.sight import hidden_from
from tests.conftest import AT
from tests.doors import GROUPS, KEY_DOORS, PAGES, Door, KeyDoor
from tests.test_doors import _filled, cast, undone, world

__all__ = ["cast", "world"]

pytestmark = pytest.mark.django_db
Api = Callable[..., Client]
World = dict[str, str]
OPEN = {
    "key", "field", "questionnaire", "message", "pipeline", "sync", "simulation", "activation", "role_wish",
    "access_review", "delegation", "outside", "dataset", "event", "use",
    "scim_token", "github_question",
}  # fmt: skip
"""What in the world of the doors belongs to no model. Whatever else is added there must be hidden with its model."""
NOBODYS = {"slug": "no-such-model", "number": "987654", "uuid": str(UUID(int=987654)), "team": "no-such-team"}
SECRET = re.compile(r"(credit|vendor)[-_ %20+]+(default|check)(?![-_ ]test)", re.IGNORECASE)
EXAMPLES = re.compile(
    r"acme/credit-default|Credit default \(PD\)|such as credit-default|credit-default, churn"
    r'|placeholder="credit-default(?:/v)?"|the tag credit-default/v3',
    re.IGNORECASE,
)
"""What hints of forms say to everybody."""
OUTSIDERS = {
    "nina": (Role.OWNER, Role.DEVELOPER, Role.VALIDATOR, Role.ETHICS_COMMITTEE, Role.BUSINESS_APPROVER),
    "adam": (Role.ADMINISTRATOR,),
}
"""People who hold every role between them that does not answer for all models."""
TOLD = ("/register/", "/api/v1/schema")
"""What the whole world may read: the public register, in which each model was published by itself, and examples."""


@pytest.fixture
def outsiders(cast: SimpleNamespace) -> dict[str, User]:
    """Nina, of another team, and Adam."""
    nina = User.objects.create_user(username="nina", first_name="Nina", last_name="Abel")
    for role in OUTSIDERS["nina"]:
        RoleGrant.objects.create(user=nina, role=role, granted_at=AT)
    return {"nina": nina, "adam": cast.adam}


@pytest.fixture
def hidden(world: World, outsiders: dict[str, User]) -> World:
    """The world, of which all models are kept to their own people."""
    RegisteredModel.objects.update(closed=True)
    Notice.objects.all().delete()  # what was told while the models were open stays told
    for person in outsiders.values():
        assert set(hidden_from(person)) == set(RegisteredModel.objects.all())
    return world


def nowhere(path: str, world: Mapping[str, str]) -> str | None:
    """The same address of a model, a number or an id that never was; None for one that speaks of no model."""
    gone: dict[str, str] = {}
    for name, value in world.items():
        kind = "number" if value.isdigit() else "uuid" if "-" in value and len(value) == 36 else "slug"
        gone[name] = value if name in OPEN else NOBODYS[kind]
    other = path.format(**gone).replace("retail-credit-models", NOBODYS["team"])
    other = re.sub(r"(?<![-\w])(credit-default|vendor-check)(?![-\w])", NOBODYS["slug"], other)
    return other if other != path.format(**world) else None


def asked(client: Client, method: str, path: str, body: Any, **more: Any) -> tuple[int, str]:
    """Status and text of an answer, whose traces are taken back."""
    with undone():
        client.raise_request_exception = False
        answer = getattr(client, method.lower())(path, body, **more)
        raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
        heads = " ".join(f"{name}: {value}" for name, value in answer.headers.items() if name != "ETag")
        return int(answer.status_code), raw.decode(errors="replace") + heads


def plain(text: str, path: str, other: str) -> str:
    """The text without what the asker sent along, and without what differs from answer to answer."""
    sent = {*re.split(r"[/?=&]", path), *re.split(r"[/?=&]", other), "credit-default", NOBODYS["slug"]}
    for word in sorted(sent - {"", "models", "versions"}, key=len, reverse=True):
        text = text.replace(word, "")
    return re.sub(
        r'csrfmiddlewaretoken" value="[^"]*"|(nonce|content|value|X-Request-ID)["=: ]+[^"\s>]+|[0-9a-f-]{16,}|\d+',
        "",
        text,
    )


def leaks(door: Door | KeyDoor, client: Client, world: World, **more: Any) -> Iterator[str]:
    """What is wrong with how the door answers somebody who may not see the models."""
    path, body = door.path.format(**world), _filled(door.body or {}, world)
    other, nothing = nowhere(door.path, world), _of_nothing(body)
    status, text = asked(client, door.method, path, body, **more)
    if other is None and nothing == body:
        text = EXAMPLES.sub("", text.replace(path, ""))
        if found := SECRET.search(text):
            yield f"{door}: {status} names it: …{text[max(0, found.start() - 90) : found.end() + 60]!r}…"
        return
    missing, words = asked(client, door.method, other or path, nothing, **more)
    if status not in (302, 400, 403, 404) or status != missing:  # 302: back to the list, with nothing done
        yield f"{door}: {status}, but {missing} where there is nothing"
    here, there = plain(text, path, other or path), plain(words, path, other or path)
    if here != there:
        place = next((n for n, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]), 0)
        yield f"{door}: {here[place - 30 : place + 60]!r}, but {there[place - 30 : place + 60]!r} of nothing"


def _of_nothing(body: Any) -> Any:
    """The same body about a model that never was."""
    return {name: NOBODYS["slug"] if value == "credit-default" else value for name, value in body.items()}


@pytest.mark.parametrize("name", OUTSIDERS)
def test_to_others_a_closed_model_does_not_exist(
    name: str, outsiders: dict[str, User], hidden: World, client_of: Callable[[User], Client]
) -> None:
    wrong = list[str]()
    for door in (door for doors in GROUPS.values() for door in doors if not door.path.startswith(TOLD)):
        wrong += leaks(door, client_of(outsiders[name]), hidden)  # anew: a door may have ended the session
    assert not wrong, "\n".join(wrong)


def test_to_a_key_of_others_a_closed_model_does_not_exist(
    outsiders: dict[str, User], hidden: World, api: Api
) -> None:
    client, wrong = api(owner=outsiders["nina"]), list[str]()
    for door in KEY_DOORS:
        more = {"content_type": "application/json"} if door.method != "GET" else {}
        wrong += leaks(door, client, hidden, **more)
    assert not wrong, "\n".join(wrong)


def test_its_own_people_and_those_who_answer_for_all_pass_as_before(
    cast: SimpleNamespace, hidden: World, client_of: Callable[[User], Client]
) -> None:
    wrong = []
    for name in ("dev", "aud"):
        client = client_of(getattr(cast, name))
        for door in PAGES:
            expected = door.passed if name in door.who else door.refused
            if (status := asked(client, "GET", door.path.format(**hidden), {})[0]) != expected:
                wrong.append(f"{door}: {name} gets {status}, not {expected}")
    assert not wrong, "\n".join(wrong)
