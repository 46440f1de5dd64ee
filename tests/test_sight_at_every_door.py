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

from accounts.models import Role, RoleGrant, User
from registry.models import RegisteredModel
from registry.sight import hidden_from
from tests.conftest import AT
from tests.doors import GROUPS, KEY_DOORS, Door, KeyDoor
from tests.test_doors import _filled, cast, undone, world

__all__ = ["cast", "world"]

pytestmark = pytest.mark.django_db
Api = Callable[..., Client]
World = dict[str, str]
OPEN = {
    "key", "field", "questionnaire", "message", "pipeline", "sync", "simulation", "activation", "role_wish",
    "access_review", "delegation", "outside", "dataset", "event", "use",
}  # fmt: skip
"""What in the world of the doors belongs to no model. Whatever else is added there must be hidden with its model."""
NOBODYS = {"slug": "no-such-model", "number": "987654", "uuid": str(UUID(int=987654)), "team": "no-such-team"}
SECRET = re.compile(r"(credit|vendor)[-_ %20+]+(default|check)(?![-_ ]test)", re.IGNORECASE)
EXAMPLES = re.compile(r"acme/credit-default|Credit default \(PD\)|such as credit-default", re.IGNORECASE)
"""What hints of forms say to everybody."""
OUTSIDERS = {
    "nina": (Role.OWNER, Role.DEVELOPER, Role.VALIDATOR, Role.ETHICS_COMMITTEE, Role.BUSINESS_APPROVER),
    "adam": (Role.ADMINISTRATOR,),
}
"""People who hold every role between them that does not answer for all models."""
TOLD = ("/register/", "/api/v1/schema")
"""What the whole world may read: the public register, in which each model was published by itself, and examples."""
INSIDERS = ("olga", "dev", "ada", "carl", "aud")


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
    for word in sorted({*re.split(r"[/?=&]", path), *re.split(r"[/?=&]", other)}, key=len, reverse=True):
        text = text.replace(word, "") if len(word) > 0 and word not in ("models", "versions") else text
    return re.sub(
        r'(csrfmiddlewaretoken|nonce|content|value|X-Request-ID)["=: ]+[^"\s>]+|[0-9a-f-]{16,}|\d+', "", text
    )


def leaks(door: Door | KeyDoor, client: Client, world: World, **more: Any) -> Iterator[str]:
    """What is wrong with how the door answers somebody who may not see the models."""
    path, body = door.path.format(**world), _filled(door.body or {}, world)
    other = nowhere(door.path, world)
    status, text = asked(client, door.method, path, body, **more)
    if other is not None:
        missing, words = asked(client, door.method, other, body, **more)
        if status not in (403, 404) or status != missing:
            yield f"{door}: {status}, but {missing} where there is nothing"
        elif plain(text, path, other) != plain(words, path, other):
            yield f"{door}: other words than where there is nothing: {text[:80]!r}, {words[:80]!r}"
    elif found := SECRET.search(EXAMPLES.sub("", text.replace(path, ""))):
        text = EXAMPLES.sub("", text.replace(path, ""))
        around = text[max(0, found.start() - 90) : found.end() + 60].replace("\n", " ")
        yield f"{door}: {status} names it: …{around}…"


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("name", OUTSIDERS)
def test_to_others_a_closed_model_does_not_exist(
    name: str, group: str, outsiders: dict[str, User], hidden: World, client_of: Callable[[User], Client]
) -> None:
    client = client_of(outsiders[name])
    public = [
        door for door in GROUPS[group] if not door.path.startswith("/register/")
    ]  # told to everybody, on purpose
    wrong = [leak for door in public for leak in leaks(door, client, hidden)]
    assert not wrong, "\n".join(wrong)


def test_to_a_key_of_others_a_closed_model_does_not_exist(
    outsiders: dict[str, User], hidden: World, api: Api
) -> None:
    client, wrong = api(owner=outsiders["nina"]), list[str]()
    for door in KEY_DOORS:
        more = {"content_type": "application/json"} if door.method != "GET" else {}
        wrong += leaks(door, client, hidden, **more)
    assert not wrong, "\n".join(wrong)
