"""Incidents: what one led to is on record, said by whom it is for to say, from page and API alike."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from audit.agreement import compare_rows
from audit.models import Event
from registry.models import ModelVersion
from riskreview.models import Finding
from tests import builders
from tests.conftest import AT

ClientOf = Callable[[User], Client]
WHY = "The hospital's letter of 20 November says so."


@pytest.fixture
def incident(cast: SimpleNamespace, version: ModelVersion) -> Finding:
    """Nobody has said yet what it led to."""
    return builders.a_finding(cast, version, origin="incident", title="Two columns were swapped")


def said(**changes: object) -> dict[str, object]:
    return {"incident_kinds": ["health"], "known_on": "2026-01-05", "reason": WHY} | changes


def test_compliance_says_what_it_led_to_and_since_when_it_is_known(
    cast: SimpleNamespace, incident: Finding, client_of: ClientOf
) -> None:
    page, step = f"/findings/{incident.pk}/", f"/findings/{incident.pk}/classify/"
    assert "Not said yet" in client_of(cast.aud).get(page).content.decode()
    assert incident.aware_on == AT.date() and not incident.incident_said

    assert client_of(cast.carl).post(step, said(incident_kinds=["death", "health"])).status_code == 302

    incident = Finding.objects.get()
    assert incident.incident_kinds == ["death", "health"] and str(incident.aware_on) == "2026-01-05"
    text = client_of(cast.aud).get(page).content.decode()
    assert "Death of a person, Serious harm to a person&#x27;s health" in text and "Not said yet" not in text
    event = Event.objects.get(verb="finding.classified")
    assert event.detail["incident_kinds"] == ["death", "health"] and WHY in event.detail["note"]
    assert event.detail["known_on"] == "2026-01-05" and event.actor == cast.carl.ref
    assert [one.text for one in compare_rows().told if one.row.startswith("riskreview.")] == []


@pytest.mark.parametrize("person", ["olga", "dev", "viktor", "aud"])
def test_nobody_else_says_it(
    cast: SimpleNamespace, incident: Finding, client_of: ClientOf, person: str
) -> None:
    answer = client_of(getattr(cast, person)).post(f"/findings/{incident.pk}/classify/", said())

    incident.refresh_from_db()
    assert answer.status_code == 403 and incident.incident_kinds is None
    assert Event.objects.filter(verb="finding.step_refused", detail__deed="classify").count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"incident_kinds": []},
        {"incident_kinds": ["mishap"]},
        {"incident_kinds": ["none", "death"]},
        {"known_on": "2199-01-01"},
        {"reason": "Short."},
    ],
)
def test_what_makes_no_sense_is_refused(
    cast: SimpleNamespace, incident: Finding, client_of: ClientOf, changes: dict[str, object]
) -> None:
    answer = client_of(cast.carl).post(f"/findings/{incident.pk}/classify/", said(**changes))

    incident.refresh_from_db()
    assert answer.status_code == 400 and incident.incident_kinds is None


def test_only_an_incident_has_a_kind(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    found = builders.a_finding(cast, version)

    client_of(cast.carl).post(f"/findings/{found.pk}/classify/", said())

    found.refresh_from_db()
    assert found.incident_kinds is None and found.known_on is None
    assert "Say what it led to" not in client_of(cast.carl).get(f"/findings/{found.pk}/").content.decode()


def test_a_form_and_a_pipeline_raise_an_incident_with_its_kind(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf, api: Callable[..., Client]
) -> None:
    words = {
        "title": "Applicants were refused for a day",
        "severity": "high",
        "origin": "incident",
        "description": "The feed swapped two columns and nobody noticed.",
        "owner": "olga",
        "incident_kinds": ["rights", "personal_data"],
        "known_on": "2026-01-05",
    }
    form = client_of(cast.ada).post(f"/findings/new/?model={version.model.slug}", words)
    assert form.status_code == 302
    by_hand = Finding.objects.get()
    assert by_hand.incident_kinds == ["rights", "personal_data"] and str(by_hand.known_on) == "2026-01-05"

    pipeline = api("findings:read", "findings:write", owner=cast.ada)
    made = pipeline.post(
        "/api/v1/findings", words | {"model": version.model.slug}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    assert (made.json()["incident_kinds"], made.json()["known_on"]) == (
        ["rights", "personal_data"],
        "2026-01-05",
    )
    wrong = words | {"model": version.model.slug, "incident_kinds": ["mishap"]}
    assert pipeline.post("/api/v1/findings", wrong, content_type="application/json").status_code == 400
