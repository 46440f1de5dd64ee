"""Files on their way in, a piece at a time: what came so far lies in a folder of its upload until it is registered.

A file that is not complete is `N.part`, one whose digest was found right `N.whole`; N is its place in the manifest.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from accounts.refusals import Conflict, Invalid
from registry.intake import CHUNK, OnDisk, Readable, hash_file
from registry.models import Upload
from registry.storage import remove


@dataclass(frozen=True)
class Announced:
    """One file of an upload as it was announced; `number` is its place in the manifest."""

    number: int
    path: str
    size: int
    sha256: str


class WrongOffset(Conflict):
    """The piece does not begin where the file ends so far, at `have` bytes."""

    def __init__(self, path: str, have: int) -> None:
        super().__init__(f"{path} goes on at byte {have:,}.", "Send it from there.")
        self.have = have


class WrongDigest(Invalid):
    """All bytes came, but they are not those that were announced."""


def announced_files(upload: Upload) -> list[Announced]:
    """The manifest of an upload, in its order."""
    return [Announced(number, **line) for number, line in enumerate(upload.manifest)]


def have_bytes(upload: Upload, file: Announced) -> int:
    """How much of the file is there."""
    if not file.size or _whole(upload, file).is_file():
        return file.size
    part = _part(upload, file)
    return part.stat().st_size if part.is_file() else 0


def append(upload: Upload, file: Announced, *, offset: int, source: Readable) -> int:
    """Add a piece that begins at `offset`; how much is there then. What breaks off half-way is kept.

    Raises WrongOffset; WrongDigest when the file is complete and not as announced, which throws it away; Invalid for
    more bytes than were announced, which throws the piece away.
    """
    with _lock(upload, shared=True):
        if have_bytes(upload, file) == file.size:
            if offset == file.size:
                return file.size
            raise WrongOffset(file.path, file.size)
        with _part(upload, file).open("ab") as target:
            _hold(target, f"Another request is sending {file.path} now.")
            have = os.fstat(target.fileno()).st_size
            if offset != have:
                raise WrongOffset(file.path, have)
            have, sha256 = _write(file, target, have, source)
            if have == file.size:
                _complete(upload, file, target, sha256 if offset == 0 else None)
        return have


@contextmanager
def complete(upload: Upload) -> Iterator[list[tuple[Announced, OnDisk | None]]]:
    """Every file that is whole, None for the others, while nobody adds to them. The folder goes if nothing fails."""
    with _lock(upload, shared=False):
        yield [(file, _on_disk(upload, file)) for file in announced_files(upload)]
        remove(_folder(upload))


def drop_pieces(upload: Upload) -> None:
    """Throw away what came of an upload."""
    remove(_folder(upload))


def _write(file: Announced, target: IO[bytes], have: int, source: Readable) -> tuple[int, str]:
    began, sha256 = have, hashlib.sha256()
    while chunk := source.read(CHUNK):
        have += len(chunk)
        if have > file.size:
            target.truncate(began)
            raise Invalid(
                f"{file.path} was announced with {file.size:,} bytes, and more came.",
                "Announce the upload again if the file has changed.",
                field=file.path,
            )
        sha256.update(chunk)
        target.write(chunk)
    target.flush()
    return have, sha256.hexdigest()


def _complete(upload: Upload, file: Announced, target: IO[bytes], sha256: str | None) -> None:
    """Give the file its final name if it is what was announced. Hashed again unless it came in one piece."""
    part = _part(upload, file)
    if (sha256 or hash_file(part)[1]) != file.sha256:
        target.truncate(0)
        raise WrongDigest(
            f"{file.path} is complete, but its SHA-256 is not the one announced. It was thrown away.",
            "Send it again from its beginning.",
            field=file.path,
        )
    part.rename(_whole(upload, file))


def _on_disk(upload: Upload, file: Announced) -> OnDisk | None:
    whole = _whole(upload, file)
    if not file.size:
        whole.touch()
    return OnDisk(whole, file.size, file.sha256) if whole.is_file() else None


@contextmanager
def _lock(upload: Upload, *, shared: bool) -> Iterator[None]:
    """Pieces may come side by side; registering is alone. Raises Conflict when the other is going on."""
    _folder(upload).mkdir(parents=True, exist_ok=True)
    with (_folder(upload) / "lock").open("ab") as lock:
        _hold(lock, "This upload is being registered or still coming in.", shared=shared)
        yield


def _hold(opened: IO[bytes], refusal: str, *, shared: bool = False) -> None:
    try:
        fcntl.flock(opened, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Conflict(refusal, "Wait until it has ended.") from error


def _folder(upload: Upload) -> Path:
    return Path(settings.MEDIA_ROOT) / "uploads" / upload.pk.hex


def _part(upload: Upload, file: Announced) -> Path:
    return _folder(upload) / f"{file.number}.part"


def _whole(upload: Upload, file: Announced) -> Path:
    return _folder(upload) / f"{file.number}.whole"
