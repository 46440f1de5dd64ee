"""Results that somebody else measured: taken only when they keep to the schema, marked, counted only by leave."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from accounts.models import User
from evaluations import result_schema
from evaluations.measures import measures_of_runs
from evaluations.metrics import values
from evaluations.models import EvaluationRun, PredictionSource
from evaluations.result_schema import RESULT_SCHEMA
from policy.pack import load_pack
from policy.requirement import Requirement
from registry.models import Dataset, ModelVersion
from riskreview.judgement import judge_version
from riskreview.policies.packs import activate_pack, import_pack
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
Api = Callable[..., Client]
ClientOf = Callable[[User], Client]
URL = "/api/v1/evaluations"
GOOD: dict[str, Any] = {
    "overall": {"roc_auc": {"value": 0.81, "low": 0.78, "high": 0.84, "n": 400}},
    "groups": [{"by": {"sex": "f"}, "n": 200, "metrics": {"accuracy": {"value": 0.8}}}],
    "conventions": {"roc_auc": "By the vendor's own program."},
}


def report(client: Client, result: Any = GOOD, **changes: Any) -> Any:
    question = {
        "model": "credit-default",
        "version": "1",
        "dataset": "loans-test@1",
        "kind": "performance",
        "source": "reported",
        "result": result,
    }
    return client.post(URL, json.dumps(question | changes), content_type="application/json")


def policy(cast: SimpleNamespace, accepts: bool) -> None:
    text = builders.DEFAULT_PACK.read_text()
    if accepts:
        text = text.replace(
            "evaluation: performance\n", "evaluation: performance\n  accept_reported: true\n", 1
        )
    actor = actor_of_user(cast.adam)
    activate_pack(import_pack(text, source="p.yaml", actor=actor, at=AT), actor=actor, at=AT)


def performance(version: ModelVersion) -> Any:
    judged = judge_version(version, "staging", at=AT)
    return next(row for row in judged.verdict.requirements if row.id == "evaluation.performance")


def test_a_reported_result_is_kept_and_marked(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, api: Api, client_of: ClientOf
) -> None:
    answer = report(api("evaluations:write"))
    assert answer.status_code == 201, answer.content
    run = EvaluationRun.objects.get()
    assert (run.source, run.status, answer.json()["source"]) == (
        PredictionSource.REPORTED,
        "succeeded",
        "reported",
    )
    for place in (
        f"/evaluations/{run.pk}/",
        "/evaluations/",
        "/models/credit-default/versions/1/evaluations/",
    ):
        assert "reported, not measured here" in client_of(cast.dev).get(place).content.decode().lower()
    assert list(measures_of_runs(version)) == []


WRONG: list[tuple[Any, str]] = [
    ({}, "'overall' is a required property"),
    ({"overall": {}}, "holds no figure"),
    ({"overall": {"roc_auc": {"value": None}}}, "holds no figure"),
    ({"overall": {"roc_auc": 0.8}}, "overall/roc_auc"),
    ({"overall": {"roc_auc": {"value": "high"}}}, "overall/roc_auc/value"),
    ({"overall": {"roc_auc": {"value": 0.8, "note": "x"}}}, "Additional properties"),
    ({"overall": {"roc_auc": {"value": 0.8, "low": 0.9}}}, "outside its interval"),
    ({"overall": {"luck": {"value": 0.8}}}, "no figure luck of performance"),
    ({**GOOD, "curves": {"roc": []}}, "holds no curves"),
    ({**GOOD, "verdict": "fine"}, "Additional properties"),
    ({**GOOD, "groups": [{"by": {}, "n": 3, "metrics": {}}]}, "groups/0/by"),
    (None, "comes with its result"),
]


@pytest.mark.parametrize(("result", "words"), WRONG, ids=[row[1] for row in WRONG])
def test_what_does_not_keep_to_the_schema_is_refused_with_the_place(
    result: Any, words: str, version: ModelVersion, dataset: Dataset, api: Api
) -> None:
    answer = report(api("evaluations:write"), result)
    assert answer.status_code == 400
    assert words in json.dumps(answer.json())
    assert not EvaluationRun.objects.exists()


def test_a_result_is_not_taken_for_a_measurement(version: ModelVersion, dataset: Dataset, api: Api) -> None:
    assert report(api("evaluations:write"), source="").status_code == 400
    assert report(api("evaluations:write"), kind="custom").status_code == 400
    assert report(api("evaluations:write"), config={"seed": 1}).status_code == 400
    assert not EvaluationRun.objects.exists()


def test_the_policy_says_whether_it_counts(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, api: Api
) -> None:
    builders.a_tier(cast, version.model, "low")
    report(api("evaluations:write"))
    policy(cast, accepts=False)
    judged = performance(version)
    assert judged.result == "unsatisfied"
    assert "reported by its maker and not measured here" in judged.reason


def test_where_the_policy_accepts_it_the_reason_says_so(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, api: Api
) -> None:
    builders.a_tier(cast, version.model, "low")
    report(api("evaluations:write"))
    policy(cast, accepts=True)
    judged = performance(version)
    assert judged.result == "satisfied"
    assert "Reported by its maker, not measured here" in judged.reason


def test_a_reported_result_does_not_hide_a_bad_measured_one(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, api: Api
) -> None:
    builders.a_tier(cast, version.model, "low")
    bad = {"roc_auc": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 400}}
    builders.a_measurement(cast, version, dataset, "performance", bad)
    report(api("evaluations:write"))
    policy(cast, accepts=False)
    assert performance(version).result == "unsatisfied"
    assert "0.50" in performance(version).reason


def test_a_pack_says_accept_reported_with_true_or_false() -> None:
    text = builders.DEFAULT_PACK.read_text()
    assert not Requirement("a", "evaluation", "A").accept_reported
    assert not load_pack(text, source="p").requirements["evaluation.performance"].accept_reported


def test_the_schema_is_published_and_is_one(api: Api) -> None:
    found = Client().get("/api/v1/schemas/evaluation-result").json()
    Draft202012Validator.check_schema(found)
    assert found["$id"] == "http://testserver/api/v1/schemas/evaluation-result"


def test_everything_that_we_measure_keeps_to_the_schema() -> None:
    found = values.Measured(
        overall={"roc_auc": values.Estimate(0.8, 0.7, 0.9, 60), "gini": values.Estimate(None, None, None, 0)},
        conventions={"roc_auc": "Rank statistic."},
        groups=[values.Group({"sex": "f"}, 30, {"accuracy": values.Estimate(0.8, 0.7, 0.9, 30)}, True)],
        curves={"roc": {"x": [0.0, 1.0], "y": [0.0, 1.0]}},
        tables=[values.Table("t", "T", "N", [values.Column("A", "interval")], [[(0.1, 0.2)], [None]])],
        checks=[values.Check("c", "C", None, "Could not be told.")],
        notes=["Read this first."],
    )
    assert list(Draft202012Validator(RESULT_SCHEMA).iter_errors(found.as_json())) == []


def test_few_rows_means_the_same_here_and_there() -> None:
    assert result_schema.FEW_ROWS == values.FEW_ROWS


def test_runs_are_listed_filtered_stopped_read_and_compared(
    cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, api: Api
) -> None:
    client = api("evaluations:read", "evaluations:write")
    first = builders.a_measurement(cast, version, dataset, "performance", builders.GOOD)
    second = builders.a_measurement(cast, version, dataset, "performance", builders.GOOD)
    question = {"model": "credit-default", "version": "1", "dataset": "loans-test@1", "kind": "fairness"}
    waiting = client.post(URL, question, content_type="application/json").json()
    page = client.get(f"{URL}?kind=performance&page_size=1").json()
    assert [row["number"] for row in page["results"]] == [second.pk]
    assert "result" not in page["results"][0]
    after = client.get(page["next"]).json()
    assert [row["number"] for row in after["results"]] == [first.pk]
    assert client.get(f"{URL}?dataset=loans-test@2").json()["results"] == []
    assert client.get(f"{URL}?kind=horoscope").status_code == 400
    stopped = client.post(f"{URL}/{waiting['id']}/cancel")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    assert client.post(f"{URL}/{waiting['id']}/cancel").status_code == 409
    assert client.get(f"{URL}/{first.uuid}/log").json() == {"status": "succeeded", "step": "", "log": ""}
    found = client.get(f"{URL}/{first.uuid}/compare?with={second.uuid}").json()
    assert found["figures"][0] | {"a": 0, "b": 0} == {
        "metric": "roc_auc",
        "a": 0,
        "b": 0,
        "difference": 0.0,
        "intervals_overlap": True,
    }
    assert client.get(f"{URL}/{first.uuid}/compare?with={waiting['id']}").status_code == 409
    assert client.get(f"{URL}/{first.uuid}/compare?with=x").status_code == 400


TAB = "/models/credit-default/versions/1/evaluations/report/"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json", "not JSON text"),
        (b'{"overall": {"roc_auc": {"value": NaN}}}', "not JSON text"),
        (b"[1]", "no JSON object"),
        (b'{"overall": {"luck": {"value": 1}}}', "no figure luck"),
        (json.dumps(GOOD).encode(), ""),
    ],
)
def test_a_result_is_uploaded_on_the_page(
    content: bytes,
    words: str,
    cast: SimpleNamespace,
    version: ModelVersion,
    dataset: Dataset,
    client_of: ClientOf,
) -> None:
    form = {"kind": "performance", "dataset": str(dataset.pk), "file": builders.a_file(content, "r.json")}
    answer = client_of(cast.dev).post(TAB, form)
    assert answer.status_code == (400 if words else 302)
    assert words in answer.content.decode()
    assert EvaluationRun.objects.filter(requested_by=cast.dev).count() == (0 if words else 1)
