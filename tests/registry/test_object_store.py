"""The same in an S3-compatible object store: real boto3 over HTTP against moto's server, which may die."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.refusals import Unavailable
from governance.configuration import blob_storage
from registry.actions import register_upload, verify_artifact
from registry.models import ModelVersion, RegisteredModel
from registry.storage import StoredBytesDiffer, artifact_problem, materialised, materialised_dataset
from registry.stores import store
from tests.builders import a_dataset, a_version
from tests.conftest import AT, actor_of_user
from tests.wire import Wire

ClientOf = Callable[[Any], Client]
Leftovers = Callable[[], list[str]]
BUCKET = "models"


class Server:
    """moto's server as a process of its own."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def await_answer(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/", timeout=2).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("moto's server did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def lasting_server() -> Iterator[Server]:
    server = Server()
    server.await_answer()
    yield server
    server.kill()


@pytest.fixture
def bucket(
    lasting_server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch, own_files: Path
) -> Iterator[Any]:
    """The installation keeps its blobs in this bucket."""
    yield from use(lasting_server, settings, monkeypatch)


def use(server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str = "") -> Iterator[Any]:
    given = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "COUNTERSIGN_STORAGE": f"s3://{BUCKET}/some/prefix",
        "COUNTERSIGN_S3_ENDPOINT": url or server.url,
        "COUNTERSIGN_S3_REGION": "us-east-1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings.STORAGES = {**settings.STORAGES, "blobs": blob_storage()}
    made = boto3.resource("s3", endpoint_url=server.url, region_name="us-east-1").Bucket(BUCKET)
    made.create()
    yield made
    made.objects.all().delete()


def names(bucket: Any) -> list[str]:
    return [found.key for found in bucket.objects.all()]


def upload(cast: SimpleNamespace, model: RegisteredModel, content: bytes, version: str = "1") -> ModelVersion:
    return register_upload(
        model=model,
        version=version,
        files=[("model.skops", BytesIO(content))],
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def test_files_go_to_the_bucket_in_pieces_and_come_back(
    cast: SimpleNamespace, model: RegisteredModel, bucket: Any, client_of: ClientOf, leftovers: Leftovers
) -> None:
    content = os.urandom(40 * 1024 * 1024)  # three pieces
    version = upload(cast, model, content)
    dataset = a_dataset(cast)

    sha256 = version.files.get().sha256
    assert f"some/prefix/blobs/{sha256[:2]}/{sha256}" in names(bucket)
    assert len(names(bucket)) == 2
    assert leftovers() == []
    assert artifact_problem(version) == ""
    with materialised(version) as folder, materialised_dataset(dataset) as data:
        assert (folder / "model.skops").read_bytes() == content
        assert data.name == "data.csv"
    got = client_of(cast.aud).get("/models/credit-default/versions/1/files/get/model.skops")
    assert got["Content-Length"] == str(len(content))
    assert b"".join(got.streaming_content) == content  # type: ignore[attr-defined]


def test_the_same_bytes_lie_there_once_and_a_failure_leaves_none(
    cast: SimpleNamespace, model: RegisteredModel, bucket: Any
) -> None:
    a_version(cast, model, content=b"shared")
    kept = names(bucket)

    with pytest.raises(Exception, match="has a version 1 already"):
        upload(cast, model, b"other")
    with pytest.raises(Exception, match="registered already"):
        upload(cast, model, b"shared", version="2")

    assert names(bucket) == kept


def test_changed_and_missing_objects_are_found(
    cast: SimpleNamespace, model: RegisteredModel, bucket: Any
) -> None:
    version = upload(cast, model, b"good bytes")
    with materialised(version):
        pass  # the cache holds the good ones now
    place = bucket.Object(names(bucket)[0])

    place.put(Body=b"evil bytes")
    checked = verify_artifact(version=version, actor=actor_of_user(cast.viktor), at=AT)
    assert checked.artifact_problem == "model.skops is changed."
    store().drop(version.files.get().sha256)
    assert artifact_problem(version) == "model.skops is missing."
    with pytest.raises(StoredBytesDiffer, match="model.skops is missing"), materialised(version):
        pass


def test_what_was_changed_in_the_bucket_is_never_laid_out(
    cast: SimpleNamespace, model: RegisteredModel, bucket: Any
) -> None:
    version = upload(cast, model, b"good bytes")
    bucket.Object(names(bucket)[0]).put(Body=b"evil bytes")

    with pytest.raises(StoredBytesDiffer, match="is changed"), materialised(version):
        pass


def test_the_cache_is_bounded_and_a_damaged_file_in_it_is_fetched_again(
    cast: SimpleNamespace, model: RegisteredModel, bucket: Any, settings: Settings, own_files: Path
) -> None:
    settings.CACHE_MAX_BYTES = 1000
    versions = [upload(cast, model, bytes([n]) * 600, version=str(n)) for n in (1, 2)]

    for version in versions:
        with materialised(version):
            pass
    held = [path for path in (own_files / "cache").rglob("*") if path.is_file()]
    assert [path.name for path in held] == [versions[1].files.get().sha256]
    held[0].chmod(0o600)
    held[0].write_bytes(b"damaged")

    with materialised(versions[1]) as folder:
        assert (folder / "model.skops").read_bytes() == bytes([2]) * 600


def test_the_sweep_works_in_the_bucket(cast: SimpleNamespace, model: RegisteredModel, bucket: Any) -> None:
    version = a_version(cast, model)
    bucket.Object(f"some/prefix/blobs/00/{'0' * 64}").put(Body=b"stray")
    bucket.Object("elsewhere/blobs/00/precious").put(Body=b"not ours")

    call_command("sweep_blobs", "--hours", "-1", stdout=StringIO())

    sha256 = version.files.get().sha256
    assert names(bucket) == ["elsewhere/blobs/00/precious", f"some/prefix/blobs/{sha256[:2]}/{sha256}"]


def test_a_server_that_gives_back_other_bytes_is_not_believed(
    cast: SimpleNamespace,
    model: RegisteredModel,
    lasting_server: Server,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = Wire(lasting_server.url, forge=(b"good bytes", b"evil bytes"))
    for bucket in use(lasting_server, settings, monkeypatch, wire.url):
        with pytest.raises(Unavailable):
            upload(cast, model, b"good bytes")

        assert names(bucket) == []
        assert not ModelVersion.objects.exists()
    wire.close()


def test_a_server_that_dies_in_the_middle_leaves_nothing_registered(
    model: RegisteredModel,
    lasting_server: Server,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    api: Callable[..., Client],
    leftovers: Leftovers,
) -> None:
    client = api("registry:write")
    wire = Wire(lasting_server.url, cut_after=18 * 1024 * 1024)
    for bucket in use(lasting_server, settings, monkeypatch, wire.url):
        answer = client.post(
            "/api/v1/models/credit-default/versions",
            {"version": "1", "files": BytesIO(os.urandom(40 * 1024 * 1024))},
        )

        assert answer.status_code == 503
        assert (
            answer.json()["detail"] == "The object store did not take or give the files. Nothing was changed."
        )
        assert not ModelVersion.objects.exists()
        assert names(bucket) == leftovers() == []
    wire.close()


def test_boto3_stays_out_of_an_installation_with_a_folder() -> None:
    code = "import django, sys; django.setup(); from registry.stores import store; store()"
    code += "; assert 'boto3' not in sys.modules"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "governance.settings", "COUNTERSIGN_STORAGE": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
