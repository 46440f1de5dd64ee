"""Runs whose predictions come from a scoring endpoint: set by the team, tried with five rows, measured, refused."""

from collections.abc import Callable
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.models import Event
from evaluations.actions import cancel_evaluation, request_evaluation
from evaluations.endpoints.actions import remove_endpoint, set_endpoint
from evaluations.endpoints.rules import EndpointEntry, columns_for
from evaluations.models import EvaluationRun, JobStatus, ScoringEndpoint
from evaluations.sources import Source
from evaluations.tasks import run_evaluation
from registry.actions import register_predictions_only
from registry.addresses import origins
from registry.models import Dataset, ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.evaluations.endpoints.conftest import Reply, Server, positive_when_old

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Api = Callable[..., Client]
PAGE = "/models/credit-default/versions/1/evaluations/endpoint/"
CALL = "/api/v1/models/credit-default/versions/1/endpoint"


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """A vendor's model, known by what it answers."""
    return register_predictions_only(
        model=builders.a_model(cast), version="1", registrant=cast.dev, actor=actor_of_user(cast.dev), at=AT
    )


@pytest.fixture
def listed(server: Server, settings: Settings) -> Server:
    """The server, which an administrator listed, for it is on this machine."""
    settings.SCORING_ALLOW = origins([server.origin])
    settings.SCORING_CA = str(server.ca_file)
    return server


def an_entry(server: Server, **changes: Any) -> EndpointEntry:
    given: dict[str, Any] = {
        "url": server.url,
        "answers": "labels",
        "answers_path": "predictions",
        "prediction_path": "label",
        "score_path": "p.good",
        "batch_size": 25,
        "retries": 0,
    }
    return EndpointEntry(**(given | changes))


def set_by_dev(cast: SimpleNamespace, version: ModelVersion, entry: EndpointEntry) -> ScoringEndpoint:
    actor = actor_of_user(cast.dev)
    return set_endpoint(version=version, entry=entry, user=cast.dev, actor=actor, at=AT)[0]


def asked(cast: SimpleNamespace, version: ModelVersion, dataset: Dataset, **more: Any) -> EvaluationRun:
    given: dict[str, Any] = {"kind": "performance", "predicted": Source("endpoint")}
    return request_evaluation(
        version=version,
        dataset=dataset,
        config={},
        requester=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
        **(given | more),
    )


def worked(run: EvaluationRun) -> EvaluationRun:
    run_evaluation(run.pk)
    run.refresh_from_db()
    return run


def test_what_the_endpoint_answers_is_measured_and_named_on_the_result(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    dataset = builders.a_dataset(cast)
    endpoint = set_by_dev(cast, version, an_entry(listed))
    run = worked(asked(cast, version, dataset))
    assert run.failure == ""
    assert set(listed.rows[0]) == {"age", "amount"}  # neither the truth nor the sensitive column
    assert len(listed.rows) == 60
    truth = ["good" if n % 3 else "bad" for n in range(60)]
    said = ["good" if 20 + n % 50 >= 50 else "bad" for n in range(60)]
    right = sum(one == other for one, other in zip(truth, said, strict=True)) / 60
    assert run.result is not None
    assert run.result["overall"]["accuracy"]["value"] == pytest.approx(right, abs=1e-9)
    assert "roc_auc" in run.result["overall"]
    assert listed.origin in run.result["notes"][0]
    told = run.provenance["endpoint"]
    assert (told["url"], told["rows"], told["requests"], told["listed"]) == (listed.url, 60, 3, True)
    assert told["columns"] == ["age", "amount"]
    assert (run.source, run.endpoint_digest) == ("endpoint", told["digest"])
    assert endpoint.url == listed.url


def test_a_version_without_model_and_columns_is_scored_by_its_endpoint_without_being_told(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    set_by_dev(cast, version, an_entry(listed))
    assert asked(cast, version, builders.a_dataset(cast), predicted=Source()).source == "endpoint"


def test_a_wrong_answer_fails_the_run_and_says_how_it_went(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    listed.rule = lambda number, body: Reply({"predictions": []})
    set_by_dev(cast, version, an_entry(listed))
    run = worked(asked(cast, version, builders.a_dataset(cast)))
    assert run.status == JobStatus.FAILED
    assert run.failure == "The endpoint gave 0 answers for 25 rows, from row 1 on."
    assert run.provenance["endpoint"]["url"] == listed.url


def test_labels_that_nobody_knows_fail_the_run(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    listed.rule = lambda number, body: Reply({"predictions": [{"label": "maybe"}, {"label": "good"}] * 30})
    entry = an_entry(listed, score_path="", batch_size=60)
    set_by_dev(cast, version, entry)
    run = worked(asked(cast, version, builders.a_dataset(cast)))
    assert run.status == JobStatus.FAILED
    assert "predicts maybe" in run.failure


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_cancelled_while_the_endpoint_thinks_stops(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    def rule(number: int, body: Any) -> Reply:
        if number == 3:  # what cancelling does, seen from a worker that lost its job
            EvaluationRun.objects.update(status=JobStatus.CANCELLED, failure="Stopped by Dev.")
            connection.close()  # this thread's own
        return positive_when_old(number, body) if number < 3 else Reply(seconds=30)

    listed.rule = rule
    set_by_dev(cast, version, an_entry(listed, batch_size=5, requests_per_second=2))
    began = monotonic()
    run = worked(asked(cast, version, builders.a_dataset(cast)))
    assert (run.status, run.result) == (JobStatus.CANCELLED, None)
    assert run.progress < 0.5
    assert monotonic() - began < 20
    assert len(listed.asked) == 3


def test_an_endpoint_that_changed_since_is_not_asked(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    set_by_dev(cast, version, an_entry(listed))
    run = asked(cast, version, builders.a_dataset(cast))
    set_by_dev(cast, version, an_entry(listed, batch_size=7))
    assert worked(run).failure == "The scoring endpoint was changed after this run was asked for."
    assert listed.asked == []


def test_explanations_need_the_model_itself(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    set_by_dev(cast, version, an_entry(listed))
    with pytest.raises(Invalid, match="needs the model itself"):
        asked(cast, version, builders.a_dataset(cast), kind="explainability")


def test_no_endpoint_no_run(cast: SimpleNamespace, version: ModelVersion) -> None:
    with pytest.raises(Invalid, match="has no scoring endpoint"):
        asked(cast, version, builders.a_dataset(cast))


def test_sensitive_and_confidential_columns_go_only_where_they_are_declared(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    dataset = builders.a_dataset(cast, confidential=["amount"])
    assert columns_for(an_entry(listed), version, dataset) == ("age",)
    assert columns_for(an_entry(listed, columns=["sex", "amount"]), version, dataset) == ("sex", "amount")
    with pytest.raises(Invalid, match="would get the truth"):
        columns_for(an_entry(listed, columns=["age", "credit"]), version, dataset)
    with pytest.raises(Invalid, match="lacks columns"):
        columns_for(an_entry(listed, columns=["income"]), version, dataset)


BAD = [
    ("url", "http://scoring.example.org/"),
    ("url", "https://localhost@evil.example/"),
    ("answers", "numbers"),
    ("body", "xml"),
    ("answers_path", "a..b"),
    ("batch_size", 0),
    ("requests_per_second", 0.0),
    ("timeout_seconds", 3600),
    ("retries", 50),
    ("header", "Host"),
    ("header", "X Y"),
    ("columns", ["age", "age"]),
    ("secret_name", "COUNTERSIGN_SECRET_KEY"),
    ("secret_name", "COUNTERSIGN_ENDPOINT_UNSET"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_what_cannot_be_an_endpoint_is_said_at_its_field(
    field: str, value: Any, cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    with pytest.raises(Invalid) as refused:
        set_by_dev(cast, version, an_entry(listed, **{field: value}))
    assert refused.value.field == field
    assert not ScoringEndpoint.objects.exists()
    assert not Event.objects.filter(verb="endpoint.set").exists()


def test_a_secret_goes_only_to_the_origin_that_it_is_for(
    cast: SimpleNamespace, version: ModelVersion, listed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = an_entry(listed, secret_name="COUNTERSIGN_ENDPOINT_VENDOR")
    monkeypatch.setenv("COUNTERSIGN_ENDPOINT_VENDOR", "https://other.example.org Bearer s3cr3t")
    with pytest.raises(Invalid, match="is not meant for"):
        set_by_dev(cast, version, entry)
    monkeypatch.setenv("COUNTERSIGN_ENDPOINT_VENDOR", f"{listed.origin} Bearer s3cr3t")
    endpoint = set_by_dev(cast, version, entry)
    run = worked(asked(cast, version, builders.a_dataset(cast)))
    assert run.failure == ""
    assert listed.asked[0]["headers"]["Authorization"] == "Bearer s3cr3t"
    kept = [str(row) for row in ScoringEndpoint.objects.values()] + [
        str(row) for row in Event.objects.values()
    ]
    kept += [str(row) for row in EvaluationRun.objects.values()]
    assert "s3cr3t" not in "".join(kept)
    assert endpoint.secret_name == "COUNTERSIGN_ENDPOINT_VENDOR"


def test_setting_is_on_the_record_once_and_removing_too(
    cast: SimpleNamespace, version: ModelVersion, listed: Server
) -> None:
    set_by_dev(cast, version, an_entry(listed))
    set_by_dev(cast, version, an_entry(listed))
    event = Event.objects.get(verb="endpoint.set")
    assert event.subject == "model:credit-default/version:1/endpoint"
    assert (event.detail["origin"], event.detail["listed"]) == (listed.origin, True)
    run = asked(cast, version, builders.a_dataset(cast))
    with pytest.raises(Conflict, match="is to be scored there"):
        remove_endpoint(version=version, actor=actor_of_user(cast.dev), at=AT)
    cancel_evaluation(run=run, user=cast.dev, actor=actor_of_user(cast.dev), at=AT)
    remove_endpoint(version=version, actor=actor_of_user(cast.dev), at=AT)
    assert Event.objects.filter(verb="endpoint.removed").count() == 1


def test_dev_sets_it_on_the_page_and_viktor_tries_five_rows(
    cast: SimpleNamespace, version: ModelVersion, listed: Server, client_of: ClientOf
) -> None:
    dataset = builders.a_dataset(cast)
    dev, viktor = client_of(cast.dev), client_of(cast.viktor)
    given = {
        "url": listed.url,
        "answers": "labels",
        "body": "instances",
        "answers_path": "predictions",
        "prediction_path": "label",
        "score_path": "p.good",
        "columns": "age\namount",
        "batch_size": 25,
        "requests_per_second": 10,
        "timeout_seconds": 30,
        "retries": 1,
        "header": "Authorization",
    }
    assert dev.post(PAGE, given | {"url": "http://localhost/"}).status_code == 400
    assert dev.post(PAGE, given).status_code == 302
    shown = viktor.get(PAGE).content.decode()
    assert listed.url in shown
    assert 'name="url"' not in shown  # only the team changes it
    tried = viktor.post(f"{PAGE}try/", {"dataset": dataset.pk}).content.decode()
    assert len(listed.rows) == 5
    assert "What came back" in tried
    assert "0.24" in tried  # the fifth row's probability
    assert Event.objects.get(verb="endpoint.tried").detail["rows"] == 5
    listed.rule = lambda number, body: Reply(status=403)
    assert "answered 403" in dev.post(f"{PAGE}try/", {"dataset": dataset.pk}).content.decode()
    assert "Scoring endpoint" in dev.get("/models/credit-default/versions/1/evaluations/").content.decode()


def test_by_api_set_read_used_and_removed(
    cast: SimpleNamespace, version: ModelVersion, listed: Server, api: Api
) -> None:
    builders.a_dataset(cast)
    client = api("evaluations:read", "evaluations:write")
    given = {
        "url": listed.url,
        "answers": "labels",
        "answers_path": "predictions",
        "prediction_path": "label",
    }
    assert client.get(CALL).status_code == 404
    assert client.put(CALL, given, content_type="application/json").status_code == 201
    assert client.put(CALL, given, content_type="application/json").status_code == 200
    seen = client.get(CALL).json()
    assert (seen["url"], seen["batch_size"], seen["defined_by"]) == (listed.url, 100, "dev")
    bad = client.put(CALL, given | {"url": "https://a b"}, content_type="application/json")
    assert bad.status_code == 400
    question = {
        "model": "credit-default",
        "version": "1",
        "dataset": "loans-test@1",
        "kind": "performance",
        "source": "endpoint",
    }
    answer = client.post("/api/v1/evaluations", question, content_type="application/json")
    assert answer.status_code == 202
    assert answer.json()["source"] == "endpoint"
    assert worked(EvaluationRun.objects.get()).status == JobStatus.SUCCEEDED
    assert client.delete(CALL).status_code == 204
    assert client.get(CALL).status_code == 404


def test_a_key_of_somebody_else_cannot_set_it(
    cast: SimpleNamespace, version: ModelVersion, listed: Server, api: Api
) -> None:
    client = api("evaluations:write", owner=cast.viktor)
    given = {"url": listed.url, "answers": "labels"}
    assert client.put(CALL, given, content_type="application/json").status_code == 403
    assert not ScoringEndpoint.objects.exists()
