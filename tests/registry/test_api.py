from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import Event
from registry.models import Dataset, Deployment, ModelVersion, RegisteredModel
from tests.builders import a_dataset, a_model, a_version

Api = Callable[..., Client]
MODELS = "/api/v1/models"
VERSIONS = "/api/v1/models/credit-default/versions"
DATASETS = "/api/v1/datasets"
BOUNDARY = "b0undary"
GIVEN = {
    "slug": "credit-default",
    "name": "Credit default",
    "purpose": "Probability that a household loan defaults within twelve months.",
    "kind": "binary_classification",
    "owner": "olga",
    "developers": ["dev"],
}


def multipart(*files: tuple[str, bytes], **fields: str) -> dict[str, Any]:
    """A body whose file names keep their folders; Django's own client would cut them off."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for path, content in files:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{path}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return {"data": body, "content_type": f"multipart/form-data; boundary={BOUNDARY}"}


def csv(rows: str = "sex,credit\nf,good\nm,bad\n") -> SimpleUploadedFile:
    return SimpleUploadedFile("loans.csv", rows.encode())


def test_a_model_is_made_read_listed_and_changed(api: Api) -> None:
    client = api()
    made = client.post(MODELS, GIVEN, content_type="application/json")
    assert made.status_code == 201
    assert made.headers["Location"] == f"{MODELS}/credit-default"

    one = client.get(f"{MODELS}/credit-default").json()
    assert {name: one[name] for name in GIVEN} == GIVEN
    assert {"tier", "status", "lifecycle", "created_at"} <= one.keys()

    changed = client.patch(f"{MODELS}/credit-default", {"name": "PD"}, content_type="application/json")
    assert (changed.status_code, changed.json()["name"]) == (200, "PD")
    assert changed.json()["developers"] == ["dev"]
    listed = client.get(MODELS, {"owner": "olga"}).json()
    assert [row["slug"] for row in listed["results"]] == ["credit-default"]
    assert listed["next"] is None
    assert client.get(MODELS, {"owner": "ada"}).json()["results"] == []


def test_the_record_names_the_key(api: Api) -> None:
    api().post(MODELS, GIVEN, content_type="application/json")

    event = Event.objects.get(verb="model.created")
    assert (event.actor, event.authenticated_by.split()[0]) == ("key:ci-dev-0", "API")


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"slug": "Bad Slug"}, 400, "short name"),
        ({"purpose": "short"}, 400, "purpose is too short"),
        ({"kind": "magic"}, 400, "kind"),
        ({"owner": "nobody"}, 400, "nobody with the user name nobody"),
        ({"name": None}, 400, "name"),
    ],
)
def test_a_bad_model_is_a_problem_document(api: Api, changes: dict[str, Any], status: int, said: str) -> None:
    answer = api().post(MODELS, GIVEN | changes, content_type="application/json")

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]
    assert not RegisteredModel.objects.exists()


def test_a_second_model_of_that_name_and_a_new_slug_are_refused(api: Api, cast: SimpleNamespace) -> None:
    a_model(cast)
    client = api()

    assert client.post(MODELS, GIVEN, content_type="application/json").status_code == 409
    moved = client.patch(f"{MODELS}/credit-default", {"slug": "other"}, content_type="application/json")
    assert moved.status_code == 400
    assert client.get(f"{MODELS}/nothing").status_code == 404


def test_pages_follow_each_other_to_the_end(api: Api, cast: SimpleNamespace) -> None:
    for slug in ("one", "two", "three"):
        a_model(cast, slug)
    client = api()

    seen, address = [], f"{MODELS}?page_size=2"
    while address:
        page = client.get(address).json()
        seen.append([row["slug"] for row in page["results"]])
        address = page["next"]

    assert seen == [["three", "two"], ["one"]]


def test_a_version_is_registered_from_files_with_their_folders(api: Api, model: RegisteredModel) -> None:
    answer = api().post(
        VERSIONS, **multipart(("data/a.bin", b"1"), ("MLmodel", b"x"), version="1", parameters='{"C": 1}')
    )

    assert answer.status_code == 201, answer.json()
    row = answer.json()
    assert {name: row[name] for name in ("model", "version", "status")} == {
        "model": "credit-default",
        "version": "1",
        "status": "draft",
    }
    assert row["artifact_digest"] == ModelVersion.objects.get().artifact_digest
    assert [file["path"] for file in row["files"]] == ["MLmodel", "data/a.bin"]
    assert row["parameters"] == {"C": 1}


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/..", "a/../b"])
def test_a_hostile_file_name_is_refused_aloud(api: Api, model: RegisteredModel, path: str) -> None:
    answer = api().post(VERSIONS, **multipart(("fine", b"1"), (path, b"2"), version="1"))

    assert answer.status_code == 400
    assert path in answer.json()["detail"]
    assert not ModelVersion.objects.exists()


def test_predictions_only_needs_no_files(api: Api, model: RegisteredModel) -> None:
    answer = api().post(VERSIONS, {"version": "1", "predictions_only": True}, content_type="application/json")

    assert answer.status_code == 201
    assert answer.json()["source"] == "predictions"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"version": "1"}, 400, "No files came in"),
        ({"mlflow_uri": "models:/a/1"}, 400, "version"),
        ({"version": "1", "mlflow_uri": "file:///etc/passwd"}, 400, "not the address of a model in MLflow"),
        ({"version": "1", "mlflow_uri": "models:/a/1", "predictions_only": True}, 400, "one of them"),
        ({"version": "new", "predictions_only": True}, 400, "cannot be a version"),
        ({"version": "1", "mlflow_uri": "models:/a/1", "trained_on": "no@1"}, 400, "no data set no@1"),
    ],
)
def test_a_version_that_cannot_be_registered_is_a_problem_document(
    api: Api, model: RegisteredModel, body: dict[str, Any], status: int, said: str
) -> None:
    answer = api().post(VERSIONS, body, content_type="application/json")

    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert not ModelVersion.objects.exists()


def test_a_version_number_taken_is_a_conflict(
    api: Api, cast: SimpleNamespace, model: RegisteredModel
) -> None:
    a_version(cast, model)

    answer = api().post(VERSIONS, {"version": "1", "predictions_only": True}, content_type="application/json")
    assert answer.status_code == 409


def test_malformed_bodies_are_problems_and_not_failures(api: Api, model: RegisteredModel) -> None:
    client = api()
    for body, kind in (
        ("{", "application/json"),
        ("[]", "application/json"),
        ("no boundary", "multipart/form-data"),
        ("--x", "multipart/form-data; boundary=x"),
    ):
        answer = client.post(VERSIONS, body, content_type=kind)
        assert answer.status_code == 400, (body, answer.content)
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_data_set_is_registered_and_listed(api: Api) -> None:
    client = api()
    given = {"name": "loans", "version": "1", "role": "test", "label": "credit", "positive": "good"}

    made = client.post(DATASETS, given | {"sensitive": ["sex"], "file": csv()})

    assert made.status_code == 201, made.json()
    row = client.get(DATASETS, {"name": "loans"}).json()["results"][0]
    assert row == made.json()
    assert (row["rows"], row["sensitive"], row["owner"]) == (2, ["sex"], "dev")
    assert client.get(DATASETS, {"role": "training"}).json()["results"] == []


def test_a_data_set_without_its_label_column_is_refused_in_words(api: Api) -> None:
    given = {"name": "loans", "version": "1", "role": "test", "label": "default", "file": csv()}

    answer = api().post(DATASETS, given)

    assert answer.status_code == 400
    assert answer.json()["detail"] == "There is no column default; the columns are sex, credit."
    assert answer.json()["field"] == "label"
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"version": "9"}, 404), ({"environment": "moon"}, 400), ({"version": ""}, 400)],
)
def test_a_deployment_of_nothing_is_refused(
    api: Api, cast: SimpleNamespace, model: RegisteredModel, changes: dict[str, str], status: int
) -> None:
    a_version(cast, model)
    body = {"model": model.slug, "version": "1", "environment": "staging", "decision_id": "d1"} | changes

    answer = api().post("/api/v1/deployments", body, content_type="application/json")

    assert answer.status_code == status
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", MODELS),
        ("post", MODELS),
        ("patch", f"{MODELS}/credit-default"),
        ("post", VERSIONS),
        ("get", DATASETS),
        ("post", DATASETS),
    ],
)
def test_each_door_is_shut_without_a_key_and_without_its_scope(
    api: Api, cast: SimpleNamespace, method: str, address: str
) -> None:
    a_model(cast)
    other = "registry:write" if method == "get" else "registry:read"

    assert getattr(Client(), method)(address).status_code == 401
    assert getattr(api(other, "gate"), method)(address).status_code == 403
    assert RegisteredModel.objects.count() == 1


def test_lists_ask_a_fixed_number_of_questions(
    api: Api, cast: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        a_model(cast, f"model-{number}")
        a_dataset(cast, f"data-{number}")
    client = api()
    client.get(MODELS)  # brings the inventory up to date

    with django_assert_max_num_queries(18):
        client.get(MODELS)
    with django_assert_max_num_queries(8):
        client.get(DATASETS)
