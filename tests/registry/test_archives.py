import stat
import zipfile
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings

from accounts.refusals import Invalid
from registry.actions import register_upload
from registry.models import ModelVersion, RegisteredModel
from registry.uploads import sent_files
from tests.conftest import AT, actor_of_user


def packed(entries: dict[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def register(cast: SimpleNamespace, model: RegisteredModel, body: bytes) -> ModelVersion:
    return register_upload(
        model=model,
        version="1",
        files=sent_files([SimpleUploadedFile("model.zip", body)]),
        registrant=cast.dev,
        actor=actor_of_user(cast.dev),
        at=AT,
    )


def paths(version: ModelVersion) -> list[str]:
    return [file.path for file in version.files.all()]


def test_a_zip_is_opened_and_its_one_outer_folder_left_out(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    body = packed({"m/MLmodel": b"flavors: {}", "m/data/a.bin": b"1", "__MACOSX/m/._MLmodel": b"junk"})

    assert paths(register(cast, model, body)) == ["MLmodel", "data/a.bin"]


def test_a_zip_without_an_outer_folder_keeps_its_paths(cast: SimpleNamespace, model: RegisteredModel) -> None:
    assert paths(register(cast, model, packed({"MLmodel": b"1", "data/a.bin": b"2"}))) == [
        "MLmodel",
        "data/a.bin",
    ]


def symlink() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("m/link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (packed({"../evil": b"1", "a": b"2"}), "../evil points outside"),
        (packed({"/etc/passwd": b"1"}), "is an absolute path"),
        (packed({symlink(): b"/etc/passwd", "m/a": b"1"}), "m/link is a link"),
        (packed({"zeros": bytes(30_000_000)}), "more than 200 times its packed size"),
        (packed({}), "No files came in"),
        (b"this is no archive", "cannot be opened as a .zip"),
        (
            packed({"a": b"content" * 100}, zipfile.ZIP_STORED).replace(b"content", b"changed", 1),
            "cannot be opened",
        ),
    ],
)
def test_a_hostile_or_broken_zip_is_refused(
    cast: SimpleNamespace, model: RegisteredModel, body: bytes, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        register(cast, model, body)

    assert said in str(refused.value)
    assert not ModelVersion.objects.exists()


def test_what_a_zip_unpacks_to_counts_against_the_limit(
    cast: SimpleNamespace, model: RegisteredModel, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 10_000
    body = packed({"a": bytes(6_000), "b": bytes(6_000)})
    assert len(body) < 1_000

    with pytest.raises(Invalid, match="b takes the upload over"):
        register(cast, model, body)


def test_too_many_entries_are_refused(cast: SimpleNamespace, model: RegisteredModel) -> None:
    body = packed({f"f{number}": b"1" for number in range(5_001)}, zipfile.ZIP_STORED)

    with pytest.raises(Invalid, match="holds 5,001 files; the limit is 5,000"):
        register(cast, model, body)


def test_a_zip_among_other_files_is_a_file_like_any_other(
    cast: SimpleNamespace, model: RegisteredModel
) -> None:
    files = [SimpleUploadedFile("weights.zip", packed({"a": b"1"})), SimpleUploadedFile("MLmodel", b"x")]

    assert [path for path, _ in sent_files(files)] == ["weights.zip", "MLmodel"]


def test_paths_stand_beside_the_files_that_they_name() -> None:
    files = [SimpleUploadedFile("MLmodel", b"1"), SimpleUploadedFile("a.bin", b"2")]

    assert [path for path, _ in sent_files(files, ["MLmodel", "data/a.bin"])] == ["MLmodel", "data/a.bin"]
    with pytest.raises(Invalid, match="2 files came with 1 paths"):
        list(sent_files(files, ["MLmodel"]))
