"""Where the bytes live: everything under MEDIA_ROOT, written aside first and moved into place whole."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from registry.intake import hash_file
from registry.models import Dataset, ModelVersion

LEFTOVER_SECONDS = 24 * 3600
READ_ONLY = 0o444
SHOWN_PROBLEMS = 3


class StoredBytesDiffer(Exception):
    """What lies on disk is not what was registered; `str()` says which files, in a sentence."""


def artifact_folder(version: ModelVersion) -> Path:
    """The folder whose content is exactly the version's manifest.

    Named by primary key: version names that differ only in case would share a folder on some file systems.
    """
    return Path(settings.MEDIA_ROOT) / "artifacts" / version.model.slug / str(version.pk)


def dataset_path(dataset: Dataset) -> Path:
    """The file of a data set, as it was registered."""
    return Path(settings.MEDIA_ROOT) / dataset.file


def artifact_problem(version: ModelVersion) -> str:
    """What is wrong with the version's files on disk, in a sentence; "" when each is as registered."""
    folder = artifact_folder(version)
    expected = {file.path: file for file in version.files.all()}
    if not expected:
        return "The version has no manifest."
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    wrong = dict.fromkeys(expected.keys() - found.keys(), "missing")
    wrong |= dict.fromkeys(found.keys() - expected.keys(), "not in the manifest")
    for path in expected.keys() & found.keys():
        if found[path].is_symlink():
            wrong[path] = "a link"
        elif hash_file(found[path]) != (expected[path].size, expected[path].sha256):
            wrong[path] = "changed"
    told = [f"{path} is {fault}" for path, fault in sorted(wrong.items())]
    if not told:
        return ""
    more = f"; and {len(told) - SHOWN_PROBLEMS:,} more" if len(told) > SHOWN_PROBLEMS else ""
    return "; ".join(told[:SHOWN_PROBLEMS]) + more + "."


def check_artifact(version: ModelVersion) -> None:
    """Raises StoredBytesDiffer unless the files on disk are exactly those registered."""
    if problem := artifact_problem(version):
        raise StoredBytesDiffer(f"The stored files differ from the manifest: {problem}")


def check_dataset(dataset: Dataset) -> None:
    """Raises StoredBytesDiffer unless the data set's file is on disk as registered."""
    path = dataset_path(dataset)
    if not path.is_file():
        raise StoredBytesDiffer(f"The file of {dataset} is missing.")
    size, sha256 = hash_file(path)
    if size != dataset.size or f"sha256:{sha256}" != dataset.digest:
        raise StoredBytesDiffer(f"The file of {dataset} has changed since it was registered.")


@contextmanager
def staging() -> Iterator[Path]:
    """An empty folder on the same file system as the final places; gone afterwards, whatever happened."""
    incoming = Path(settings.MEDIA_ROOT) / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    _sweep(incoming)
    folder = Path(tempfile.mkdtemp(prefix="in-", dir=incoming))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def published(staged: Path, home: Path) -> Iterator[None]:
    """Move a staged file or folder into its place, and take it away again when the block fails.

    Meant as the last step of the transaction that creates the row. Something that already stands at `home`
    belongs to no row (a process was killed between the move and its commit), so it makes room.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    remove(home)
    _make_read_only(staged)
    os.rename(staged, home)
    _sync_folder(home.parent)
    try:
        yield
    except BaseException:
        remove(home)
        raise


def remove(place: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _make_read_only(staged: Path) -> None:
    files = [path for path in staged.rglob("*") if path.is_file()] if staged.is_dir() else [staged]
    for path in files:
        path.chmod(READ_ONLY)


def _sync_folder(folder: Path) -> None:
    """The rename itself must reach the disk before the row that relies on it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(incoming: Path) -> None:
    """Remove what a killed process left behind."""
    for leftover in incoming.iterdir():
        try:
            if time.time() - leftover.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)
        except FileNotFoundError:
            continue  # somebody else's sweep was faster
