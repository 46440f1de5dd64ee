"""Uploads that are too large or break off: said by name, early, and with nothing left behind."""

import os
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from governance.bodies import BodyCutOff, WholeBodies
from governance.wsgi import application
from registry.models import Dataset, ModelVersion, RegisteredModel
from tests.builders import blob_of
from tests.registry.test_pages import DATASET, csv, text

pytestmark = pytest.mark.django_db(transaction=True)  # what gunicorn serves closes its connections
Api = Callable[..., Client]
Leftovers = Callable[[], list[str]]
BOUNDARY = "limit"
VERSIONS = "/api/v1/models/credit-default/versions"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, content: bytes, filename: str = "") -> bytes:
    given = f'; filename="{filename}"' if filename else ""
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{given}\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )


class Endless:
    """A body that begins with something and goes on with zeros; it counts what was read of it."""

    def __init__(self, beginning: bytes) -> None:
        self._beginning = BytesIO(beginning)
        self.taken = 0

    def read(self, size: int) -> bytes:
        found = self._beginning.read(size) or bytes(size)
        self.taken += len(found)
        return found


def ask(body: Any, announced: int, key: str) -> tuple[int, str]:
    """Through the application that gunicorn serves."""
    environ = RequestFactory().post(VERSIONS, b"x", content_type=MULTIPART).environ
    environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(announced), "HTTP_AUTHORIZATION": key}
    status: list[str] = []
    answer = application(environ, lambda line, headers, exc_info=None: status.append(line))
    content = b"".join(answer).decode()
    answer.close()  # type: ignore[attr-defined]
    return int(status[0].split()[0]), content


@pytest.fixture
def key(api: Api) -> str:
    return str(api("registry:write").defaults["HTTP_AUTHORIZATION"])


def test_a_file_of_3_gb_is_refused_by_name_before_it_is_stored(
    model: RegisteredModel, key: str, leftovers: Leftovers
) -> None:
    body = Endless(part("version", b"1") + part("files", b"", "huge.bin")[:-2])

    status, said = ask(body, 3 * 1024**3, key)

    assert status == 400
    assert "huge.bin comes in an upload of 3.0 GB; the limit is 2.0 GB." in said
    assert body.taken <= 2 * 1024**2
    assert leftovers() == []
    assert not ModelVersion.objects.exists()


def test_a_file_over_the_limit_is_stopped_at_the_limit(
    model: RegisteredModel, key: str, settings: Settings, leftovers: Leftovers
) -> None:
    settings.UPLOAD_MAX_BYTES = 2 * 1024**2
    body = Endless(
        part("version", b"1") + part("files", b"tiny", "tiny.bin") + part("files", b"", "large.bin")
    )

    status, said = ask(body, 5 * 1024**2, key)

    assert status == 400
    assert "large.bin takes the upload over 2.0 MB." in said
    assert body.taken <= 4 * 1024**2
    assert leftovers() == []


def test_an_upload_that_is_cut_off_names_its_file_and_registers_nothing(
    model: RegisteredModel, key: str, leftovers: Leftovers
) -> None:
    whole = part("version", b"1") + part("files", os.urandom(3 * 1024**2), "weights.bin") + b"--limit--\r\n"

    status, said = ask(BytesIO(whole[: len(whole) // 2]), len(whole), key)

    assert (status, "weights.bin broke off before its end." in said) == (400, True)
    assert leftovers() == []
    assert not ModelVersion.objects.exists()
    assert ask(BytesIO(whole), len(whole), key)[0] == 201


def test_a_body_that_ends_early_is_an_error_for_every_reader() -> None:
    def reads(environ: dict[str, Any], _: Any) -> list[bytes]:
        stream = environ["wsgi.input"]
        return [stream.read(2), stream.read(-1), stream.read(5)]

    assert WholeBodies(reads)({"CONTENT_LENGTH": "5", "wsgi.input": BytesIO(b"12345more")}, None) == [
        b"12",
        b"345",
        b"",
    ]
    with pytest.raises(BodyCutOff, match="ended 3 bytes early"):
        WholeBodies(reads)({"CONTENT_LENGTH": "5", "wsgi.input": BytesIO(b"12")}, None)
    lines = WholeBodies(lambda environ, _: [environ["wsgi.input"].readline() for _ in range(3)])
    assert lines({"CONTENT_LENGTH": "4", "wsgi.input": BytesIO(b"a\nbc")}, None) == [b"a\n", b"bc", b""]
    assert WholeBodies(lambda environ, _: [environ["wsgi.input"].read()])(
        {"wsgi.input": BytesIO(b"")}, None
    ) == [b""]


def test_the_page_says_which_file_was_too_large(
    cast: SimpleNamespace,
    model: RegisteredModel,
    client_of: Callable[[Any], Client],
    settings: Settings,
    leftovers: Leftovers,
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    files = [BytesIO(b"x" * 600), BytesIO(b"x" * 600)]
    files[0].name, files[1].name = "first.bin", "second.bin"

    answer = client_of(cast.dev).post(
        "/models/credit-default/versions/new/", {"version": "1", "source": "upload", "files": files}
    )

    assert answer.status_code == 400
    assert "second.bin takes the upload over 1000 bytes." in text(answer)
    assert leftovers() == []


def test_an_upload_is_hashed_on_its_way_and_written_once(
    cast: SimpleNamespace, model: RegisteredModel, api: Api, leftovers: Leftovers
) -> None:
    content = os.urandom(2 * 1024**2 + 7)
    given = BytesIO(content)
    given.name = "weights.bin"

    answer = api("registry:write").post(VERSIONS, {"version": "1", "files": given})

    assert answer.status_code == 201, answer.content
    version = ModelVersion.objects.get()
    assert blob_of(version, "weights.bin").read_bytes() == content
    assert blob_of(version, "weights.bin").stat().st_nlink == 1
    assert len(leftovers()) == 1


def test_a_table_comes_the_same_way(
    cast: SimpleNamespace, client_of: Callable[[Any], Client], leftovers: Leftovers
) -> None:
    answer = client_of(cast.viktor).post("/datasets/new/", DATASET | {"file": csv()})

    assert answer.status_code == 302
    assert Dataset.objects.get().file == "loans.csv"
    assert len(leftovers()) == 1
