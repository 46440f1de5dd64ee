import hashlib
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import rfc8785
from pytest_django.fixtures import Settings

from accounts.refusals import Conflict, Invalid
from audit.models import Event
from registry.about import About
from registry.actions import register_predictions_only, register_upload, retire_model, verify_artifact
from registry.models import DatasetRole, ModelVersion, RegisteredModel
from registry.storage import StoredBytesDiffer, artifact_problem, materialised
from tests.builders import a_dataset, a_model, a_version, blob_of
from tests.conftest import AT, actor_of_user
from tests.registry.conftest import Verbs

Leftovers = Callable[[], list[str]]


def upload(
    cast: SimpleNamespace, model: RegisteredModel, *files: tuple[str, bytes], version: str = "1"
) -> ModelVersion:
    return register_upload(
        model=model,
        version=version,
        files=[(path, BytesIO(content)) for path, content in files],
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def test_every_file_is_hashed_and_the_manifest_has_a_digest(
    cast: SimpleNamespace, model: RegisteredModel, leftovers: Leftovers
) -> None:
    version = upload(cast, model, ("model/weights.bin", b"weights"), ("MLmodel", b"flavors: {}"))

    lines: list[Any] = [
        {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for path, content in (("MLmodel", b"flavors: {}"), ("model/weights.bin", b"weights"))
    ]
    assert list(version.files.values("path", "sha256", "size")) == lines
    assert version.artifact_digest == "sha256:" + hashlib.sha256(rfc8785.dumps(lines)).hexdigest()
    assert version.size == 18
    assert blob_of(version, "model/weights.bin").read_bytes() == b"weights"
    assert leftovers() == sorted(f"blobs/{line['sha256'][:2]}/{line['sha256']}" for line in lines)


def test_the_digest_binds_the_names_of_the_files(cast: SimpleNamespace, model: RegisteredModel) -> None:
    first = upload(cast, model, ("a", b"1"), ("b", b"2"))
    second = upload(cast, model, ("a", b"2"), ("b", b"1"), version="2")

    assert first.artifact_digest != second.artifact_digest


def test_registering_is_one_event_with_the_digest(
    cast: SimpleNamespace, model: RegisteredModel, verbs: Verbs
) -> None:
    version = a_version(cast, model)

    assert verbs() == ["model.created", "version.registered"]
    detail = Event.objects.get(verb="version.registered").detail
    assert detail["artifact_digest"] == version.artifact_digest
    assert version.verified_at == AT


def test_a_version_number_is_given_once(
    cast: SimpleNamespace, model: RegisteredModel, leftovers: Leftovers
) -> None:
    a_version(cast, model)
    kept = leftovers()

    with pytest.raises(Conflict, match="has a version 1 already"):
        upload(cast, model, ("other", b"bytes"))

    assert leftovers() == kept


def test_the_same_bytes_are_registered_once_per_model(
    cast: SimpleNamespace, model: RegisteredModel, leftovers: Leftovers
) -> None:
    upload(cast, model, ("model.skops", b"same"))
    kept = leftovers()

    with pytest.raises(Conflict, match="registered already, as Credit default version 1"):
        upload(cast, model, ("model.skops", b"same"), version="2")

    assert leftovers() == kept
    assert upload(cast, a_model(cast, "other-use"), ("model.skops", b"same")).version == "1"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../evil", "../evil points outside its folder"),
        ("a/../../evil", "points outside"),
        ("/etc/passwd", "is an absolute path"),
        ("C:/evil", "is an absolute path"),
        ("a\\b", "has a backslash"),
        ("a//b", "points outside"),
        ("nul\0name", "unreadable name"),
        ("", "unreadable name"),
        ("x" * 301, "longer than 300"),
        ("ü" * 200, "longer than"),
    ],
)
def test_a_name_that_is_no_plain_path_is_refused_and_nothing_stays(
    cast: SimpleNamespace, model: RegisteredModel, leftovers: Leftovers, path: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        upload(cast, model, ("fine", b"1"), (path, b"2"))

    assert said in str(refused.value)
    assert leftovers() == []
    assert not ModelVersion.objects.exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "No files came in"),
        ([("model.skops", b"")], "model.skops is empty"),
        ([("a", b"1"), ("a", b"2")], "a was sent twice"),
        ([("a", b"1"), ("a/b", b"2")], "a/b stands where another file has a folder"),
    ],
)
def test_an_upload_without_sense_is_refused(
    cast: SimpleNamespace,
    model: RegisteredModel,
    leftovers: Leftovers,
    files: list[tuple[str, bytes]],
    said: str,
) -> None:
    with pytest.raises(Invalid) as refused:
        upload(cast, model, *files)

    assert said in str(refused.value)
    assert leftovers() == []


def test_an_upload_over_the_limit_is_refused_by_its_file(
    cast: SimpleNamespace, model: RegisteredModel, settings: Settings, leftovers: Leftovers
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000

    with pytest.raises(Invalid, match="second takes the upload over"):
        upload(cast, model, ("first", b"x" * 600), ("second", b"x" * 600))

    assert leftovers() == []
    assert upload(cast, model, ("exact", b"x" * 1000)).size == 1000


@pytest.mark.parametrize("version", ["", "new", "a/b", "..", "x" * 41, "1 2", "ü"])
def test_a_version_that_cannot_stand_in_an_address_is_refused(
    cast: SimpleNamespace, model: RegisteredModel, version: str
) -> None:
    with pytest.raises(Invalid) as refused:
        upload(cast, model, ("a", b"1"), version=version)

    assert refused.value.field == "version"


def test_a_model_that_saw_the_test_set_is_refused(cast: SimpleNamespace, model: RegisteredModel) -> None:
    test_set = a_dataset(cast, role=DatasetRole.TEST)

    with pytest.raises(Invalid, match="is a test set"):
        register_upload(
            model=model,
            version="1",
            files=[("a", BytesIO(b"1"))],
            registrant=cast.dev,
            about=About(trained_on=test_set),
            actor=actor_of_user(cast.dev),
            at=AT,
        )


def test_a_retired_model_takes_no_version(
    cast: SimpleNamespace, model: RegisteredModel, leftovers: Leftovers
) -> None:
    retired = retire_model(model=model, reason="Replaced", actor=actor_of_user(cast.olga), at=AT)

    with pytest.raises(Conflict, match="takes no new versions"):
        upload(cast, retired, ("a", b"1"))

    assert leftovers() == []


def test_predictions_only_is_a_declaration_with_a_digest_of_its_own(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    made = [
        register_predictions_only(
            model=model, version=number, registrant=cast.dev, actor=actor_of_user(cast.dev), at=AT
        )
        for number in ("1", "2")
    ]

    assert all(version.predictions_only for version in made)
    assert [file.path for file in made[0].files.all()] == ["DECLARATION.json"]
    assert made[0].artifact_digest != made[1].artifact_digest
    assert artifact_problem(made[0]) == ""


def change(version: ModelVersion) -> None:
    path = blob_of(version)
    path.chmod(0o600)
    path.write_bytes(b"changed")


def remove(version: ModelVersion) -> None:
    blob_of(version).unlink()


def link(version: ModelVersion) -> None:
    path = blob_of(version)
    elsewhere = path.parent.parent / "copy"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        (change, "model.skops is changed."),
        (remove, "model.skops is missing."),
        (link, "model.skops is missing."),
    ],
)
def test_verifying_finds_what_was_done_to_the_files(
    cast: SimpleNamespace,
    model: RegisteredModel,
    verbs: Verbs,
    deed: Callable[[ModelVersion], None],
    said: str,
) -> None:
    version = a_version(cast, model)
    deed(version)

    checked = verify_artifact(version=version, actor=actor_of_user(cast.viktor), at=AT)

    assert checked.artifact_problem == said
    assert verbs()[-1] == "artifact.failed"
    with pytest.raises(StoredBytesDiffer, match="differ from the manifest"), materialised(version):
        pass


def test_verifying_sound_files_says_when(cast: SimpleNamespace, model: RegisteredModel, verbs: Verbs) -> None:
    version = a_version(cast, model)

    checked = verify_artifact(version=version, actor=actor_of_user(cast.viktor), at=AT)

    assert (checked.artifact_problem, checked.verified_at) == ("", AT)
    assert verbs()[-1] == "artifact.verified"
