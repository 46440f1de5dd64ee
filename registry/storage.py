"""Where the bytes live: staged aside, kept as blobs under their digest, and laid out again for who reads them.

A blob is named by the SHA-256 of its content, so the same file of many versions lies there once. A row of
ArtifactFile or Dataset names its blob by that digest. What an installation stored before there were blobs is read
from its old place until `manage.py move_artifacts` has moved it.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings

from accounts.refusals import Conflict
from registry.intake import digest_of, hash_file, link_or_copy
from registry.models import ArtifactFile, Dataset, ModelVersion
from registry.stores import store

LEFTOVER_SECONDS = 24 * 3600
SHOWN_PROBLEMS = 3


class StoredBytesDiffer(Exception):
    """What is stored is not what was registered; `str()` says which files, in a sentence."""


def artifact_problem(version: ModelVersion) -> str:
    """What is wrong with the version's stored files, in a sentence; "" when each is as registered."""
    files = list(version.files.all())
    if not files:
        return "The version has no manifest."
    wrong = {file.path: fault for file in files if (fault := _fault(version, file))}
    told = [f"{path} is {fault}" for path, fault in sorted(wrong.items())]
    if not told:
        return ""
    more = f"; and {len(told) - SHOWN_PROBLEMS:,} more" if len(told) > SHOWN_PROBLEMS else ""
    return "; ".join(told[:SHOWN_PROBLEMS]) + more + "."


@contextmanager
def materialised(version: ModelVersion) -> Iterator[Path]:
    """A folder whose content is exactly the version's manifest, hashed just now; gone afterwards.

    Raises StoredBytesDiffer, and Unavailable when an object store does not answer.
    """
    with staging() as stage:
        folder = stage / "files"
        folder.mkdir()
        wrong = {}
        files = list(version.files.all())
        for file in files:
            place = folder / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            if fault := _laid_out(version, file, place):
                wrong[file.path] = fault
        if wrong or not files:
            raise StoredBytesDiffer(
                f"The stored files differ from the manifest: {artifact_problem(version) or 'they changed just now.'}"
            )
        yield folder


@contextmanager
def materialised_dataset(dataset: Dataset) -> Iterator[Path]:
    """The data set's file, hashed just now; gone afterwards. Raises StoredBytesDiffer."""
    with staging() as stage:
        place = stage / f"data{Path(dataset.file).suffix}"
        try:
            _provide(_hex(dataset), old_dataset_place(dataset), place)
        except FileNotFoundError as missing:
            raise StoredBytesDiffer(f"The file of {dataset} is missing.") from missing
        if place.is_symlink() or hash_file(place) != (dataset.size, _hex(dataset)):
            raise StoredBytesDiffer(f"The file of {dataset} has changed since it was registered.")
        yield place


def opened(version: ModelVersion, file: ArtifactFile) -> IO[bytes]:
    """One file of a version, to be read from its beginning. Raises FileNotFoundError, Unavailable."""
    try:
        return store().stream(file.sha256)
    except FileNotFoundError:
        return old_place(version, file).open("rb")


def old_place(version: ModelVersion, file: ArtifactFile) -> Path:
    """Where a version's file lay before there were blobs."""
    return old_folder(version) / file.path


def old_folder(version: ModelVersion) -> Path:
    """Where a version's files lay before there were blobs."""
    return Path(settings.MEDIA_ROOT) / "artifacts" / version.model.slug / str(version.pk)


def old_dataset_place(dataset: Dataset) -> Path:
    """Where a data set's file lay before there were blobs."""
    return Path(settings.MEDIA_ROOT) / dataset.file


def opened_dataset(dataset: Dataset) -> IO[bytes]:
    """The file of a data set, to be read from its beginning. Raises Conflict when it is gone, Unavailable."""
    try:
        return store().stream(_hex(dataset))
    except FileNotFoundError:
        try:
            return old_dataset_place(dataset).open("rb")
        except OSError as error:
            raise Conflict(f"The file of {dataset} is missing.", "Tell an administrator.") from error


@contextmanager
def staging() -> Iterator[Path]:
    """An empty folder on the same file system as the blobs; gone afterwards, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="in-", dir=incoming()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def incoming() -> Path:
    """Where what comes in is written aside. What a killed process left there goes after a day."""
    folder = Path(settings.MEDIA_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.iterdir():
        with suppress(FileNotFoundError):  # somebody else's sweep was faster
            if time.time() - leftover.stat().st_mtime > LEFTOVER_SECONDS:
                remove(leftover)
    return folder


def remove(place: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


def _fault(version: ModelVersion, file: ArtifactFile) -> str:
    """What is wrong with one stored file; "" when nothing is."""
    try:
        with opened(version, file) as source:
            return "" if digest_of(source) == (file.size, file.sha256) else "changed"
    except FileNotFoundError:
        return "missing"


def _laid_out(version: ModelVersion, file: ArtifactFile, place: Path) -> str:
    """Put one file into its place and hash it there; what is wrong with it, or ""."""
    try:
        _provide(file.sha256, old_place(version, file), place)
    except FileNotFoundError:
        return "missing"
    if place.is_symlink():
        return "a link"
    return "" if hash_file(place) == (file.size, file.sha256) else "changed"


def _provide(name: str, old: Path, place: Path) -> None:
    try:
        store().provide(name, place)
    except FileNotFoundError:
        link_or_copy(old, place)


def _hex(dataset: Dataset) -> str:
    return dataset.digest.removeprefix("sha256:")
