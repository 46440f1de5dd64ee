"""What the inventory says about a use: kinds, origins, places and regulated uses."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.refusals import Invalid
from audit.models import Event
from policy.tiering import load_questionnaire
from registry.actions import change_model, tag_model
from registry.entries import entry_of
from registry.models import ModelKind, RegisteredModel
from registry.places import places
from registry.regulated import frameworks, law_in_view, regulated_uses
from tests.builders import a_model
from tests.conftest import AT, actor_of_user
from tests.registry.conftest import Verbs

FULL: dict[str, Any] = {
    "products": "Instalment loans",
    "expected_use": "Orders the work of underwriters.",
    "actual_use": "As expected.",
    "restrictions": "Not for companies.",
    "team": "Retail credit",
    "origin": "vendor",
    "supplier": "Solvela",
    "jurisdictions": ["DE", "EU"],
    "regulated_uses": ["profiling", "credit"],
}


def test_everything_that_is_filled_in_is_kept_and_recorded(cast: SimpleNamespace) -> None:
    model = a_model(cast, **FULL)

    model.refresh_from_db()
    assert model.jurisdictions == ["EU", "DE"]  # in the order of the file
    assert model.regulated_uses == ["credit", "profiling"]
    assert (model.origin, model.supplier, model.products) == ("vendor", "Solvela", "Instalment loans")
    detail = Event.objects.get(verb="model.created").detail
    assert detail["supplier"] == "Solvela"
    assert "kind_reason" not in detail


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"kind": "not_a_model"}, "kind_reason", "needs the reason"),
        ({"kind": "not_a_model", "kind_reason": "no"}, "kind_reason", "needs the reason"),
        ({"origin": "vendor"}, "supplier", "A vendor comes from somebody"),
        ({"origin": "foundation_model"}, "supplier", "foundation model"),
        ({"origin": "found"}, "origin", "not an origin"),
        ({"jurisdictions": ["EU", "XX"]}, "jurisdictions", "XX is not a jurisdiction"),
        ({"regulated_uses": ["magic"]}, "regulated_uses", "magic is not a regulated use"),
        ({"team": "x" * 81}, "team", "longer than 80"),
        ({"restrictions": "x" * 5001}, "restrictions", "longer than 5,000"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(
    changes: dict[str, Any], field: str, said: str, cast: SimpleNamespace
) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        a_model(cast, **changes)
    assert refused.value.field == field
    assert not RegisteredModel.objects.exists()


def test_the_reason_stays_only_while_it_is_not_a_model(cast: SimpleNamespace) -> None:
    model = a_model(cast, kind=ModelKind.NOT_A_MODEL, kind_reason="A lookup in the tariff table.")
    assert model.kind_reason == "A lookup in the tariff table."

    entry = replace(entry_of(model), kind=ModelKind.RULE_SET)
    changed = change_model(model=model, entry=entry, actor=actor_of_user(cast.olga), at=AT)

    assert changed.kind_reason == ""


def test_a_change_names_only_what_changed_and_the_note(cast: SimpleNamespace) -> None:
    model = a_model(cast, **FULL)
    entry = replace(entry_of(model), jurisdictions=["EU"], team="Risk")

    change_model(model=model, entry=entry, note="Moved to Risk", actor=actor_of_user(cast.olga), at=AT)

    assert Event.objects.get(verb="model.changed").detail == {
        "jurisdictions": {"was": ["EU", "DE"], "is": ["EU"]},
        "team": {"was": "Retail credit", "is": "Risk"},
        "note": "Moved to Risk",
    }


def test_every_place_is_within_a_place_that_is_listed() -> None:
    known = places()
    assert all(isinstance(code, str) for code in known)  # NO is Norway, and not a No
    assert {place.within for place in known.values()} - {""} <= set(known)
    assert known["NO"].name == "Norway"


def test_regulated_uses_speak_of_frameworks_flags_and_places_that_exist() -> None:
    flags = {flag.id for flag in load_questionnaire().flags}
    for use in regulated_uses().values():
        assert set(use.flags) <= flags, use.id
        assert set(use.frameworks) <= set(frameworks()), use.id
    assert {place for found in frameworks().values() for place in found.places} <= set(places())


@pytest.mark.parametrize(
    ("jurisdictions", "law"),
    [
        (["DE"], {"EU AI Act"}),
        (["US-CO"], {"ECOA and Regulation B", "FCRA", "Colorado SB 26-189"}),
        (["JP"], set()),
    ],
)
def test_only_the_law_of_the_places_is_in_view(jurisdictions: list[str], law: set[str]) -> None:
    assert set(law_in_view(["credit"], jurisdictions)) == law
    assert law <= set(law_in_view(["credit"], []))  # nothing named: everything


def test_tags_are_tidied_added_once_and_taken_off(cast: SimpleNamespace, verbs: Verbs) -> None:
    model, actor = a_model(cast), actor_of_user(cast.dev)

    tag_model(model=model, add=["Retail Risk", "q3"], actor=actor, at=AT)
    tag_model(model=model, add=["q3"], remove=["never-there"], actor=actor, at=AT)
    assert [tag.name for tag in model.tags.all()] == ["q3", "retail-risk"]
    tag_model(model=model, remove=["q3"], note="Quarter is over", actor=actor, at=AT)

    assert [tag.name for tag in model.tags.all()] == ["retail-risk"]
    assert verbs() == ["model.created", "model.tagged", "model.tagged"]
    detail = Event.objects.order_by("id").last().detail  # type: ignore[union-attr]
    assert detail == {"added": [], "removed": ["q3"], "note": "Quarter is over"}


@pytest.mark.parametrize("name", ["", "a/b", "ü", "x" * 41, "--"])
def test_what_cannot_be_a_tag_is_refused(cast: SimpleNamespace, model: RegisteredModel, name: str) -> None:
    with pytest.raises(Invalid, match="cannot be a tag"):
        tag_model(model=model, add=[name], actor=actor_of_user(cast.dev), at=AT)
    assert not model.tags.exists()
