"""The inventory, a model and a version, as pages and as the API lists them."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from registry.actions import record_deployment
from registry.models import ModelVersion
from riskreview.models import Decision
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
PAGE = "/models/credit-default/versions/1/"


def test_the_page_of_a_version_says_whether_it_may_run_and_who_must_act(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    page = client_of(cast.aud).get(PAGE).content.decode()
    assert "Production answers deny" in page
    assert "Viktor Sahl" in page
    assert "Ada Okafor" in page
    assert version.artifact_digest in page


def test_another_environment_has_its_own_answer(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    client = client_of(cast.aud)
    assert "Staging answers allow" in client.get(f"{PAGE}?env=staging").content.decode()
    assert "Production answers deny" in client.get(f"{PAGE}?env=moon").content.decode()
    part = client.get(f"{PAGE}?env=staging", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Staging answers allow" in part


def test_a_signed_version_whose_card_changed_says_so(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    client = client_of(cast.viktor)
    assert "Production answers allow" in client.get(PAGE).content.decode()
    builders.a_card(cast, signed, caveats="Not for applicants below the age of twenty.")
    page = client.get(PAGE).content.decode()
    assert "Production answers deny" in page
    assert "Stale: the evidence changed since" in page


def test_the_page_offers_each_person_what_they_can_do(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    assert "Review and sign" in client_of(cast.viktor).get(PAGE).content.decode()
    for name in ("dev", "aud"):
        page = client_of(getattr(cast, name)).get(PAGE).content.decode()
        assert "Review and sign" not in page
        assert "Open the review" in page


def test_what_runs_where_stands_on_the_model_and_the_version(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    record_deployment(
        version=signed, environment="production", decision_id="d-1", actor=actor_of_user(cast.dev), at=AT
    )
    for place in (PAGE, "/models/credit-default/"):
        assert "since 21 Nov" in client_of(cast.aud).get(place).content.decode()


def test_the_page_of_a_version_costs_a_fixed_number_of_queries(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    client = client_of(cast.aud)
    builders.a_card(cast, signed, caveats="The first caveat, as the review asked for it.")
    client.get(PAGE)
    with CaptureQueriesContext(connection) as before:
        client.get(PAGE)
    for number in range(3):
        builders.ready_to_sign(cast, slug=f"other-{number}")
        builders.a_card(cast, signed, caveats=f"Caveat {number}, as the review asked for it.")
    client.get(PAGE)  # counts the reader's queue anew, once after every change
    with CaptureQueriesContext(connection) as after:
        client.get(PAGE)
    assert len(after) <= len(before) <= 50


@pytest.fixture
def portfolio(cast: SimpleNamespace, signed: ModelVersion) -> None:
    """One approved, one rejected, one declared without a version."""
    other = builders.ready_to_sign(cast, slug="tenant-screening")
    builders.a_signature(other.reviews.get(), cast.ada, "risk_officer", Decision.REJECT)
    builders.a_model(cast, "demand-forecast", name="=cmd|' /C calc'!A0")


def test_the_api_lists_versions_by_status_model_and_place(
    cast: SimpleNamespace, portfolio: None, signed: ModelVersion, api: Callable[..., Client]
) -> None:
    record_deployment(
        version=signed, environment="production", decision_id="d-1", actor=actor_of_user(cast.dev), at=AT
    )
    client = api("registry:read")

    def found(**query: str) -> list[str]:
        return [row["model"] for row in client.get("/api/v1/versions", query).json()["results"]]

    assert found() == ["tenant-screening", "credit-default"]
    assert found(status="approved") == ["credit-default"]
    assert found(model="tenant-screening") == ["tenant-screening"]
    assert found(environment="production") == ["credit-default"]
    row = client.get("/api/v1/versions", {"status": "approved"}).json()["results"][0]
    assert (row["tier"], row["artifact_digest"]) == ("high", signed.artifact_digest)
    assert row["gate"]["production"] == "allow"


def test_the_api_turns_pages_without_losing_a_row(
    cast: SimpleNamespace, portfolio: None, api: Callable[..., Client]
) -> None:
    client, address, seen = api("registry:read"), "/api/v1/versions?page_size=1", list[str]()
    while address:
        page = client.get(address).json()
        seen += [row["model"] for row in page["results"]]
        address = page["next"]
    assert seen == ["tenant-screening", "credit-default"]
