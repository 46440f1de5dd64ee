"""Evaluations as a pipeline asks for them."""

import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from evaluations.models import EvaluationRun
from registry.models import Dataset, ModelVersion
from tests import builders

pytestmark = pytest.mark.django_db
URL = "/api/v1/evaluations"
Api = Callable[..., Client]


def ask(client: Client, **changes: Any) -> Any:
    question = {
        "model": "credit-default",
        "version": "1",
        "dataset": "loans-test@1",
        "kind": "performance",
        "config": {},
    }
    body = {name: value for name, value in (question | changes).items() if value is not None}
    return client.post(URL, json.dumps(body), content_type="application/json")


def test_asking_answers_202_with_the_place_where_to_look(
    version: ModelVersion, dataset: Dataset, api: Api
) -> None:
    client = api("evaluations:write", "evaluations:read")
    answer = ask(client, config={"seed": 7})
    assert answer.status_code == 202
    run = EvaluationRun.objects.get()
    assert answer["Location"] == f"http://testserver{URL}/{run.uuid}"
    assert run.requested_by is None
    assert run.requested_as.startswith("key:")
    seen = client.get(answer["Location"]).json()
    assert seen["status"] == "queued"
    assert seen["config"] == {"seed": 7}
    assert (seen["result"], seen["failure"]) == (None, None)


def test_a_finished_run_shows_its_figures_and_their_origin(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, api: Api
) -> None:
    run = builders.a_measurement(cast, version, dataset, "performance", builders.GOOD)
    seen = api("evaluations:read").get(f"{URL}/{run.uuid}").json()
    assert seen["status"] == "succeeded"
    assert seen["progress"] == 1.0
    assert seen["result"]["overall"]["roc_auc"]["low"] == 0.78
    assert seen["result_digest"] == run.result_digest


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("unknown model", {"model": "nothing"}, 404, "There is no model nothing"),
    ("unknown version", {"version": "99"}, 404, "has no version 99"),
    ("unknown data set", {"dataset": "none@1"}, 404, "no data set none@1"),
    ("data set without version", {"dataset": "loans-test"}, 400, "name@version"),
    ("unknown kind", {"kind": "horoscope"}, 400, "kind"),
    ("no kind", {"kind": None}, 400, "kind"),
    ("unknown setting", {"config": {"tries": 3}}, 400, "no setting tries"),
    ("setting of another type", {"config": {"seed": "x"}}, 400, "must be a whole number"),
    ("config that is no object", {"config": [1]}, 400, "config"),
]


@pytest.mark.parametrize(("name", "changes", "status", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_question_that_makes_no_sense_is_a_problem_that_says_why(
    name: str,
    changes: dict[str, Any],
    status: int,
    words: str,
    version: ModelVersion,
    dataset: Dataset,
    api: Api,
) -> None:
    answer = ask(api("evaluations:write"), **changes)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert words in json.dumps(answer.json())
    assert not EvaluationRun.objects.exists()


def test_the_same_question_twice_is_a_conflict(version: ModelVersion, dataset: Dataset, api: Api) -> None:
    client = api("evaluations:write")
    assert ask(client).status_code == 202
    answer = ask(client)
    assert answer.status_code == 409
    assert "already measures" in answer.json()["detail"]


def test_an_unknown_run_is_a_404_problem(cast: SimpleNamespace, api: Api) -> None:
    answer = api("evaluations:read").get(f"{URL}/{uuid.uuid4()}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
