from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import Event
from registry.actions import retire_model, suspend_model
from registry.models import Dataset, Lifecycle, ModelVersion, RegisteredModel
from tests.builders import a_card, a_dataset, a_model, a_version, blob_of
from tests.conftest import AT, actor_of_user

ClientOf = Callable[[Any], Client]
VERSION = "/models/credit-default/versions/1"
ENTRY = {
    "name": "Credit default",
    "slug": "credit-default",
    "purpose": "Probability that a household loan defaults within twelve months.",
    "decides": "",
    "business_line": "Retail",
    "kind": "binary_classification",
    "origin": "in_house",
}
DATASET = {
    "name": "loans",
    "version": "1",
    "role": "test",
    "label": "credit",
    "positive": "good",
    "sensitive": "sex",
}


def text(response: Any) -> str:
    return str(response.content.decode())


def csv(rows: str = "sex,credit\nf,good\nm,bad\n") -> SimpleUploadedFile:
    return SimpleUploadedFile("loans.csv", rows.encode())


def test_an_owner_adds_a_model_to_the_inventory(cast: SimpleNamespace, client_of: ClientOf) -> None:
    people = {"owner": cast.olga.pk, "developers": [cast.dev.pk]}

    answer = client_of(cast.olga).post("/models/new/", ENTRY | people)

    assert (answer.status_code, answer["Location"]) == (302, "/models/credit-default/")
    assert list(RegisteredModel.objects.get().developers.all()) == [cast.dev]


def test_what_is_wrong_with_an_entry_stands_beside_the_field(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    a_model(cast)
    client = client_of(cast.olga)

    short = client.post("/models/new/", ENTRY | {"slug": "other", "purpose": "short", "owner": cast.olga.pk})
    assert short.status_code == 400
    assert "The purpose is too short" in text(short)
    taken = client.post("/models/new/", ENTRY | {"owner": cast.olga.pk})
    assert taken.status_code == 409
    assert "A model credit-default exists already" in text(taken)
    assert client.post("/models/new/", {}).status_code == 400


def test_only_the_owner_changes_the_team(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    given = ENTRY | {"name": "Changed", "owner": cast.dev.pk, "developers": []}

    assert client_of(cast.dev).post("/models/credit-default/edit/", given).status_code == 302

    model.refresh_from_db()
    assert (model.name, model.owner, list(model.developers.all())) == ("Changed", cast.olga, [cast.dev])
    assert (
        client_of(cast.olga).post("/models/credit-default/edit/", given | {"owner": cast.olga.pk}).status_code
        == 302
    )
    assert list(model.developers.all()) == []


def test_suspending_asks_for_a_reason_and_an_officer_resumes(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    olga, ada = client_of(cast.olga), client_of(cast.ada)
    assert "field is required" in text(olga.post("/models/credit-default/suspend/", {"reason": ""}))

    assert olga.post("/models/credit-default/suspend/", {"reason": "Complaints"}).status_code == 302
    assert olga.post("/models/credit-default/resume/", {"reason": "I say so"}).status_code == 403
    model.refresh_from_db()
    assert model.lifecycle == Lifecycle.SUSPENDED

    assert "Put it back into use" in text(ada.get("/models/credit-default/suspend/"))
    assert ada.post("/models/credit-default/resume/", {"reason": "Solved"}).status_code == 302
    model.refresh_from_db()
    assert model.lifecycle == Lifecycle.ACTIVE


def test_a_retired_model_says_so_and_offers_nothing(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    retire_model(model=model, reason="Replaced", actor=actor_of_user(cast.olga), at=AT)

    page = text(client_of(cast.ada).get("/models/credit-default/suspend/"))

    assert "retired for good" in page
    assert "<textarea" not in page
    assert client_of(cast.ada).post("/models/credit-default/retire/", {"reason": "x"}).status_code == 409


def test_files_are_uploaded_from_the_form(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    files = [SimpleUploadedFile("MLmodel", b"flavors: {}"), SimpleUploadedFile("a.bin", b"1")]
    body = {"version": "1", "source": "upload", "files": files, "paths": ["MLmodel", "data/a.bin"]}

    answer = client_of(cast.dev).post("/models/credit-default/versions/new/", body)

    assert (answer.status_code, answer["Location"]) == (302, f"{VERSION}/")
    version = ModelVersion.objects.get()
    assert [file.path for file in version.files.all()] == ["MLmodel", "data/a.bin"]
    assert version.registered_by == cast.dev


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"source": "mlflow"}, 400, "Say where the model is in MLflow"),
        ({"source": "mlflow", "mlflow_uri": "/etc/passwd"}, 400, "not the address of a model in MLflow"),
        ({"source": "upload"}, 400, "Choose the model&#x27;s files"),
        ({"source": "other"}, 400, "Select a valid choice"),
        ({"source": "predictions", "version": "1"}, 409, "has a version 1 already"),
        ({"source": "predictions", "version": "new"}, 400, "cannot be a version"),
    ],
)
def test_what_stops_a_version_stands_in_the_form(
    cast: SimpleNamespace,
    client_of: ClientOf,
    model: RegisteredModel,
    body: dict[str, str],
    status: int,
    said: str,
) -> None:
    a_version(cast, model)

    answer = client_of(cast.dev).post("/models/credit-default/versions/new/", {"version": "2"} | body)

    assert answer.status_code == status
    assert said in text(answer)
    assert ModelVersion.objects.count() == 1


def test_the_next_number_is_offered(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    a_version(cast, model, "9")

    assert 'value="10"' in text(client_of(cast.dev).get("/models/credit-default/versions/new/"))


def test_the_manifest_is_shown_and_a_file_can_be_kept(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    version = a_version(cast, model, content=b"<script>alert(1)</script>")
    client = client_of(cast.aud)

    page = text(client.get(f"{VERSION}/files/"))
    assert version.files.get().sha256 in page
    assert "Verify now" not in page

    got = client.get(f"{VERSION}/files/get/model.skops")
    assert b"".join(got.streaming_content) == b"<script>alert(1)</script>"  # type: ignore[attr-defined]
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")
    assert Event.objects.get(verb="artifact.downloaded").detail["path"] == "model.skops"
    assert client.get(f"{VERSION}/files/get/../../../../secret_key").status_code == 404


def test_a_missing_file_is_said_and_verifying_shows_it(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    version = a_version(cast, model)
    blob_of(version).unlink()
    client = client_of(cast.viktor)

    assert "model.skops is missing in the store" in text(client.get(f"{VERSION}/files/get/model.skops"))
    client.post(f"{VERSION}/files/verify/")
    assert "model.skops is missing." in text(client.get(f"{VERSION}/files/"))
    assert client_of(cast.aud).post(f"{VERSION}/files/verify/").status_code == 403


def test_a_card_starts_as_a_draft_and_is_saved(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    version = a_version(cast, model)
    client = client_of(cast.dev)
    assert model.purpose in text(client.get(f"{VERSION}/card/edit/"))

    answer = client.post(f"{VERSION}/card/edit/", {"revision": 0, "details": "**Bold** <script>x</script>"})

    assert (answer.status_code, answer["Location"]) == (302, f"{VERSION}/card/")
    page = text(client.get(f"{VERSION}/card/"))
    assert "<strong>Bold</strong>" in page
    assert "<script>x" not in page
    assert version.cards.get().author == cast.dev


def test_who_saves_second_keeps_their_text_and_sees_the_difference(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    version = a_version(cast, model)
    theirs = a_card(
        cast, version, author=cast.olga, details="The owner wrote this meanwhile.", caveats="a\n\nb"
    )
    client = client_of(cast.dev)
    mine = theirs.sections | {"details": "The developer wrote this meanwhile.", "caveats": "a\r\n\r\nb"}

    answer = client.post(f"{VERSION}/card/edit/", {"revision": 0} | mine)

    page = text(answer)
    assert answer.status_code == 409
    assert "Olga Lindqvist saved revision 1 while you were writing" in page
    assert "The developer wrote this meanwhile.</textarea>" in page
    assert "<del>owner</del><ins>developer</ins>" in page
    assert page.count("From theirs to yours") == 1
    assert version.cards.count() == 1
    again = client.post(
        f"{VERSION}/card/edit/", {"revision": 1, "details": "The developer wrote this meanwhile."}
    )
    assert again.status_code == 302


def test_two_revisions_are_compared_word_by_word(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel
) -> None:
    version = a_version(cast, model)
    a_card(cast, version, details="The cut-off is 0.60 for all.")
    a_card(cast, version, details="The cut-off is 0.55 for all.")
    client = client_of(cast.viktor)

    page = text(client.get(f"{VERSION}/card/?revision=2&since=1"))
    assert "The cut-off is 0.<del>60</del> for all." in page
    assert "The cut-off is 0.<ins>55</ins> for all." in page
    assert "This is an older revision." in text(client.get(f"{VERSION}/card/?revision=1"))
    for address in ("?revision=9", "?revision=x", "?revision=1&since=-1"):
        assert client.get(f"{VERSION}/card/{address}").status_code == 404


def test_a_data_set_is_registered_and_shown(cast: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(cast.viktor)

    answer = client.post("/datasets/new/", DATASET | {"file": csv()})

    assert (answer.status_code, answer["Location"]) == (302, "/datasets/loans/1/")
    page = text(client.get("/datasets/loans/1/"))
    assert Dataset.objects.get().digest in page
    assert "loans" in text(client.get("/datasets/?role=test"))
    assert "No data set matches" in text(client.get("/datasets/?q=nothing"))


def test_a_data_set_without_its_label_column_is_refused_in_the_form(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    answer = client_of(cast.viktor).post("/datasets/new/", DATASET | {"label": "default", "file": csv()})

    assert answer.status_code == 400
    assert "There is no column default; the columns are sex, credit." in text(answer)
    assert not Dataset.objects.exists()


READERS = ["olga", "dev", "viktor", "ada", "carl", "etta", "bea", "aud", "adam"]
DOORS = [
    ("get", "/models/new/", {"olga", "dev"}),
    ("get", "/models/credit-default/edit/", {"olga", "dev"}),
    ("get", "/models/credit-default/suspend/", set(READERS)),
    ("post", "/models/credit-default/suspend/", {"olga", "ada", "carl"}),
    ("post", "/models/credit-default/resume/", {"ada", "carl"}),
    ("post", "/models/credit-default/retire/", {"olga", "ada", "carl"}),
    ("get", "/models/credit-default/versions/new/", {"olga", "dev"}),
    ("get", f"{VERSION}/card/", set(READERS)),
    ("get", f"{VERSION}/card/edit/", {"olga", "dev"}),
    ("post", f"{VERSION}/card/edit/", {"olga", "dev"}),
    ("get", f"{VERSION}/files/", set(READERS)),
    ("post", f"{VERSION}/files/verify/", {"olga", "dev", "viktor", "ada", "carl"}),
    ("get", f"{VERSION}/files/get/model.skops", set(READERS)),
    ("get", "/datasets/", set(READERS)),
    ("get", "/datasets/new/", {"olga", "dev", "viktor"}),
    ("get", "/datasets/loans-test/1/", set(READERS)),
]


@pytest.mark.parametrize(("method", "address", "allowed"), DOORS)
def test_each_door_opens_for_its_roles_alone(
    cast: SimpleNamespace,
    client_of: ClientOf,
    model: RegisteredModel,
    method: str,
    address: str,
    allowed: set[str],
) -> None:
    a_version(cast, model)
    a_dataset(cast)
    refused = {
        name
        for name in READERS
        if getattr(client_of(getattr(cast, name)), method)(address).status_code == 403
    }

    assert refused == set(READERS) - allowed
    assert getattr(Client(), method)(address)["Location"].startswith("/login/")


@pytest.mark.parametrize(
    "address",
    [
        "/models/nothing/edit/",
        "/models/nothing/suspend/",
        "/models/credit-default/versions/9/card/",
        "/models/credit-default/versions/9/files/",
        f"{VERSION}/files/get/nothing",
        "/datasets/nothing/1/",
    ],
)
def test_what_is_not_there_is_404(
    cast: SimpleNamespace, client_of: ClientOf, model: RegisteredModel, address: str
) -> None:
    a_version(cast, model)

    assert client_of(cast.olga).get(address).status_code == 404


def test_a_suspended_model_still_takes_a_version_that_may_mend_it(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    suspend_model(model=model, reason="Complaints", actor=actor_of_user(cast.ada), at=AT)

    assert a_version(cast, model).version == "1"
