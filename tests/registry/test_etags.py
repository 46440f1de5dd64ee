"""Reading a model again costs nothing while it is the same, and nobody overwrites what they did not see."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from registry.models import RegisteredModel
from tests.builders import a_model

Api = Callable[..., Client]
ADDRESS = "/api/v1/models/credit-default"
JSON = "application/json"


def test_what_one_has_already_is_not_sent_again(api: Api, model: RegisteredModel) -> None:
    client = api()
    first = client.get(ADDRESS)
    again = client.get(ADDRESS, headers={"If-None-Match": f'"other", {first["ETag"]}'})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.get(ADDRESS, headers={"If-None-Match": f"W/{first['ETag']}"}).status_code == 304
    assert client.get(ADDRESS, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"name": "PD"},
        {"tags": ["retail"]},
        {"depends_on": ["score"]},
        {"jurisdictions": ["EU"]},
        {"developers": []},
    ],
)
def test_each_change_gives_a_new_tag(
    change: dict[str, Any], api: Api, cast: SimpleNamespace, model: RegisteredModel
) -> None:
    a_model(cast, "score")
    client = api()
    before = client.get(ADDRESS)["ETag"]

    changed = client.patch(ADDRESS, change, content_type=JSON)

    assert changed.status_code == 200, changed.json()
    assert changed["ETag"] != before
    assert client.get(ADDRESS)["ETag"] == changed["ETag"]
    assert {name: changed.json()[name] for name in change} == change


def test_a_change_of_what_one_did_not_see_is_refused(api: Api, model: RegisteredModel) -> None:
    client = api()
    seen = client.get(ADDRESS)["ETag"]
    client.patch(ADDRESS, {"team": "Risk"}, content_type=JSON)

    refused = client.patch(ADDRESS, {"team": "Retail"}, content_type=JSON, headers={"If-Match": seen})

    assert (refused.status_code, refused["Content-Type"]) == (412, "application/problem+json")
    assert "changed since" in refused.json()["detail"]
    assert client.get(ADDRESS).json()["team"] == "Risk"
    for good in (client.get(ADDRESS)["ETag"], "*"):
        answer = client.patch(ADDRESS, {"team": "Retail"}, content_type=JSON, headers={"If-Match": good})
        assert answer.status_code == 200


def test_a_call_is_kept_wholly_or_not_at_all(api: Api, cast: SimpleNamespace, model: RegisteredModel) -> None:
    a_model(cast, "score")
    client = api()
    given = {"tags": ["retail"], "depends_on": ["score"], "kind": "not_a_model"}

    refused = client.patch(ADDRESS, given, content_type=JSON)

    assert (refused.status_code, refused.json()["field"]) == (400, "kind_reason")
    answer = client.get(ADDRESS).json()
    assert (answer["tags"], answer["depends_on"]) == ([], [])
    circle = client.patch("/api/v1/models/score", {"depends_on": ["score"]}, content_type=JSON)
    assert (circle.status_code, circle.json()["field"]) == (400, "depends_on")


def test_a_model_is_made_with_all_that_is_known_of_it(api: Api, cast: SimpleNamespace) -> None:
    a_model(cast, "score")
    given = {
        "slug": "letters",
        "name": "Letters",
        "purpose": "Chooses who receives a letter in autumn.",
        "kind": "ranking",
        "origin": "vendor",
        "supplier": "Solvela",
        "regulated_uses": ["profiling"],
        "depends_on": ["score"],
        "tags": ["autumn"],
    }
    made = api().post("/api/v1/models", given, content_type=JSON)
    assert made.status_code == 201, made.json()
    answer = made.json()
    assert {name: answer[name] for name in given} == given
    assert (answer["stage"], answer["lifecycle"], answer["owner"]) == ("proposed", "active", "dev")
    assert api().get("/api/v1/models/score").json()["dependents"] == ["letters"]
