"""Frameworks as data: what ships, what is refused and where, and what people bring in."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from governance.compliance.evidence_kinds import evidence_kinds
from governance.compliance.importing import import_framework, read_any
from governance.compliance.library import frameworks, shipped
from governance.compliance.models import FrameworkVersion
from governance.compliance.reading import read_framework
from policy.lines import PackError
from registry.regulated import frameworks as laws
from tests.conftest import AT, actor_of_user

ClientOf = Callable[[User], Client]
NOTE = "The committee adopted these rules in October."
HOUSE = """\
id: house-rules
name: Rules of our house
issuer: Model risk committee
version: '1'
status:
  state: internal
  confidence: our own
source: [Intranet]
licence: ours
groups:
- id: data
  title: Data
controls:
- id: HR-1
  ref: '1'
  group: data
  level: model
  title: Sources of data are named
  evidence: [card.training_data]
- id: HR-2
  ref: '2'
  group: data
  level: organisation
  title: A policy on data exists
  evidence: [document.policy]
"""
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
OSCAL = {
    "catalog": {
        "uuid": "a3449abd-f6c5-523a-ba11-77d582889a31",
        "metadata": {"title": "House catalog", "version": "2", "oscal-version": "1.2.1"},
        "groups": [
            {
                "id": "g-data",
                "title": "Data",
                "controls": [
                    {
                        "id": "hc-1",
                        "title": "Sources are named",
                        "props": [
                            {"name": "label", "value": "4(a)"},
                            {"name": "evidence-kind", "value": "card.training_data"},
                            {"name": "evidence-kind", "value": "of.another.house"},
                        ],
                        "controls": [
                            {"id": "hc-1.1", "parts": [{"name": "statement", "prose": "And dated"}]}
                        ],
                    }
                ],
            }
        ],
    }
}
CISO = """\
urn: urn:house:risk:library:rules
locale: en
ref_id: house-library
name: House library
version: 3
provider: The house
objects:
  framework:
    urn: urn:house:risk:framework:rules
    ref_id: rules
    name: House library
    requirement_nodes:
    - {urn: 'urn:house:risk:req_node:rules:data', assessable: false, depth: 1, ref_id: data, name: Data}
    - urn: urn:house:risk:req_node:rules:data-1
      assessable: true
      depth: 2
      parent_urn: urn:house:risk:req_node:rules:data
      ref_id: 1(a)
      name: Sources are named
      typical_evidence: "card.training_data\\nnothing.we.know"
"""


def bring(cast: SimpleNamespace, text: str, **changes: Any) -> FrameworkVersion:
    given = {"source": "rules.yaml", "note": NOTE, "importer": cast.carl, "at": AT}
    person = changes.get("importer", cast.carl)
    return import_framework(text, actor=actor_of_user(person), **(given | changes))


def test_what_ships_is_whole() -> None:
    controls = [control for framework in shipped().values() for control in framework.controls]
    assert (len(shipped()), len(controls), len(evidence_kinds())) == (16, 538, 40)
    assert sum(control.level == "organisation" for control in controls) == 86
    assert len({control.id for control in controls}) == 538
    assert set(laws()) <= set(shipped())  # what regulated uses name is there
    assert all(framework.confidence and framework.source for framework in shipped().values())


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("  ref: '1'\n", "", 14, '"ref" is missing'),
        ("level: model", "level: everybody", 17, "Write one of: model, organisation"),
        ("card.training_data", "card.trainingdata", 19, 'Write "card.training_data"'),
        ("- id: HR-2", "- id: HR-1", 20, "stands twice"),
        ("  group: data\n  level: model", "  group: date\n  level: model", 16, 'Write "data"'),
        ("state: internal", "state: fine", 6, "not known"),
        ("licence: ours", "licence: ours\nlisence: x", 10, "There is no key"),
        ("evidence: [card.training_data]", "evidence: []", 19, "emptiness never passes"),
        ("id: house-rules", "id: House Rules", 1, "cannot be an id"),
        ("licence: ours", "licence: ours\ncontrol_count: 3", 10, "2 controls are listed"),
    ],
)
def test_a_file_that_is_wrong_is_told_where(before: str, after: str, line: int, said: str) -> None:
    assert before in HOUSE
    with pytest.raises(PackError) as refused:
        read_framework(HOUSE.replace(before, after, 1), source="rules.yaml")
    assert said in str(refused.value)
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "too many values"),
        ("x" * 700_000, "too long"),
        ('{"profile": {}}', "no OSCAL catalog"),
        ('{"catalog": {"metadata": {"title": "Empty"}}}', "No control is in it"),
        ('{"catalog": ', "not JSON"),
        ("[" * 100_000, "nests too deeply"),
        ("urn: x\nref_id: y\nlocale: en\nversion: 1\n", '"objects" is missing'),
    ],
)
def test_what_is_hostile_or_another_thing_is_refused(text: str, said: str) -> None:
    with pytest.raises(PackError, match=said):
        read_any(text, source="file")


def test_a_catalog_and_a_library_are_read() -> None:
    catalog, _ = read_any(json.dumps(OSCAL), source="catalog.json")
    one, inner = catalog.controls
    assert (one.ref, one.evidence, inner.title) == ("4(a)", ("card.training_data",), "And dated")
    assert (catalog.id, catalog.state, catalog.licence) == ("house-catalog", "not_stated", "Not stated")
    library, _ = read_any(CISO, source="library.yaml")
    assert library.controls[0].evidence == ("card.training_data",)
    assert [group.title for group in library.groups] == ["Data"]
    assert (library.id, library.version) == ("house-library", "3")


@pytest.mark.django_db
def test_a_new_version_counts_and_the_old_one_is_kept(cast: SimpleNamespace) -> None:
    first = bring(cast, HOUSE)
    with pytest.raises(Conflict, match="word for word"):
        bring(cast, HOUSE)
    with pytest.raises(Conflict, match="other content"):
        bring(cast, HOUSE.replace("are named", "are told"))
    second = bring(cast, HOUSE.replace("version: '1'", "version: '2'"))
    assert (first.number, second.number) == (1, 2)
    assert frameworks()["house-rules"].version == "2"
    assert Event.objects.filter(verb="framework.imported").count() == 2


@pytest.mark.django_db
def test_what_no_database_or_address_holds_is_refused(cast: SimpleNamespace) -> None:
    for escape in ("\\0", "\\ud800"):
        with pytest.raises(PackError, match="cannot be kept"):
            bring(cast, HOUSE.replace("Sources of data are named", f'"Sources {escape}"'))
    with pytest.raises(Invalid, match="cannot be a short name"):
        bring(cast, HOUSE, short_name="gaps")
    assert not FrameworkVersion.objects.exists()


@pytest.mark.django_db
def test_who_owns_models_brings_in_nothing(cast: SimpleNamespace) -> None:
    with pytest.raises(NotAllowed):
        bring(cast, HOUSE, importer=cast.olga)
    assert not FrameworkVersion.objects.exists()


@pytest.mark.django_db
def test_the_form_keeps_what_was_typed_and_shows_the_line(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client, place = client_of(cast.carl), reverse("compliance:framework_new")
    wrong = client.post(place, {"text": HOUSE.replace("level: model", "level: all"), "note": NOTE})
    assert wrong.status_code == 400
    assert "line 17" in wrong.content.decode() and "level: all" in wrong.content.decode()
    assert client.post(place, {"text": HOUSE, "note": NOTE}).status_code == 302
    page = client.get(reverse("compliance:framework", args=["house-rules"])).content.decode()
    assert "Sources of data are named" in page and NOTE in page
