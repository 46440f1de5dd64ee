"""Fields that administrators define: what they hold, who sees them missing, and what stays when they go."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from accounts.refusals import Conflict, Invalid
from audit.models import Event
from registry.actions import FieldEntry, change_field, change_model, move_field, retire_field
from registry.custom import missing_fields
from registry.entries import entry_of
from registry.models import CustomField, RegisteredModel
from tests.builders import a_field, a_model, a_tier
from tests.conftest import AT, actor_of_user
from tests.forms import send
from tests.registry.conftest import Verbs

ClientOf = Callable[[Any], Client]
VALUES = [
    ("text", " Room 4 ", "Room 4"),
    ("number", "12.50", 12.5),
    ("number", 7.0, 7),
    ("date", "2026-12-24", "2026-12-24"),
    ("choice", "Yearly", "Yearly"),
    ("person", "viktor", "viktor"),
]
WRONG = [
    ("text", "x" * 501, "at most 500"),
    ("text", 12, "takes a text"),
    ("text", "a\0b", "cannot be stored"),
    ("number", "many", "takes a number"),
    ("number", True, "takes a number"),
    ("number", "nan", "takes a number"),
    ("number", 10**400, "takes a number"),
    ("date", "24.12.2026", "takes a date"),
    ("choice", "Never", "one of Yearly, Every two years"),
    ("person", "nobody", "user name of somebody"),
    ("person", ["viktor"], "user name of somebody"),
]


def fill(cast: SimpleNamespace, model: RegisteredModel, **custom: Any) -> RegisteredModel:
    entry = replace(entry_of(model), custom=custom)
    return change_model(model=model, entry=entry, actor=actor_of_user(cast.olga), at=AT)


def field_of(cast: SimpleNamespace, kind: str) -> CustomField:
    choices = ["Yearly", " Every two years ", "Yearly", ""] if kind == "choice" else []
    return a_field(cast, "asked", kind, choices=choices)


@pytest.mark.parametrize(("kind", "given", "kept"), VALUES)
def test_a_value_of_each_kind_is_tidied_and_kept(
    kind: str, given: Any, kept: Any, cast: SimpleNamespace, model: RegisteredModel
) -> None:
    field_of(cast, kind)
    assert fill(cast, model, asked=given).custom == {"asked": kept}
    assert Event.objects.get(verb="model.changed").detail == {"custom.asked": {"was": None, "is": kept}}
    assert fill(cast, model, asked=None).custom == {}


@pytest.mark.parametrize(("kind", "given", "said"), WRONG)
def test_a_wrong_value_is_refused_at_its_field(
    kind: str, given: Any, said: str, cast: SimpleNamespace, model: RegisteredModel
) -> None:
    field_of(cast, kind)
    with pytest.raises(Invalid, match=said) as refused:
        fill(cast, model, asked=given)
    assert refused.value.field == "custom.asked"
    with pytest.raises(Invalid, match="no field unknown"):
        fill(cast, model, unknown="x")


def test_what_is_held_stays_though_it_would_be_refused_now(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    field = field_of(cast, "choice")
    fill(cast, model, asked="Yearly")
    entry = FieldEntry(label="Cycle", choices=["Monthly", "Weekly"])
    change_field(field=field, entry=entry, actor=actor_of_user(cast.adam), at=AT)

    assert fill(cast, model, asked="Yearly").custom == {"asked": "Yearly"}
    with pytest.raises(Invalid):
        fill(cast, model, asked="Every two years")


def test_a_retired_field_keeps_its_values_and_takes_none(
    cast: SimpleNamespace, model: RegisteredModel, verbs: Verbs
) -> None:
    field = field_of(cast, "text")
    fill(cast, model, asked="Room 4")
    retire_field(field=field, actor=actor_of_user(cast.adam), at=AT)

    assert fill(cast, model).custom == {"asked": "Room 4"}
    with pytest.raises(Invalid, match="no field asked to fill in"):
        fill(cast, model, asked="Room 5")
    with pytest.raises(Conflict, match="taken"):
        field_of(cast, "text")
    adam = actor_of_user(cast.adam)
    with pytest.raises(Conflict, match="retired for good"):
        retire_field(field=field, actor=adam, at=AT)
    with pytest.raises(Conflict, match="retired"):
        move_field(field=field, up=True, actor=adam, at=AT)
    assert verbs() == ["model.created", "field.defined", "model.changed", "field.retired"]


@pytest.mark.parametrize(
    ("tier", "missing"), [("low", []), ("moderate", ["asked"]), ("critical", ["asked"]), ("", [])]
)
def test_a_tier_asks_from_the_lowest_one_named(tier: str, missing: list[str], cast: SimpleNamespace) -> None:
    fields = [a_field(cast, "asked", required_from="moderate"), a_field(cast, "free")]
    assert [field.key for field in missing_fields(fields, {}, tier)] == missing
    assert missing_fields(fields, {"asked": "x"}, tier) == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"key": "Bad Key"}, "key"),
        ({"key": "x" * 41}, "key"),
        ({"kind": "colour"}, "kind"),
        ({"kind": "choice", "choices": ["One"]}, "choices"),
        ({"kind": "choice", "choices": ["a", "x" * 81]}, "choices"),
        ({"label": " "}, "label"),
        ({"required_from": "prohibited"}, "required_from"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(
    changes: dict[str, Any], place: str, cast: SimpleNamespace
) -> None:
    with pytest.raises(Invalid) as refused:
        a_field(cast, **({"key": "asked"} | changes))
    assert refused.value.field == place
    assert not CustomField.objects.exists()


def test_an_administrator_defines_orders_and_retires_fields(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    adam = client_of(cast.adam)
    given = {"label": "Cost centre", "key": "cost-centre", "kind": "choice", "choices": "A\nB"}
    assert send(adam, "/fields/new/", **given).status_code == 302
    assert send(adam, "/fields/new/", **(given | {"kind": "person", "key": "contact"})).status_code == 302
    assert "is taken" in send(adam, "/fields/new/", **given).content.decode()

    assert adam.post("/fields/contact/move/", {"to": "up"}).status_code == 302
    assert [field.key for field in CustomField.objects.all()] == ["contact", "cost-centre"]
    assert send(adam, "/fields/cost-centre/", choices="A\nB\nC").status_code == 302
    assert CustomField.objects.get(key="cost-centre").choices == ["A", "B", "C"]

    olga = client_of(cast.olga)
    edit = "/models/credit-default/edit/"
    assert send(olga, edit, **{"custom.cost-centre": "C", "custom.contact": "viktor"}).status_code == 302
    assert "Viktor Sahl" in olga.get("/models/credit-default/").content.decode()

    assert "1 model holds a value" in adam.get("/fields/contact/retire/").content.decode()
    assert adam.post("/fields/contact/retire/").status_code == 302
    assert "custom.contact" not in olga.get(edit).content.decode()
    assert "Viktor Sahl" in olga.get("/models/credit-default/").content.decode()


def test_the_api_tells_fields_values_and_what_is_missing(
    cast: SimpleNamespace, model: RegisteredModel, api: Callable[..., Client]
) -> None:
    a_field(cast, "contact", "person", required_from="high")
    a_field(cast, "room")
    a_tier(cast, model, "high")
    client, address = api(), "/api/v1/models/credit-default"
    assert [row["key"] for row in client.get("/api/v1/fields").json()] == ["contact", "room"]
    assert client.get(address).json()["missing_fields"] == ["contact"]

    def patch(**custom: Any) -> Any:
        return client.patch(address, {"custom": custom}, content_type="application/json")

    assert patch(room="4").json()["custom"] == {"room": "4"}
    answer = patch(contact="viktor").json()
    assert (answer["custom"], answer["missing_fields"]) == ({"room": "4", "contact": "viktor"}, [])
    assert patch(room=None).json()["custom"] == {"contact": "viktor"}
    refused = patch(contact="nobody")
    assert (refused.status_code, refused.json()["field"]) == (400, "custom.contact")


def test_a_model_with_fields_is_created_through_the_form(cast: SimpleNamespace, client_of: ClientOf) -> None:
    a_field(cast, "due", "date")
    a_model(cast, "score")
    answer = send(
        client_of(cast.olga),
        "/models/new/",
        name="Letters",
        slug="letters",
        purpose="Chooses who receives a letter in autumn.",
        depends_on="score: Orders the letters\n\n",
        jurisdictions=["EU", "US-NY"],
        **{"custom.due": "2027-01-31"},
    )
    assert answer.status_code == 302, answer.content.decode()
    made = RegisteredModel.objects.get(slug="letters")
    assert (made.custom, made.jurisdictions) == ({"due": "2027-01-31"}, ["EU", "US-NY"])
    assert made.dependencies.get().note == "Orders the letters"
