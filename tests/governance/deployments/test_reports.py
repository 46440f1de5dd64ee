"""Deployments as pipelines report them: what a valid decision is, and how loud its absence."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Event
from governance.gate.models import GateDecision
from registry.models import Deployment, ModelVersion
from tests import builders
from tests.builders import a_decision

pytestmark = pytest.mark.django_db
URL = "/api/v1/deployments"
NOWHERE = "6f0f5b3e-8f5c-4a59-9a1e-0d6f2f4f7c11"
Api = Callable[..., Client]


def send(client: Client, path: str = "", **body: Any) -> Any:
    return client.post(f"{URL}{path}", body, content_type="application/json")


def test_a_decision_alone_names_what_was_deployed(
    cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    decision = a_decision(cast, signed)
    answer = send(api("gate"), decision=str(decision.pk))
    body = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"{URL}/{body['id']}"
    assert (body["model"], body["version"], body["environment"]) == ("credit-default", "1", "production")
    assert (body["status"], body["strategy"], body["running"]) == ("live", "real_time", True)
    assert body["problem"] is None
    assert body["decision"] == body["decision_id"] == str(decision.pk)
    assert Event.objects.latest("id").verb == "deployment.recorded"


def test_the_older_name_of_the_decision_is_understood(
    cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    decision = str(a_decision(cast, signed).pk)
    named = {"model": "credit-default", "version": "1", "environment": "production"}
    assert send(api("registry:write"), decision_id=decision, **named).json()["problem"] is None
    both = send(api("gate"), decision_id=decision, decision=NOWHERE)
    assert both.status_code == 400


def flawed(cast: SimpleNamespace, signed: ModelVersion) -> dict[str, tuple[dict[str, Any], str]]:
    """Reports that no valid decision carries, and a part of what is said about each."""
    named = {"model": "credit-default", "version": "1", "environment": "production"}
    other = builders.ready_to_sign(cast, slug="other-use")
    elsewhere = a_decision(cast, signed, environment="staging")
    return {
        "none": (named, "No decision of the gate is named"),
        "unknown": (named | {"decision": NOWHERE}, "gave no decision"),
        "nonsense": (named | {"decision": "yes please"}, "gave no decision"),
        "denied": ({"decision": str(a_decision(cast, other).pk)}, "The gate denied it"),
        "expired": ({"decision": str(a_decision(cast, signed, hours=10).pk)}, "ran out"),
        "dry run": ({"decision": str(a_decision(cast, signed, dry_run=True).pk)}, "dry run"),
        "environment": (named | {"decision": str(elsewhere.pk)}, "is about staging"),
        "version": (
            {"decision": str(a_decision(cast, signed).pk), "model": "other-use", "version": "1"},
            "not about Other use v1",
        ),
        "digest": (
            {"decision": str(a_decision(cast, signed).pk), "artifact_digest": f"sha256:{'0' * 64}"},
            "has the digest sha256:000",
        ),
    }


def test_what_no_valid_decision_carries_is_recorded_and_flagged(
    cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    client = api("gate")
    for name, (body, words) in flawed(cast, signed).items():
        answer = send(client, **body)
        assert answer.status_code == 201, name
        assert words in answer.json()["problem"], name
        event = Event.objects.latest("id")
        assert (event.verb, event.detail["problem"]) == ("deployment.undecided", answer.json()["problem"])
    listed = client.get(URL, {"flagged": "true"}).json()["results"]
    assert {(row["model"], row["environment"]) for row in listed} == {
        ("credit-default", "production"),
        ("other-use", "production"),
    }


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "model"),
    ({"decision": NOWHERE}, 400, "model"),
    ({"model": "credit-default"}, 400, "version"),
    ({"model": "credit-default", "version": "1"}, 400, "environment"),
    ({"model": "credit-default", "version": "1", "environment": "moon"}, 400, "environment"),
    ({"model": "credit-default", "version": "9", "environment": "staging"}, 404, ""),
    ({"model": "nothing", "version": "1", "environment": "staging"}, 404, ""),
    ({"model": "credit-default", "version": "1", "environment": "staging", "strategy": "hope"}, 400, ""),
    ({"model": "credit-default", "version": "1", "environment": "staging", "status": "ended"}, 400, ""),
    ({"model": "credit-default", "version": "1", "environment": "staging", "traffic_share": 2}, 400, ""),
    ({"model": "credit-default", "version": "1", "environment": "staging", "artifact_digest": "x"}, 400, ""),
]


@pytest.mark.parametrize(("body", "status", "field"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_a_report_about_nothing_is_refused(
    body: dict[str, Any], status: int, field: str, signed: ModelVersion, api: Api
) -> None:
    answer = send(api("gate"), **body)
    assert answer.status_code == status
    assert answer.json().get("field", "") == field
    assert not Deployment.objects.exists()


def test_a_pipeline_tells_the_whole_story(cast: SimpleNamespace, signed: ModelVersion, api: Api) -> None:
    client, decision = api("gate"), str(a_decision(cast, signed).pk)
    canary = send(client, decision=decision, strategy="canary", traffic_share=0.1, status="started").json()
    assert (canary["status"], canary["running"], canary["traffic_share"]) == ("started", False, 0.1)
    assert send(client, f"/{canary['id']}/finish").json()["running"] is True
    taken = send(client, f"/{canary['id']}/roll-back", note="Drift").json()
    assert (taken["status"], taken["note"], taken["replaced_by"]) == ("rolled_back", "Drift", None)
    second = send(client, decision=decision, status="started").json()
    assert send(client, f"/{second['id']}/fail", note="Probe").json()["status"] == "failed"
    third = send(client, decision=decision).json()
    assert send(client, f"/{third['id']}/end").json()["status"] == "ended"
    assert send(client, f"/{third['id']}/finish").status_code == 409
    assert send(client, "/999/end").status_code == 404
    assert client.get(f"{URL}/{canary['id']}").json()["status"] == "rolled_back"


def test_a_decision_that_ran_out_before_it_was_live_is_told_and_flagged(
    cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    client, decision = api("gate"), a_decision(cast, signed)
    started = send(client, decision=str(decision.pk), status="started").json()
    assert started["problem"] is None
    GateDecision.objects.filter(pk=decision.pk).update(valid_until=timezone.now())
    live = send(client, f"/{started['id']}/finish").json()
    assert live["running"] and "ran out" in live["problem"]
    event = Event.objects.latest("id")
    assert (event.verb, event.detail["status"]) == ("deployment.undecided", "live")
    assert event.detail["problem"] == live["problem"]
    assert [row["id"] for row in client.get(URL, {"flagged": "true"}).json()["results"]] == [live["id"]]


def test_what_was_wrong_at_the_start_is_wrong_when_it_is_live(
    cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    client, decision = api("gate"), str(a_decision(cast, signed).pk)
    other = send(client, decision=decision, artifact_digest=f"sha256:{'0' * 64}", status="started").json()
    assert "has the digest sha256:000" in send(client, f"/{other['id']}/finish").json()["problem"]
    undecided = {"model": "credit-default", "version": "1", "environment": "production"}
    none = send(client, status="started", **undecided).json()
    assert "No decision" in send(client, f"/{none['id']}/finish").json()["problem"]


@pytest.mark.parametrize("strategy", ["canary", "ab"])
def test_no_share_of_the_traffic_is_refused(
    strategy: str, cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    decision = str(a_decision(cast, signed).pk)
    answer = send(api("gate"), decision=decision, strategy=strategy, traffic_share=0)
    assert (answer.status_code, answer.json()["field"]) == (400, "traffic_share")
    assert "carries none" in answer.json()["detail"]


def test_a_roll_back_names_the_decision_on_what_runs_instead(
    cast: SimpleNamespace, signed: ModelVersion, api: Api
) -> None:
    client = api("gate")
    newer = builders.a_version(cast, signed.model, "2")
    bad = send(client, model="credit-default", version="2", environment="production").json()
    assert newer.deployments.get().problem
    assert send(client, f"/{bad['id']}/roll-back", to="nonsense").status_code == 400
    answer = send(client, f"/{bad['id']}/roll-back", to=str(a_decision(cast, signed).pk)).json()
    again = client.get(f"{URL}/{answer['replaced_by']}").json()
    assert (again["version"], again["running"], again["problem"]) == ("1", True, None)
    assert [row["version"] for row in client.get(URL, {"running": "true"}).json()["results"]] == ["1"]
    assert client.get(URL, {"flagged": "true"}).json()["results"] == []


def test_the_list_is_narrowed_by_every_field(cast: SimpleNamespace, signed: ModelVersion, api: Api) -> None:
    client = api("registry:read", "registry:write")
    named = {"model": "credit-default", "version": "1"}
    send(client, environment="production", decision=str(a_decision(cast, signed).pk), **named)
    send(client, environment="staging", strategy="batch", status="started", **named)

    def found(**query: str) -> list[str]:
        return [row["environment"] for row in client.get(URL, query).json()["results"]]

    assert found() == ["staging", "production"]
    assert found(environment="staging") == found(strategy="batch") == found(status="started") == ["staging"]
    assert found(running="true") == found(flagged="false") == ["production"]
    assert found(running="false") == found(flagged="true") == ["staging"]
    assert found(model="other") == []
    assert found(version="1") == ["staging", "production"]
    assert found(dataset="credit-default-test@1") == ["staging", "production"]
    assert client.get(URL, {"dataset": "nothing@1"}).status_code == 404
    assert client.get(URL, {"environment": "moon"}).status_code == 400
