"""OSCAL documents: as NIST has them, nothing claimed that nobody concluded, the same bytes for the same state."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.component import ComponentDefinition

from accounts.models import User
from audit.models import Event
from governance.compliance.gaps import open_gap
from governance.compliance.oscal import taking
from registry.models import RegisteredModel
from tests.conftest import AT, actor_of_user
from tests.governance.compliance.test_coverage import CONTROL, EU, WHY, concluded, scoped

pytestmark = pytest.mark.django_db
UNTIL = date.today() + timedelta(days=200)
COMPONENTS, RESULTS = "/coverage/?format=oscal", f"/models/credit-default/compliance-results/{EU}/"


@pytest.fixture
def judged(cast: SimpleNamespace, lender: RegisteredModel) -> RegisteredModel:
    """One control is satisfied, one does not apply, one lacks something that Dev does; one more ran out."""
    concluded(cast, lender, until=UNTIL)
    concluded(cast, lender, until=UNTIL, controls=["EU-9.2c"], verdict="not_applicable")
    ended = timezone.now() - timedelta(days=3)
    concluded(cast, lender, until=date.today() - timedelta(days=1), controls=["EU-10.2a"], at=ended)
    scoped(cast, None, framework="iso-42001")
    open_gap(
        framework=EU,
        control="EU-10.2a",
        model=lender,
        owner=cast.dev,
        due_on=UNTIL,
        lacks="Write down\nwhere the data come from.",
        user=cast.ada,
        actor=actor_of_user(cast.ada),
        at=AT,
    )
    return lender


@pytest.fixture
def carl(cast: SimpleNamespace, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.carl)


def taken(client: Client, address: str) -> Any:
    """The document, the same each time."""
    first, second = client.get(address), client.get(address)
    assert first.status_code == 200, first.content
    assert first.content == second.content
    return json.loads(first.content)


def own(item: dict[str, Any], name: str) -> str:
    return str(next(row["value"] for row in item["props"] if row["name"] == name))


def test_models_and_the_programme_are_components_with_what_people_concluded(
    judged: RegisteredModel, carl: Client
) -> None:
    told = taken(carl, COMPONENTS)["component-definition"]
    ComponentDefinition(**told)
    assert told["metadata"]["oscal-version"] == "1.2.1"
    model, programme = told["components"]
    assert (model["title"], model["type"], programme["type"]) == (
        "Credit default",
        "software",
        "process-procedure",
    )
    sources = {row["uuid"] for row in told["back-matter"]["resources"]}
    used = [row for component in told["components"] for row in component["control-implementations"]]
    assert {row["source"].removeprefix("#") for row in used} == sources
    rows = {
        row["control-id"]: row
        for part in model["control-implementations"]
        for row in part["implemented-requirements"]
    }
    assert (
        own(rows[CONTROL], "implementation-status") == "implemented" and WHY in rows[CONTROL]["description"]
    )
    assert own(rows["EU-9.2c"], "implementation-status") == "not-applicable"
    claimed = {name for name, row in rows.items() if row["props"][0]["name"] == "implementation-status"}
    assert claimed == {CONTROL, "EU-9.2c"}, "only what a person concluded and still counts"
    assert own(rows["EU-10.2a"], "state") == "outdated"
    event = Event.objects.filter(verb="coverage.exported").latest("at")
    assert event.detail == {"format": "oscal component definition", "filters": {}, "rows": 1}


def test_evidence_is_observed_and_conclusions_are_findings(judged: RegisteredModel, carl: Client) -> None:
    told = taken(carl, RESULTS)["assessment-results"]
    AssessmentResults(**told)
    (result,) = told["results"]
    found = {row["target"]["target-id"]: row for row in result["findings"]}
    states = {name: row["target"]["status"] for name, row in found.items()}
    assert [name for name, status in states.items() if status["state"] == "satisfied"] == [CONTROL]
    assert states["EU-10.2a"] == {"state": "not-satisfied", "reason": "other"}
    assert "It no longer counts" in found["EU-10.2a"]["description"]
    asked = result["reviewed-controls"]["control-selections"][0]
    assert "EU-9.2c" not in found and "EU-9.2c" in asked["remarks"]
    assert {row["control-id"] for row in asked["include-controls"]} == set(found)
    observed = {row["uuid"] for row in result["observations"]}
    related = [
        one["observation-uuid"] for row in found.values() for one in row.get("related-observations", ())
    ]
    assert set(related) <= observed and related
    measured = [row for row in result["observations"] if own(row, "kind").startswith("eval.")]
    assert {tuple(row["methods"]) for row in measured} == {("TEST",)}
    (risk,) = result["risks"]
    assert risk["statement"].startswith("Write down") and risk["deadline"].startswith(UNTIL.isoformat())
    named = {row["uuid"]: row["name"] for row in told["metadata"]["parties"]}
    assert {"Carl Brandt", "Dev Menon"} < set(named.values())
    assert {
        row["origins"][0]["actors"][0]["actor-uuid"] for row in found.values() if "origins" in row
    } <= set(named)


def test_identifiers_stay_and_the_version_moves_with_the_state(
    cast: SimpleNamespace, judged: RegisteredModel, carl: Client
) -> None:
    before = taken(carl, RESULTS)["assessment-results"]
    concluded(cast, judged, until=UNTIL, controls=["EU-10.2a"], verdict="partly", at=timezone.now())
    after = taken(carl, RESULTS)["assessment-results"]
    assert before["uuid"] == after["uuid"]
    for name in ("version", "last-modified"):
        assert before["metadata"][name] != after["metadata"][name]
    assert [row["uuid"] for row in before["results"][0]["findings"]] == [
        row["uuid"] for row in after["results"][0]["findings"]
    ]


def test_pipelines_take_the_same_and_what_does_not_apply_is_not_there(
    judged: RegisteredModel, carl: Client, api: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = api("reports:read")
    address = f"/api/v1/oscal/assessment-results?model=credit-default&framework={EU}"
    assert key.get(address).content == carl.get(RESULTS).content
    assert key.get(address.replace(EU, "ccpa-admt")).status_code == 404
    one = taken(key, "/api/v1/oscal/component-definition?model=credit-default")["component-definition"]
    assert [row["title"] for row in one["components"]][0] == "Credit default"
    monkeypatch.setattr(taking, "MOST_MODELS", 0)
    assert key.get("/api/v1/oscal/component-definition").status_code == 400
