"""A model's whole story on one page, and what stopping it touches."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from registry.actions import record_deployment, set_dependencies, suspend_model, tag_model
from registry.models import ModelVersion, RegisteredModel
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
PAGE = "/models/credit-default/"


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def depend(cast: SimpleNamespace, model: RegisteredModel, *slugs: str) -> None:
    wanted = dict.fromkeys(slugs, "")
    set_dependencies(model=model, depends_on=wanted, actor=actor_of_user(cast.olga), at=AT)


def deploy(cast: SimpleNamespace, version: ModelVersion, environment: str = "production") -> None:
    record_deployment(
        version=version, environment=environment, decision_id="d-1", actor=actor_of_user(cast.dev), at=AT
    )


def test_a_bare_model_says_what_is_missing_and_who_sees_it_gets_the_way_there(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    builders.a_model(cast)
    page = client_of(cast.olga).get(PAGE)
    gaps = [gap.text for gap in page.context["gaps"]]
    assert gaps == ["No tier", "No version", "No jurisdiction"]
    assert "Register a version: No version".replace(": ", '<span class="cs-sr">: ') in text(page)
    assert page.context["stage"] == "proposed"
    assert 'aria-current="step"' in text(page)
    assert "Fill it in" not in text(client_of(cast.aud).get(PAGE))


def test_a_field_that_the_tier_asks_for_is_missing_until_it_is_filled(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    builders.a_field(cast, "risk-contact", required_from="high")
    model = builders.a_model(cast, jurisdictions=["EU"])
    builders.a_version(cast, model)
    builders.a_tier(cast, model, "moderate")
    assert client_of(cast.aud).get(PAGE).context["gaps"] == []
    builders.a_tier(cast, model, "high")
    assert [gap.text for gap in client_of(cast.aud).get(PAGE).context["gaps"]] == ["Risk contact"]


def test_a_declared_use_that_the_answers_about_the_tier_deny_is_shown(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    model = builders.a_model(cast, jurisdictions=["EU"], regulated_uses=["profiling", "credit"])
    builders.a_version(cast, model)
    builders.a_tier(cast, model, "high")  # ticks the decision on credit, not the profiling
    gaps = client_of(cast.aud).get(PAGE).context["gaps"]
    assert [gap.text for gap in gaps] == ["“Profiles people” is not ticked"]


def test_the_page_tells_the_whole_story(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    model = signed.model
    builders.a_model(cast, "score", restrictions="Not for companies.")
    depend(cast, model, "score")
    tag_model(model=model, add=["retail"], actor=actor_of_user(cast.dev), at=AT)
    for environment in ("production", "development"):
        deploy(cast, signed, environment)
    page = client_of(cast.aud).get(PAGE)
    told = text(page)
    for words in ("Olga Lindqvist", "Dev Menon", "In use", "retail", "Refers, never refuses alone", "Tier"):
        assert words in told
    assert told.index("Production: v1") < told.index("Development: v1")
    assert '<a class="cs-list__t" href="/models/score/">Score</a>' in told
    assert "Remove tag" not in told
    assert "Its answers are taken by" in text(client_of(cast.aud).get("/models/score/"))


def test_a_stopped_model_is_loud_on_every_page_that_depends_on_it(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    score, income, letters = (builders.a_model(cast, slug) for slug in ("score", "income", "letters"))
    depend(cast, income, "score")
    depend(cast, letters, "income")
    client = client_of(cast.aud)
    assert "which is suspended" not in text(client.get("/models/letters/"))
    suspend_model(model=score, reason="A wrong feed since May.", actor=actor_of_user(cast.ada), at=AT)
    for slug in ("income", "letters"):
        told = text(client.get(f"/models/{slug}/"))
        assert "It depends on Score, which is suspended.</b> A wrong feed since May." in told
    assert "through Income" in text(client.get("/models/letters/"))


def test_the_page_that_stops_a_model_says_what_that_touches(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    letters = builders.a_model(cast, "letters")
    far = builders.a_model(cast, "far")
    depend(cast, letters, "credit-default")
    depend(cast, far, "letters")
    deploy(cast, signed)
    deploy(cast, builders.a_version(cast, far), "staging")
    told = text(client_of(cast.ada).get(f"{PAGE}suspend/"))
    assert "the gate denies its only version in every environment" in told
    assert "Production allows v1 today." in told
    assert "v1 in production since 21 Nov" in told
    assert "Letters</a>" in told
    assert "through Letters" in told
    assert "Running: v1 in staging" in told


def test_tags_are_put_on_and_taken_off_by_the_team(
    cast: SimpleNamespace, client_of: ClientOf, version: ModelVersion
) -> None:
    client, tags = client_of(cast.dev), version.model.tags
    client.post(f"{PAGE}tags/", {"tags": "Retail risk, q3"})
    assert [tag.name for tag in tags.all()] == ["q3", "retail-risk"]
    client.post(f"{PAGE}tags/", {"remove": "q3"})
    assert [tag.name for tag in tags.all()] == ["retail-risk"]
    for bad in ("", "a/b"):
        answer = client.post(f"{PAGE}tags/", {"tags": bad}, follow=True)
        assert "tag" in [str(message) for message in answer.context["messages"]][0]
    assert tags.count() == 1


def test_the_page_of_a_model_costs_a_fixed_number_of_queries(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf
) -> None:
    builders.a_field(cast, "contact", "person")
    client = client_of(cast.aud)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as before:
        client.get(PAGE)
    for number in range(3):
        other = builders.ready_to_sign(cast, slug=f"other-{number}")
        deploy(cast, other)
        depend(cast, other.model, "credit-default")
        deploy(cast, builders.a_version(cast, signed.model, str(number + 2)), "staging")
    client.get(PAGE)  # counts the reader's queue anew, once after every change
    with CaptureQueriesContext(connection) as after:
        client.get(PAGE)
    assert len(after) <= len(before) + 3 <= 42
