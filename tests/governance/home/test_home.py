"""The first page: what waits for me, how the portfolio stands, what ends soon, who was denied."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from registry.models import ModelVersion
from riskreview.models import Decision
from tests import builders

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


def home(client: Client) -> str:
    return client.get("/").content.decode()


def test_a_signature_waits_for_those_who_can_give_it(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    review = f"/reviews/{version.reviews.get().pk}/"
    for name in ("viktor", "ada"):
        assert review in home(client_of(getattr(cast, name)))
    for name in ("dev", "carl", "aud"):
        page = home(client_of(getattr(cast, name)))
        assert "Nothing waits for you." in page


def test_the_table_counts_every_model_once(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    other = builders.ready_to_sign(cast, slug="tenant-screening")
    builders.a_signature(other.reviews.get(), cast.ada, "risk_officer", Decision.REJECT)
    answer = client_of(cast.aud).get("/")
    portfolio = answer.context["portfolio"]
    counted = {row.status: row.total for row in portfolio.rows if row.total}
    assert counted == {"approved": 1, "rejected": 1}
    assert (portfolio.models, portfolio.in_production) == (2, 1)
    assert "2 models, 1 allowed in production" in answer.content.decode()


def test_a_pipeline_that_asks_again_and_again_is_one_line(
    cast: SimpleNamespace, version: ModelVersion, api: Callable[..., Client], client_of: ClientOf
) -> None:
    question = {"model": "credit-default", "version": "1", "environment": "production"}
    pipeline = api("gate")
    for _ in range(3):
        pipeline.post("/api/v1/gate/decisions", question, content_type="application/json")
    pipeline.post("/api/v1/gate/decisions", {**question, "dry_run": True}, content_type="application/json")
    page = home(client_of(cast.olga))
    assert "asked 3 times" in page
    assert "Validator signs" in page


def test_what_falls_due_within_a_month_is_announced(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    due = timezone.now().date() + timedelta(days=10)
    builders.a_signature(
        version.reviews.get(),
        cast.viktor,
        "validator",
        Decision.APPROVE_WITH_CONDITIONS,
        conditions=[("Watch the ratio by age band.", due)],
    )
    assert "Watch the ratio by age band." in home(client_of(cast.carl))


def test_an_empty_house_says_what_to_do(cast: SimpleNamespace, client_of: ClientOf) -> None:
    page = home(client_of(cast.dev))
    assert "Nothing waits for you" in page
    assert "No pipeline was denied in the last 14 days" in page


def test_each_sees_what_concerns_them_and_the_place_to_act(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    builders.a_decision(cast, version)
    soon = timezone.now().date() + timedelta(days=3)
    finding = builders.a_finding(cast, version)
    type(finding).objects.update(due_on=soon)
    stranger = User.objects.create_user("sam", first_name="Sam", last_name="Roth")
    for name, ending, asked, mine in (
        ("dev", [f"/findings/{finding.pk}/"], [f"/reviews/{version.reviews.get().pk}/"], True),
        ("aud", [f"/findings/{finding.pk}/"], [], False),
    ):
        answer = client_of(getattr(cast, name)).get("/")
        assert [item.href for item in answer.context["ending"]] == ending
        assert [wish.href for wish in answer.context["asked"]] == asked
        assert ("Denials of your pipelines" in answer.content.decode()) is mine
        assert len(answer.context["denials"]) == 1
        assert [(place.environment, place.allowed) for place in answer.context["portfolio"].places] == [
            ("development", 1),
            ("staging", 1),
            ("production", 0),
        ]
    assert client_of(stranger).get("/").context["ending"] == []
