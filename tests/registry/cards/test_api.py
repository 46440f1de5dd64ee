"""Pipelines read the card in any format and write it without overwriting anybody."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from audit.models import Event
from registry.models import ModelVersion, RegisteredModel
from tests.builders import GOOD, a_card, a_dataset, a_measurement, a_version

Api = Callable[..., Client]
CARD = "/api/v1/models/credit-default/versions/1/card"
TEXT = {"sections": {"details": "Written by a pipeline. AUC {{ performance.roc_auc }}."}, "note": "CI"}
JSON = "application/json"


@pytest.fixture
def version(cast: SimpleNamespace, model: RegisteredModel) -> ModelVersion:
    return a_version(cast, model)


def test_a_pipeline_writes_the_first_card_and_the_next(
    cast: SimpleNamespace, version: ModelVersion, api: Api
) -> None:
    client = api()

    first = client.put(CARD, TEXT, content_type=JSON)
    assert (first.status_code, first["ETag"]) == (201, '"r1"')
    change = {"sections": {"details": "Written anew."}}
    second = client.put(CARD, change, content_type=JSON, headers={"If-Match": first["ETag"]})

    assert (second.status_code, second["ETag"], second.json()["revision"]) == (200, '"r2"', 2)
    assert version.cards.first().author == cast.dev  # type: ignore[union-attr]
    event = Event.objects.filter(verb="card.revised").latest("id")
    assert event.actor.startswith("key:")


def test_who_did_not_see_the_newest_revision_overwrites_nothing(
    cast: SimpleNamespace, version: ModelVersion, api: Api
) -> None:
    a_card(cast, version)
    a_card(cast, version, caveats="Something else is said here now.")
    client = api()

    for match, status in [("", 428), ('"r1"', 412), ('"r9"', 412), ("r2", 412), ('W/"x"', 412)]:
        headers = {"If-Match": match} if match else {}
        answer = client.put(CARD, TEXT, content_type=JSON, headers=headers)
        assert answer.status_code == status, match
        assert answer["Content-Type"] == "application/problem+json"
    assert "revision 2, saved by Dev Menon" in answer.json()["detail"]
    assert version.cards.count() == 2
    assert client.put(CARD, TEXT, content_type=JSON, headers={"If-Match": "*"}).status_code == 200


def test_if_match_on_a_card_that_is_not_there_saves_nothing(version: ModelVersion, api: Api) -> None:
    answer = api().put(CARD, TEXT, content_type=JSON, headers={"If-Match": '"r1"'})

    assert answer.status_code == 412
    assert not version.cards.exists()


def test_the_same_words_again_are_no_new_revision(version: ModelVersion, api: Api) -> None:
    client = api()
    client.put(CARD, TEXT, content_type=JSON)

    again = client.put(CARD, TEXT, content_type=JSON, headers={"If-Match": '"r1"'})

    assert (again.status_code, again["ETag"]) == (200, '"r1"')
    assert version.cards.count() == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"sections": {"secret": "x"}}, "A card has no section secret"),
        ({"sections": {"details": "x" * 20_001}}, "longer than 20,000"),
        ({"sections": {}}, "The card is empty"),
        ({}, "sections"),
        ({"sections": {"details": ["x"]}}, "sections"),
    ],
)
def test_a_card_that_makes_no_sense_is_a_problem_with_its_place(
    version: ModelVersion, api: Api, body: dict[str, object], said: str
) -> None:
    answer = api().put(CARD, body, content_type=JSON)

    assert answer.status_code == 400
    assert said in answer.json()["detail"]
    assert not version.cards.exists()


def test_the_card_is_read_in_the_format_that_is_asked_for(
    cast: SimpleNamespace, version: ModelVersion, api: Api
) -> None:
    run = a_measurement(cast, version, a_dataset(cast), "performance", GOOD)
    client = api()
    client.put(CARD, TEXT, content_type=JSON)

    plain = client.get(CARD).json()
    assert plain["sections"] == TEXT["sections"]
    assert (plain["references"][0]["value"], plain["references"][0]["run"]) == (0.81, run.pk)
    asked = {
        "markdown": "text/markdown; charset=utf-8",
        "google": "application/vnd.google.model-card+json",
        "cyclonedx-1.6": "application/vnd.cyclonedx+json; version=1.6",
    }
    for name, content_type in asked.items():
        answer = client.get(CARD, {"as": name})
        assert (answer.status_code, answer["Content-Type"]) == (200, content_type)
        by_header = client.get(CARD, headers={"Accept": content_type.split("; charset")[0]})
        assert by_header.content == answer.content
    assert (
        f"0.810 [0.780, 0.840] (n 400, run {run.pk})" in client.get(CARD, {"as": "markdown"}).content.decode()
    )
    assert client.get(CARD, headers={"Accept": "image/png"})["Content-Type"] == JSON
    assert client.get(CARD, {"as": "docx"}).status_code == 400
    assert client.get(CARD, {"revision": "x"}).status_code == 400
    assert client.get(CARD, {"revision": "7"}).status_code == 404


def test_a_version_without_a_card_answers_404(version: ModelVersion, api: Api) -> None:
    assert api().get(CARD).status_code == 404
    assert api().get(CARD.replace("/1/", "/2/")).status_code == 404
