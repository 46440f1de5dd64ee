"""What cannot be measured: the reason stands where the person looks, nothing is lost, and the gate goes on denying."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.models import Event
from evaluations.models import EvaluationRun
from evaluations.tasks import run_evaluation
from registry.actions import register_upload
from registry.models import Dataset, ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
Api = Callable[..., Client]
ClientOf = Callable[[User], Client]
TAB = "/models/credit-default/versions/1/evaluations/"


@pytest.fixture
def version(cast: SimpleNamespace, small_model: Path) -> ModelVersion:
    """A real model, whose use is confirmed as high, under the default policy."""
    builders.active_policy(cast)
    model = builders.a_model(cast)
    builders.a_tier(cast, model)
    return an_upload(cast, model, small_model / "model")


def an_upload(cast: SimpleNamespace, model: Any, folder: Path, version: str = "1") -> ModelVersion:
    """Version 1: every file of a folder."""
    files = [
        (str(path.relative_to(folder)), io.BytesIO(path.read_bytes()))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    dev = actor_of_user(cast.dev)
    return register_upload(model=model, version=version, files=files, registrant=cast.dev, actor=dev, at=AT)


@pytest.fixture
def loans(cast: SimpleNamespace, small_model: Path) -> Dataset:
    """The loans that the model has not seen."""
    content = (small_model / "loans-test.csv").read_bytes()
    return builders.a_dataset(cast, "loans-test", file=builders.a_file(content, "loans.csv"), positive="1")


def measured(api: Api, dataset: str = "loans-test@1", kind: str = "performance") -> dict[str, Any]:
    """Ask by the API, let a worker's task do it, and look at the API again."""
    client = api("evaluations:write", "evaluations:read")
    question = {"model": "credit-default", "version": "1", "dataset": dataset, "kind": kind}
    answer = client.post("/api/v1/evaluations", question, content_type="application/json")
    assert answer.status_code == 202, answer.content
    run_evaluation(EvaluationRun.objects.get(uuid=answer.json()["id"]).pk)
    seen: dict[str, Any] = client.get(answer["Location"]).json()
    return seen


def assert_denied(api: Api, because: str) -> None:
    """The gate denies and says which evaluation is missing, with the reason of the failure."""
    question = {"model": "credit-default", "version": "1", "environment": "production"}
    answer = api("gate").post("/api/v1/gate/decisions", question, content_type="application/json").json()
    assert answer["decision"] == "deny"
    unmet = {item["id"]: item for item in answer["requirements"] if item["result"] != "satisfied"}
    assert because in json.dumps(unmet["evaluation.performance"])


def assert_shown(client: Client, run: dict[str, Any], reason: str) -> None:
    """On the run's page and in the list of the version."""
    for place in (reverse("evaluations:run", args=[run["number"]]), TAB):
        assert reason in client.get(place).content.decode()


def test_a_good_model_is_measured(version: ModelVersion, loans: Dataset, api: Api) -> None:
    run = measured(api)
    assert run["status"] == "succeeded", run["failure"]
    assert 0.7 < run["result"]["overall"]["roc_auc"]["value"] < 0.9


def test_an_artifact_that_is_no_model(
    cast: SimpleNamespace,
    version: ModelVersion,
    loans: Dataset,
    api: Api,
    client_of: ClientOf,
    tmp_path: Path,
) -> None:
    (tmp_path / "notes.txt").write_text("The model is on Dev's laptop.")
    model = builders.a_model(cast, "empty-promise")
    an_upload(cast, model, tmp_path)
    builders.a_tier(cast, model)
    client = api("evaluations:write")
    question = {"model": "empty-promise", "version": "1", "dataset": "loans-test@1", "kind": "performance"}
    number = client.post("/api/v1/evaluations", question, content_type="application/json").json()["number"]
    run_evaluation(number)
    run = EvaluationRun.objects.get(pk=number)
    assert run.status == "failed"
    assert "cannot be loaded" in run.failure
    page = client_of(cast.dev).get(reverse("evaluations:run", args=[number])).content.decode()
    assert "none of its files is a known model (notes.txt)" in page
    assert Event.objects.get(verb="evaluation.failed").detail == {"failure": run.failure}


def test_an_artifact_that_cannot_be_loaded(
    cast: SimpleNamespace, loans: Dataset, small_model: Path, api: Api, client_of: ClientOf, tmp_path: Path
) -> None:
    builders.active_policy(cast)
    model = builders.a_model(cast)
    builders.a_tier(cast, model)
    broken = tmp_path / "model"
    broken.mkdir()
    for path in (small_model / "model").iterdir():
        (broken / path.name).write_bytes(path.read_bytes()[:400])
    an_upload(cast, model, broken)
    run = measured(api)
    assert run["status"] == "failed"
    assert run["failure"].startswith("This artifact cannot be loaded")
    assert_shown(client_of(cast.dev), run, "This artifact cannot be loaded")
    assert_denied(api, "This artifact cannot be loaded")


def test_a_data_set_without_its_label_column_is_not_even_registered(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    file = builders.a_file(b"age,amount\n30,100\n", "loans.csv")
    given = {"name": "loans", "version": "1", "role": "test", "label": "credit", "positive": "good"}
    answer = client_of(cast.viktor).post(reverse("registry:dataset_new"), {**given, "file": file})
    assert answer.status_code == 400
    assert "credit" in answer.content.decode()
    assert "age" in answer.content.decode()
    assert not Dataset.objects.exists()


def test_a_data_set_that_lacks_a_column_of_the_model(
    cast: SimpleNamespace, version: ModelVersion, api: Api, client_of: ClientOf
) -> None:
    rows = b"month,credit\n" + b"".join(b"%d,%d\n" % (n, 1 + n % 2) for n in range(60))
    builders.a_dataset(cast, "thin", file=builders.a_file(rows, "thin.csv"), positive="1", sensitive=[])
    run = measured(api, "thin@1")
    assert run["status"] == "failed"
    assert "credit_amount" in run["failure"]
    assert_shown(client_of(cast.dev), run, "credit_amount")
    assert_denied(api, "credit_amount")


def test_an_evaluation_that_runs_out_of_memory(
    cast: SimpleNamespace,
    version: ModelVersion,
    loans: Dataset,
    api: Api,
    client_of: ClientOf,
    settings: Settings,
) -> None:
    settings.SANDBOX_MEMORY_MB = 150
    run = measured(api)
    assert run["status"] == "failed"
    assert "ran out of memory: the limit is 150 MB" in run["failure"]
    assert_shown(client_of(cast.dev), run, "ran out of memory")
    assert_denied(api, "ran out of memory")


def test_an_evaluation_that_takes_too_long(
    cast: SimpleNamespace,
    version: ModelVersion,
    loans: Dataset,
    api: Api,
    client_of: ClientOf,
    settings: Settings,
) -> None:
    settings.SANDBOX_SECONDS = 1
    run = measured(api, kind="explainability")
    assert run["status"] == "failed"
    assert "stopped after 1 s" in run["failure"]
    assert_shown(client_of(cast.dev), run, "stopped after 1 s")


@pytest.mark.parametrize("what", ["artifact", "data set"])
def test_bytes_that_changed_on_disk_are_not_measured(
    what: str, version: ModelVersion, loans: Dataset, api: Api
) -> None:
    if what == "artifact":
        path = builders.blob(version.files.get(path__endswith=".skops").sha256)
    else:
        path = builders.blob(loans.digest)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"\n")
    run = measured(api)
    assert run["status"] == "failed"
    assert "differ" in run["failure"] or "has changed since it was registered" in run["failure"]
    assert run["result"] is None


def test_after_a_failure_the_same_can_be_measured_again(
    cast: SimpleNamespace,
    version: ModelVersion,
    loans: Dataset,
    api: Api,
    client_of: ClientOf,
    settings: Settings,
) -> None:
    settings.SANDBOX_MEMORY_MB, enough = 150, settings.SANDBOX_MEMORY_MB
    first = measured(api)
    settings.SANDBOX_MEMORY_MB = enough
    answer = client_of(cast.dev).post(f"{TAB}start/", {"kinds": ["performance"], "dataset": str(loans.pk)})
    assert answer.status_code == 302
    again = EvaluationRun.objects.exclude(uuid=first["id"]).get()
    run_evaluation(again.pk)
    again.refresh_from_db()
    assert again.status == "succeeded", again.failure
    assert EvaluationRun.objects.get(uuid=first["id"]).failure == first["failure"]
