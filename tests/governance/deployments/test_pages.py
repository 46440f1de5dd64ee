"""What runs where, as people see it."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.actor import Actor
from registry.actions import record_deployment, roll_back_deployment, suspend_model
from registry.models import Deployment, ModelVersion
from tests import builders
from tests.builders import a_decision
from tests.conftest import actor_of_user
from tests.downloads import streamed

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
PIPELINE = Actor("key:ci", "CI retail", "API key")


def deployed(version: ModelVersion, decision: str = "", *, hours: int = 0, **more: Any) -> Deployment:
    """A deployment to production, so many hours ago."""
    return record_deployment(
        version=version,
        environment=more.pop("environment", "production"),
        decision_id=decision,
        actor=PIPELINE,
        at=timezone.now() - timedelta(hours=hours),
        **more,
    )


@pytest.fixture
def good(cast: SimpleNamespace, signed: ModelVersion) -> Deployment:
    """Runs under a valid decision."""
    return deployed(signed, str(a_decision(cast, signed).pk))


def test_the_first_page_says_how_deployments_get_there(cast: SimpleNamespace, client_of: ClientOf) -> None:
    page = client_of(cast.aud).get("/deployments/").content.decode()
    assert "No pipeline has reported a deployment" in page


def test_what_runs_stands_in_the_list_and_on_the_map(
    cast: SimpleNamespace, good: Deployment, client_of: ClientOf
) -> None:
    client = client_of(cast.aud)
    page = client.get("/deployments/").content.decode()
    assert "Credit default" in page
    assert "without a valid decision" not in page
    assert f"/gate/decisions/{good.decision_id}/" in page
    shown = client.get("/deployments/?view=map").context["map"]
    assert [row.deployment for row in shown[0].cells["production"]] == [good]
    assert shown[0].cells["staging"] == []


def test_what_no_decision_carries_is_loud_on_every_page_about_it(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    bad = deployed(signed)
    client = client_of(cast.aud)
    version = "/models/credit-default/versions/1/"
    places = [
        "/",
        "/deployments/",
        "/deployments/?view=all",
        f"/deployments/{bad.pk}/",
        "/models/credit-default/",
    ]
    for place in [
        *places,
        version,
        f"{version}files/",
        f"{version}card/",
        "/lineage/version/credit-default/1/",
    ]:
        assert "without a valid decision" in client.get(place).content.decode(), place
    bad.status, bad.ended_at = "ended", timezone.now()
    bad.save()
    for place in [*places[:3], places[4], version]:
        assert "cs-banner--no" not in client.get(place).content.decode(), place


def test_a_flagged_start_is_as_loud_as_what_runs(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    deployed(signed, status="started")
    page = client_of(cast.aud).get("/models/credit-default/versions/1/").content.decode()
    assert "Starts in production without a valid decision." in page


def test_what_the_gate_would_deny_now_says_so(
    cast: SimpleNamespace, good: Deployment, client_of: ClientOf
) -> None:
    client, words = client_of(cast.aud), "although the gate now denies"
    places = [
        "/deployments/",
        f"/deployments/{good.pk}/",
        "/models/credit-default/",
        "/models/credit-default/versions/1/",
    ]
    assert not any(words in client.get(place).content.decode() for place in places)
    suspend_model(
        model=good.version.model,
        reason="Complaints about refusals.",
        actor=actor_of_user(cast.ada),
        at=timezone.now(),
    )
    for place in places:
        assert words in client.get(place).content.decode(), place
    rows = client.get("/deployments/?view=flagged").context["page"].object_list
    assert [(row.deployment, row.word) for row in rows] == [(good, "Runs, now denied")]


@pytest.fixture
def several(cast: SimpleNamespace, good: Deployment) -> dict[str, Deployment]:
    """One under a decision, one without, one on its way, one that ended."""
    other = builders.ready_to_sign(cast, slug="other-use")
    ended = deployed(other, environment="staging", hours=2)
    roll_back_deployment(deployment=ended, actor=PIPELINE, at=timezone.now())
    return {
        "good": good,
        "bad": deployed(other, strategy="batch", note="=cmd()"),
        "started": deployed(good.version, good.decision_id, environment="staging", status="started"),
        "ended": ended,
    }


FILTERS = [
    ({}, {"good", "bad"}),
    ({"view": "flagged"}, {"bad"}),
    ({"view": "started"}, {"started"}),
    ({"view": "all"}, {"good", "bad", "started", "ended"}),
    ({"view": "nonsense"}, {"good", "bad"}),
    ({"environment": "staging", "view": "all"}, {"started", "ended"}),
    ({"model": "other-use"}, {"bad"}),
    ({"strategy": "batch"}, {"bad"}),
    ({"q": "credit v1"}, {"good"}),
    ({"q": "retail"}, {"good", "bad"}),
    ({"q": "nothing like it"}, set()),
]


@pytest.mark.parametrize(("query", "names"), FILTERS, ids=[str(row[0]) for row in FILTERS])
def test_the_list_shows_what_its_address_asks_for(
    query: dict[str, str],
    names: set[str],
    cast: SimpleNamespace,
    several: dict[str, Deployment],
    client_of: ClientOf,
) -> None:
    answer = client_of(cast.aud).get("/deployments/", query)
    rows = answer.context["page"].object_list
    assert {row.deployment for row in rows} == {several[name] for name in names}
    assert ("No deployment matches" in answer.content.decode()) == (not names)


def test_the_export_holds_every_row_and_no_formula(
    cast: SimpleNamespace, several: dict[str, Deployment], client_of: ClientOf
) -> None:
    answer = client_of(cast.aud).get("/deployments/?view=all&format=csv")
    rows = list(csv.DictReader(io.StringIO(streamed(answer))))
    assert {row["status"] for row in rows} == {"live", "started", "rolled_back"}
    assert "'=cmd()" in {row["note"] for row in rows}


def test_the_way_back_is_the_newest_version_that_the_gate_allows_now(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    deployed(signed, str(a_decision(cast, signed).pk), hours=9)
    deployed(builders.a_version(cast, signed.model, "2"), hours=5)
    newest = deployed(builders.a_version(cast, signed.model, "3"))
    answer = client_of(cast.aud).get(f"/deployments/{newest.pk}/")
    page = answer.content.decode()
    assert [one.deployment.version.version for one in answer.context["earlier"]] == ["2", "1"]
    assert answer.context["target"].deployment.version == signed
    assert "--model credit-default --version 1" in page
    assert f"/api/v1/deployments/{newest.pk}/roll-back" in page


def test_without_an_allowed_version_nothing_is_offered(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    failed = deployed(signed, str(a_decision(cast, signed).pk), status="failed", hours=3)
    newest = deployed(builders.a_version(cast, signed.model, "2"))
    client = client_of(cast.aud)
    page = client.get(f"/deployments/{newest.pk}/").content.decode()
    assert "No earlier version can take its place" in page
    assert 'id="roll-back"' not in client.get(f"/deployments/{failed.pk}/").content.decode()


def test_the_list_costs_the_same_for_many(
    cast: SimpleNamespace, several: dict[str, Deployment], client_of: ClientOf
) -> None:
    client = client_of(cast.aud)

    def cost(query: str) -> int:
        client.get(f"/deployments/{query}")  # counts the reader's queue anew, once after every change
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/deployments/{query}")
        return len(asked)

    queries = ("", "?view=map", "?view=flagged", "?view=all")
    before = [cost(query) for query in queries]
    for number in range(4):
        version = builders.ready_to_sign(cast, slug=f"more-{number}")
        deployed(version)
        deployed(version, several["good"].decision_id, environment="staging")
    assert [cost(query) for query in queries] == before
    assert max(before) <= 60
