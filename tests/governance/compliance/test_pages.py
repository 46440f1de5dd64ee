"""Pages of frameworks and coverage: they answer, and in a fixed number of queries."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from governance.compliance.library import shipped
from registry.models import RegisteredModel
from tests import builders
from tests.downloads import streamed

ClientOf = Callable[[User], Client]
REASON = "Long enough to stand in the record."


def addresses(model: RegisteredModel) -> list[str]:
    eu = [model.slug, "eu-ai-act"]
    return [
        reverse("compliance:frameworks"),
        reverse("compliance:framework", args=["eu-ai-act"]),
        reverse("compliance:model", args=[model.slug]),
        reverse("compliance:model_framework", args=eu),
        reverse("compliance:model_control", args=[*eu, "EU-10.2b"]),
        reverse("compliance:programme"),
        reverse("compliance:programme_control", args=["sr-11-7", "SR117-III.1"]),
        reverse("compliance:coverage"),
        reverse("compliance:coverage_framework", args=["eu-ai-act"]),
        reverse("compliance:gaps"),
    ]


def test_every_page_answers_compliance_and_auditor(
    cast: SimpleNamespace, lender: RegisteredModel, client_of: ClientOf
) -> None:
    for person in (cast.carl, cast.aud):
        client = client_of(person)
        answers = {place: client.get(place).status_code for place in addresses(lender)}
        assert set(answers.values()) == {200}, answers


def test_more_models_cost_no_more_queries(
    cast: SimpleNamespace, lender: RegisteredModel, client_of: ClientOf
) -> None:
    client = client_of(cast.carl)
    places = [
        reverse("compliance:coverage"),
        reverse("compliance:coverage_framework", args=["eu-ai-act"]),
    ]
    counts = []
    for slug in ("", "tenant-screening"):
        if slug:
            other = builders.ready_to_sign(cast, slug=slug).model
            other.jurisdictions, other.regulated_uses = ["EU"], ["credit"]
            other.save()
        for place in places:
            client.get(place)
            with CaptureQueriesContext(
                connection,
            ) as seen:
                assert client.get(place).status_code == 200
            counts.append(len(seen))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 35


def test_what_is_not_there_answers_404(
    lender: RegisteredModel, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    client = client_of(cast.carl)
    gone = [
        "/frameworks/nothing/",
        "/frameworks/eu-ai-act/?version=7",
        f"/models/{lender.slug}/compliance/nothing/",
        f"/models/{lender.slug}/compliance/eu-ai-act/nothing/",
        f"/models/{lender.slug}/compliance/sr-11-7/SR117-III.1/",
        "/programme/eu-ai-act/EU-10.2b/",
        "/coverage/nothing/",
    ]
    assert {place: client.get(place).status_code for place in gone} == dict.fromkeys(gone, 404)


def test_the_api_tells_the_same(api: Callable[..., Client], lender: RegisteredModel) -> None:
    client = api()
    assert len(client.get("/api/v1/frameworks").json()["results"]) == 16
    assert len(client.get("/api/v1/frameworks/eu-ai-act").json()["controls"]) == 165
    told = client.get("/api/v1/coverage", {"model": lender.slug, "framework": "fcra"}).json()
    assert told["version"] == "1" and [row["applies"] for row in told["frameworks"]] == [True]
    assert len(told["controls"]) == 9 and {row["conclusion"] for row in told["controls"]} == {None}
    ready = client.get("/api/v1/coverage", {"model": lender.slug, "state": "ready"}).json()["controls"]
    assert ready and all(set(row["evidence"].values()) == {"present"} for row in ready)
    assert client.get("/api/v1/coverage").status_code == 400
    assert client.get("/api/v1/coverage", {"model": "nothing"}).status_code == 404


def names(client: Client, place: str, **asked: str) -> set[str]:
    """Models that a coverage page shows."""
    answer = client.get(place, asked)
    assert answer.status_code == 200
    rows = answer.context.get("rows")
    shown = [row["covered"].model for row in rows] if rows is not None else None
    return {model.slug for model in shown or [one["model"] for one in answer.context["columns"]]}


def test_coverage_is_narrowed_by_tier_framework_and_what_was_concluded(
    cast: SimpleNamespace, lender: RegisteredModel, client_of: ClientOf
) -> None:
    builders.a_model(cast, "untiered")
    aud, every = client_of(cast.aud), {lender.slug, "untiered"}
    matrix, one = "/coverage/", "/coverage/eu-ai-act/"
    tier = lender.tier_assessments.first()
    assert tier is not None
    assert names(aud, matrix) == names(aud, matrix, tier="rubbish", concluded="rubbish") == every
    assert names(aud, matrix, tier=tier.tier) == {lender.slug}
    assert names(aud, matrix, tier="none") == {"untiered"}
    assert names(aud, matrix, framework="eu-ai-act") == names(aud, one) == {lender.slug}
    assert names(aud, matrix, concluded="nothing") == every

    carl = client_of(cast.carl)
    told = {
        "control": "EU-10.2b",
        "verdict": "partly",
        "rationale": REASON,
        "until": (timezone.now() + timedelta(days=90)).date().isoformat(),
    }
    assert carl.post(f"/models/{lender.slug}/compliance/eu-ai-act/", told).status_code == 302
    for place in (matrix, one):
        assert names(aud, place, concluded="partly") == {lender.slug}
        assert names(aud, place, concluded="satisfied") == names(aud, place, concluded="gap") == set()
    assert names(aud, matrix, concluded="partly", framework="gdpr-ai") == set()
    assert names(aud, matrix, concluded="nothing") == {"untiered"}
    taken = aud.get(matrix, {"concluded": "partly", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(streamed(taken))))
    assert {row["model"] for row in rows} == {lender.slug}
    event = Event.objects.get(verb="coverage.exported")
    assert event.detail["filters"] == {"concluded": "partly"} and event.detail["rows"] == 1


def test_the_controls_of_one_heading_are_shown_alone(
    cast: SimpleNamespace, lender: RegisteredModel, client_of: ClientOf
) -> None:
    aud, found = client_of(cast.aud), shipped()["eu-ai-act"]
    wanted = next(group for group in found.groups if "Art. 10" in group.title)
    groups = aud.get("/coverage/eu-ai-act/", {"heading": wanted.id}).context["groups"]
    assert [title for title, _ in groups] == [wanted.title]
    assert len(aud.get("/coverage/eu-ai-act/", {"heading": "rubbish"}).context["groups"]) > 5
