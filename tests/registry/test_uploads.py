"""Large files in pieces: announced, sent, broken off, gone on with, registered."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.models import Scope
from audit.models import Event
from governance.wsgi import application
from registry.models import ModelVersion, RegisteredModel, Upload
from registry.pieces import WrongOffset, announced_files, append, complete
from registry.storage import artifact_problem
from tests.builders import a_dataset, a_model, a_version, blob, blob_of
from tests.registry.conftest import Verbs

Api = Callable[..., Client]
Leftovers = Callable[[], list[str]]
MODEL = "/api/v1/models/credit-default"
WEIGHTS = bytes(range(256)) * 8


def line(path: str, content: bytes) -> dict[str, Any]:
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def announce(client: Client, **files: bytes) -> Any:
    return announce_lines(client, [line(path, content) for path, content in files.items()])


def announce_lines(client: Client, lines: list[dict[str, Any]]) -> Any:
    return client.post(f"{MODEL}/uploads", {"files": lines}, content_type="application/json")


def send(client: Client, upload: str, path: str, piece: bytes, **headers: str) -> Any:
    headers = headers or {"Upload-Offset": "0"}
    return client.patch(
        f"/api/v1/uploads/{upload}/files/{path}",
        piece,
        content_type="application/octet-stream",
        headers=headers,
    )


def register(client: Client, upload: str, version: str = "1", model: str = MODEL) -> Any:
    body = {"version": version, "upload": upload, "code_commit": "abc"}
    return client.post(f"{model}/versions", body, content_type="application/json")


@pytest.fixture
def ci(api: Api) -> Client:
    """Dev's pipeline."""
    return api(Scope.REGISTRY_WRITE)


def test_a_version_comes_in_pieces_and_goes_on_after_a_break(
    model: RegisteredModel, ci: Client, verbs: Verbs, leftovers: Leftovers
) -> None:
    answer = announce(ci, weights=WEIGHTS, MLmodel=b"flavors: {}", empty=b"")
    upload = answer.json()["id"]
    assert answer.status_code == 201
    assert answer["Location"] == f"/api/v1/uploads/{upload}"
    assert answer.json()["missing"] == [
        {"path": "MLmodel", "size": 11, "have_bytes": 0},
        {"path": "weights", "size": 2048, "have_bytes": 0},
    ]

    assert send(ci, upload, "MLmodel", b"flavors: {}").json()["have_bytes"] == 11
    assert send(ci, upload, "weights", WEIGHTS[:1000]).json()["have_bytes"] == 1000
    assert ci.get(f"/api/v1/uploads/{upload}").json()["missing"] == [
        {"path": "weights", "size": 2048, "have_bytes": 1000}
    ]
    refused = register(ci, upload)
    assert (refused.status_code, refused.json()["detail"]) == (409, "weights is not complete.")
    rest = send(ci, upload, "weights", WEIGHTS[1000:], **{"Content-Range": "bytes 1000-2047/2048"})
    assert (rest.status_code, rest["Upload-Offset"]) == (200, "2048")
    made = register(ci, upload)

    assert made.status_code == 201, made.content
    version = ModelVersion.objects.get()
    assert {file.path for file in version.files.all()} == {"weights", "MLmodel", "empty"}
    assert blob_of(version, "weights").read_bytes() == WEIGHTS
    assert version.code_commit == "abc"
    assert artifact_problem(version) == ""
    assert len(leftovers()) == 3
    assert verbs()[-1] == "version.registered"
    assert Event.objects.filter(verb="version.registered").count() == 1
    assert register(ci, upload, "2").json()["detail"] == "This upload is registered already."


def test_a_wrong_offset_is_answered_with_the_right_one(model: RegisteredModel, ci: Client) -> None:
    upload = announce(ci, weights=WEIGHTS).json()["id"]
    send(ci, upload, "weights", WEIGHTS[:100])

    for offset in ("0", "99", "101"):
        refused = send(ci, upload, "weights", WEIGHTS[:10], **{"Upload-Offset": offset})
        assert (refused.status_code, refused.json()["have_bytes"], refused["Upload-Offset"]) == (
            409,
            100,
            "100",
        )
    fresh = announce(ci, other=WEIGHTS).json()["id"]
    assert send(ci, fresh, "other", b"x", **{"Upload-Offset": "5"}).json()["have_bytes"] == 0
    assert send(ci, upload, "weights", WEIGHTS[100:], **{"Upload-Offset": "100"}).status_code == 200
    assert send(ci, upload, "weights", b"", **{"Upload-Offset": "2048"}).json()["have_bytes"] == 2048
    assert send(ci, upload, "weights", b"", **{"Upload-Offset": "0"}).status_code == 409


def test_a_file_that_is_not_what_was_announced_is_thrown_away(
    model: RegisteredModel, ci: Client, leftovers: Leftovers
) -> None:
    upload = announce(ci, weights=WEIGHTS).json()["id"]

    for pieces in ([WEIGHTS[::-1]], [WEIGHTS[:1000], bytes(1048)]):
        offset = 0
        for piece in pieces:
            answer = send(ci, upload, "weights", piece, **{"Upload-Offset": str(offset)})
            offset += len(piece)
        assert (answer.status_code, answer.json()["field"]) == (422, "weights")
        assert "weights is complete, but its SHA-256 is not the one announced" in answer.json()["detail"]
        assert ci.get(f"/api/v1/uploads/{upload}").json()["missing"][0]["have_bytes"] == 0
    assert not any(name.startswith("blobs") for name in leftovers())
    assert send(ci, upload, "weights", WEIGHTS).status_code == 200
    assert register(ci, upload).status_code == 201


def test_more_than_was_announced_is_refused_and_what_was_there_stays(
    model: RegisteredModel, ci: Client
) -> None:
    upload = announce(ci, weights=WEIGHTS).json()["id"]
    send(ci, upload, "weights", WEIGHTS[:2000])

    refused = send(ci, upload, "weights", bytes(100), **{"Upload-Offset": "2000"})

    assert (refused.status_code, "weights was announced with 2,048 bytes" in refused.json()["detail"]) == (
        400,
        True,
    )
    assert ci.get(f"/api/v1/uploads/{upload}").json()["missing"][0]["have_bytes"] == 2000


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "*/*"},
        {"Upload-Offset": "-1"},
        {"Upload-Offset": "x"},
        {"Content-Range": "bytes 0-9/10"},
        {"Content-Range": "bytes 0-9/2048"},
        {"Content-Range": "bytes */2048"},
    ],
)
def test_a_piece_that_does_not_say_where_it_begins_is_refused(
    model: RegisteredModel, ci: Client, headers: dict[str, str]
) -> None:
    upload = announce(ci, weights=WEIGHTS).json()["id"]

    assert send(ci, upload, "weights", WEIGHTS[:5], **headers).status_code == 400
    assert send(ci, upload, "other", WEIGHTS[:5]).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_piece_that_breaks_off_is_kept_as_far_as_it_came(model: RegisteredModel, ci: Client) -> None:
    content = os.urandom(3 * 1024**2)
    upload = announce(ci, weights=content).json()["id"]
    environ = RequestFactory().patch(f"/api/v1/uploads/{upload}/files/weights", b"x").environ
    environ |= {
        "wsgi.input": BytesIO(content[: 2 * 1024**2]),
        "CONTENT_LENGTH": str(len(content)),
        "HTTP_AUTHORIZATION": ci.defaults["HTTP_AUTHORIZATION"],
        "HTTP_UPLOAD_OFFSET": "0",
    }
    status: list[str] = []
    answer = application(environ, lambda line, headers, exc_info=None: status.append(line))
    said = json.loads(b"".join(answer))

    assert (status[0][:3], said["detail"]) == ("400", "The body broke off before its end.")
    have = ci.get(f"/api/v1/uploads/{upload}").json()["missing"][0]["have_bytes"]
    assert have == 2 * 1024**2
    assert send(ci, upload, "weights", content[have:], **{"Upload-Offset": str(have)}).status_code == 200
    assert register(ci, upload).status_code == 201


def test_the_same_announcement_finds_the_same_upload(model: RegisteredModel, ci: Client, api: Api) -> None:
    first = announce(ci, weights=WEIGHTS, notes=b"n").json()["id"]
    send(ci, first, "weights", WEIGHTS[:9])

    again = announce_lines(ci, [line("weights", WEIGHTS), line("notes", b"n")]).json()

    assert again["id"] == first
    assert {"path": "weights", "size": 2048, "have_bytes": 9} in again["missing"]
    assert announce(ci, weights=WEIGHTS).json()["id"] != first


def test_files_that_the_caller_may_read_anyway_need_not_be_sent_again(
    cast: SimpleNamespace, model: RegisteredModel, ci: Client, leftovers: Leftovers
) -> None:
    a_version(cast, a_model(cast, "other-use"), content=WEIGHTS)

    upload = announce(ci, weights=WEIGHTS, notes=b"new").json()
    assert [file["path"] for file in upload["missing"]] == ["notes"]
    send(ci, upload["id"], "notes", b"new")

    assert register(ci, upload["id"]).status_code == 201
    assert len([name for name in leftovers() if name.startswith("blobs")]) == 2


def test_a_digest_alone_opens_no_data_set(cast: SimpleNamespace, model: RegisteredModel, ci: Client) -> None:
    """Rows may be confidential; whoever knows their digest must not get them as a model's file."""
    dataset = a_dataset(cast)
    rows = blob(dataset.digest).read_bytes()

    upload = announce(ci, weights=rows).json()

    assert [file["path"] for file in upload["missing"]] == ["weights"]
    assert register(ci, upload["id"]).status_code == 409
    send(ci, upload["id"], "weights", rows)
    assert register(ci, upload["id"]).status_code == 201


def test_a_digest_with_another_size_is_not_known(
    cast: SimpleNamespace, model: RegisteredModel, ci: Client
) -> None:
    a_version(cast, model, content=WEIGHTS)

    answer = announce_lines(ci, [line("weights", WEIGHTS) | {"size": 5}])

    assert answer.json()["missing"][0]["have_bytes"] == 0


def test_a_stored_file_that_is_damaged_is_not_registered_again(
    cast: SimpleNamespace, model: RegisteredModel, ci: Client
) -> None:
    place = blob_of(a_version(cast, a_model(cast, "other-use"), content=WEIGHTS))
    upload = announce(ci, weights=WEIGHTS).json()["id"]
    place.chmod(0o600)
    place.write_bytes(WEIGHTS[::-1])

    refused = register(ci, upload)

    assert refused.status_code == 409
    assert "weights was not asked for" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "No files came in"),
        ([line("a", b"")], "a is empty"),
        ([line("../a", b"1")], "points outside its folder"),
        ([line("a", b"1"), line("a", b"2")], "a is announced twice"),
        ([line("a", b"1"), line("a/b", b"2"), line("a.x", b"3")], "a stands where another file has a folder"),
        ([line("a", b"1") | {"size": 3 * 1024**3}], "a takes the upload over 2.0 GB"),
        ([line("a", b"1"), line("b", b"2") | {"size": 2 * 1024**3}], "b takes the upload over 2.0 GB"),
        ([line("a", b"1") | {"size": -1}], "size"),
        ([line("a", b"1") | {"sha256": "A" * 64}], "sha256"),
    ],
)
def test_an_announcement_that_cannot_be_kept_is_refused(
    model: RegisteredModel, ci: Client, lines: list[dict[str, Any]], said: str
) -> None:
    answer = announce_lines(ci, lines)

    assert answer.status_code == 400
    assert said in answer.json()["detail"]
    assert not Upload.objects.exists()


def test_an_empty_file_does_not_take_the_place_of_anothers(
    cast: SimpleNamespace, model: RegisteredModel, ci: Client
) -> None:
    version = a_version(cast, model)
    stored = blob_of(version)
    before = stored.read_bytes()
    sha256 = version.files.get(path="model.skops").sha256
    refused = announce_lines(ci, [{"path": "b", "size": 0, "sha256": sha256}, line("a", b"x")])
    assert refused.status_code == 400
    assert "announced as empty" in refused.json()["detail"]
    assert stored.read_bytes() == before


def test_an_upload_is_seen_by_nobody_else(
    cast: SimpleNamespace, model: RegisteredModel, ci: Client, api: Api
) -> None:
    upload = announce(ci, weights=WEIGHTS).json()["id"]
    other = api(Scope.REGISTRY_WRITE, owner=cast.olga)

    assert other.get(f"/api/v1/uploads/{upload}").status_code == 404
    assert send(other, upload, "weights", WEIGHTS).status_code == 404
    assert register(other, upload).status_code == 404
    assert ci.get(f"/api/v1/uploads/{uuid4()}").status_code == 404
    a_model(cast, "other-use")
    assert register(ci, upload, model="/api/v1/models/other-use").json()["field"] == "upload"


def test_an_upload_expires_after_a_day_and_its_pieces_go(
    model: RegisteredModel, ci: Client, leftovers: Leftovers
) -> None:
    upload = announce(ci, weights=WEIGHTS).json()["id"]
    send(ci, upload, "weights", WEIGHTS[:9])
    Upload.objects.update(started_at=timezone.now() - timedelta(hours=25))

    assert ci.get(f"/api/v1/uploads/{upload}").status_code == 409
    assert send(ci, upload, "weights", WEIGHTS[9:], **{"Upload-Offset": "9"}).status_code == 409
    assert register(ci, upload).json()["detail"] == "This upload has expired."
    fresh = announce(ci, weights=WEIGHTS).json()

    assert fresh["id"] != upload
    assert not Upload.objects.filter(pk=upload).exists()
    assert leftovers() == []


def test_uploads_under_way_are_bounded(model: RegisteredModel, ci: Client) -> None:
    for number in range(20):
        assert announce(ci, weights=bytes([number])).status_code == 201

    refused = announce(ci, weights=b"more")

    assert (refused.status_code, "has 20 uploads under way" in refused.json()["detail"]) == (409, True)


def test_a_failed_registration_leaves_the_upload_to_try_again(
    cast: SimpleNamespace, model: RegisteredModel, ci: Client, leftovers: Leftovers
) -> None:
    a_version(cast, model)
    upload = announce(ci, weights=WEIGHTS).json()["id"]
    send(ci, upload, "weights", WEIGHTS)
    before = leftovers()

    assert register(ci, upload, "1").status_code == 409

    assert leftovers() == before
    assert register(ci, upload, "2").status_code == 201


def test_one_request_at_a_time_adds_to_a_file(model: RegisteredModel, ci: Client) -> None:
    upload = Upload.objects.get(pk=announce(ci, weights=WEIGHTS, notes=b"n").json()["id"])
    weights = next(file for file in announced_files(upload) if file.path == "weights")
    answers: list[tuple[str, int]] = []

    class Slow(BytesIO):
        """While this piece comes in, others try."""

        def read(self, size: int | None = -1, /) -> bytes:
            if not answers:
                for path in ("weights", "notes"):
                    answers.append((path, send(ci, str(upload.pk), path, b"n").status_code))
                answers.append(("version", register(ci, str(upload.pk)).status_code))
            return super().read(size)

    append(upload, weights, offset=0, source=Slow(WEIGHTS))

    assert answers == [("weights", 409), ("notes", 200), ("version", 409)]
    assert register(ci, str(upload.pk)).status_code == 201


@rules(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(min_size=1, max_size=400),
    st.lists(st.tuples(st.integers(0, 410), st.integers(0, 410)), max_size=12),
)
def test_whatever_pieces_come_in_whatever_order_only_the_announced_bytes_pass(
    own_files: Any, settings: Settings, content: bytes, tries: list[tuple[int, int]]
) -> None:
    upload = Upload(id=uuid4(), manifest=[line("f", content)])
    file = announced_files(upload)[0]
    have = 0
    for start, length in tries:
        try:
            have = append(upload, file, offset=start, source=BytesIO(content[start : start + length]))
        except WrongOffset as wrong:
            assert wrong.have == have
    append(upload, file, offset=have, source=BytesIO(content[have:]))

    with complete(upload) as found:
        sent = found[0][1]
        assert sent is not None
        assert (sent.place.read_bytes(), sent.sha256) == (content, file.sha256)
