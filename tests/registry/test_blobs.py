"""One object for each SHA-256: shared, whole or not there, swept only when nobody names it."""

import hashlib
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.refusals import Conflict
from governance.configuration import blob_storage
from registry.actions import register_upload
from registry.intake import StoredFile, hash_file
from registry.keeping import discard_unnamed, kept, sweep_blobs
from registry.models import Dataset, ModelVersion, RegisteredModel
from registry.storage import StoredBytesDiffer, artifact_problem, incoming, materialised, materialised_dataset
from registry.stores import store
from tests.builders import a_dataset, a_model, a_version, blob, blob_of
from tests.conftest import AT, actor_of_user

Leftovers = Callable[[], list[str]]
TOMORROW = timedelta(days=1)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def staged(folder: Path, content: bytes = b"stray") -> list[StoredFile]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "f").write_bytes(content)
    return [StoredFile("f", *hash_file(folder / "f"))]


def upload(cast: SimpleNamespace, model: RegisteredModel, version: str, **files: bytes) -> ModelVersion:
    return register_upload(
        model=model,
        version=version,
        files=[(path, BytesIO(content)) for path, content in files.items()],
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def test_the_same_file_of_many_versions_and_models_lies_there_once(
    cast: SimpleNamespace, model: RegisteredModel, leftovers: Leftovers
) -> None:
    first = upload(cast, model, "1", weights=b"shared", notes=b"one")
    written = blob_of(first, "weights").stat().st_ino
    second = upload(cast, model, "2", weights=b"shared", notes=b"two")
    other = upload(cast, a_model(cast, "other-use"), "1", copy=b"shared")

    assert len(leftovers()) == 3
    assert {blob_of(first, "weights"), blob_of(second, "weights"), blob_of(other, "copy")} == {
        blob(sha256(b"shared"))
    }
    assert blob_of(other, "copy").stat().st_ino == written
    assert blob_of(other, "copy").stat().st_mode & 0o777 == 0o444


def test_a_damaged_blob_is_not_trusted_but_written_anew(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    first = upload(cast, model, "1", weights=b"shared")
    place = blob_of(first, "weights")
    place.chmod(0o600)
    place.write_bytes(b"sharks")
    assert artifact_problem(first) == "weights is changed."

    upload(cast, model, "2", weights=b"shared", more=b"more")

    assert artifact_problem(first) == ""


def test_a_folder_for_whoever_reads_holds_exactly_the_manifest(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    version = register_upload(
        model=model,
        version="1",
        files=[("a/b/weights", BytesIO(b"w")), ("MLmodel", BytesIO(b"flavors: {}"))],
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )

    with materialised(version) as folder:
        found = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert found == {"a/b/weights": b"w", "MLmodel": b"flavors: {}"}
    assert not folder.exists()


def test_where_files_cannot_be_linked_they_are_copied(
    cast: SimpleNamespace, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_links)
    version = a_version(cast, model)

    with materialised(version) as folder:
        assert (folder / "model.skops").read_bytes() == b"credit-default 1"
        assert (folder / "model.skops").stat().st_ino != blob_of(version).stat().st_ino


def test_a_registration_that_fails_takes_away_what_it_brought(
    cast: SimpleNamespace, model: RegisteredModel, leftovers: Leftovers
) -> None:
    first = upload(cast, model, "1", weights=b"shared")
    before = leftovers()

    with pytest.raises(Conflict):
        upload(cast, model, "1", weights=b"shared", more=b"new")

    assert leftovers() == before
    assert artifact_problem(first) == ""


def test_the_sweep_takes_what_no_row_names_and_is_old_enough(
    cast: SimpleNamespace, model: RegisteredModel, own_files: Path, leftovers: Leftovers
) -> None:
    version, dataset = a_version(cast, model), a_dataset(cast)
    stray = staged(own_files / "stage")
    with kept(own_files / "stage", stray):
        pass
    assert len(leftovers()) == 3
    said = StringIO()

    call_command("sweep_blobs", stdout=said)
    assert "0 removed." in said.getvalue()
    call_command("sweep_blobs", "--hours", "-1", "--dry-run", stdout=said)
    assert "1 would be removed." in said.getvalue()
    assert len(leftovers()) == 3
    call_command("sweep_blobs", "--hours", "-1", stdout=said)

    assert f"sha256:{sha256(b'stray')}" in said.getvalue()
    assert "1 removed." in said.getvalue()
    assert artifact_problem(version) == ""
    with materialised_dataset(dataset):
        assert len(leftovers()) == 3  # the two blobs, and one of them laid out


def test_a_blob_swept_before_the_rows_are_written_is_put_back(cast: SimpleNamespace, own_files: Path) -> None:
    files = staged(own_files / "stage")

    with kept(own_files / "stage", files) as blobs:
        assert sweep_blobs(written_before=timezone.now() + TOMORROW) == [sha256(b"stray")]
        with transaction.atomic():
            blobs.pin()

    assert store().holds(sha256(b"stray"))


@pytest.mark.django_db(transaction=True)
def test_nobody_sweeps_while_somebody_registers(own_files: Path) -> None:
    """On PostgreSQL the lock decides it, on SQLite the database's own."""
    files = staged(own_files / "stage")
    swept: list[list[str]] = []

    def sweep() -> None:
        try:
            swept.append(discard_unnamed([sha256(b"stray")]))
        finally:
            connection.close()

    with kept(own_files / "stage", files) as blobs:
        with transaction.atomic():
            blobs.pin()
            sweeper = threading.Thread(target=sweep)
            sweeper.start()
            sweeper.join(0.5)
            assert sweeper.is_alive()
            assert store().holds(sha256(b"stray"))
        sweeper.join(10)
    assert swept == [[sha256(b"stray")]]


def test_what_a_killed_process_left_goes_after_a_day(own_files: Path) -> None:
    old, fresh = incoming() / "in-old", incoming() / "in-fresh"
    for place in (old, fresh):
        place.write_bytes(b"half")
    os.utime(old, (0, 0))

    incoming()

    assert (old.exists(), fresh.exists()) == (False, True)


def as_before_blobs(own_files: Path, version: ModelVersion, dataset: Dataset) -> Dataset:
    """Put the files where versions of Countersign before blobs kept them; the data set is one registered by them."""
    place = own_files / "files" / "artifacts" / version.model.slug / str(version.pk) / "model.skops"
    place.parent.mkdir(parents=True)
    blob_of(version).rename(place)
    (own_files / "files" / "datasets").mkdir()
    blob(dataset.digest).rename(own_files / "files" / "datasets" / "0123.csv")
    dataset.pk, dataset.name, dataset.file = None, "loans-before", "datasets/0123.csv"
    dataset.save(force_insert=True)
    return dataset


def test_files_of_earlier_versions_are_read_where_they_are_until_they_are_moved(
    cast: SimpleNamespace, model: RegisteredModel, own_files: Path
) -> None:
    version, dataset = a_version(cast, model), a_dataset(cast)
    dataset = as_before_blobs(own_files, version, dataset)
    said = StringIO()

    for _ in range(2):
        assert artifact_problem(version) == ""
        with materialised(version) as folder, materialised_dataset(dataset) as data:
            assert (folder / "model.skops").read_bytes() == b"credit-default 1"
            assert data.suffix == ".csv"
        call_command("move_artifacts", stdout=said)

    assert not (own_files / "files" / "artifacts" / "credit-default" / str(version.pk)).exists()
    assert list((own_files / "files" / "datasets").iterdir()) == []
    assert blob_of(version).is_file()
    assert blob(dataset.digest).is_file()
    assert "1 files moved" in said.getvalue()
    assert "Nothing is left to move." in said.getvalue()


def test_what_is_not_as_registered_is_not_moved(
    cast: SimpleNamespace, model: RegisteredModel, own_files: Path
) -> None:
    version, dataset = a_version(cast, model), a_dataset(cast)
    dataset = as_before_blobs(own_files, version, dataset)
    for place in [*own_files.rglob("model.skops"), *own_files.rglob("0123.csv")]:
        place.chmod(0o600)
        place.write_bytes(b"changed")
    said = StringIO()

    call_command("move_artifacts", stdout=said)

    assert said.getvalue().count("not as registered") == 2
    assert not blob_of(version).exists()
    assert artifact_problem(version) == "model.skops is changed."
    with pytest.raises(StoredBytesDiffer, match="has changed"), materialised_dataset(dataset):
        pass


@pytest.mark.parametrize(
    "address", ["s3:/bucket", "https://bucket/x", "s3://", "s3://key:secret@bucket", "folder"]
)
def test_a_storage_that_cannot_be_meant_is_refused_at_the_start(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_STORAGE", address)

    with pytest.raises(ImproperlyConfigured, match="write s3://BUCKET"):
        blob_storage()


def test_a_bucket_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    assert blob_storage() == {"BACKEND": "registry.stores.folder.FolderStore"}
    monkeypatch.setenv("COUNTERSIGN_STORAGE", "s3://models/countersign/")
    monkeypatch.setenv("COUNTERSIGN_S3_ENDPOINT", "https://minio.example:9000")

    options = blob_storage()["OPTIONS"]

    assert (options["bucket_name"], options["location"]) == ("models", "countersign")
    assert options["endpoint_url"] == "https://minio.example:9000"
