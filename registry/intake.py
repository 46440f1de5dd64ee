"""Taking files in: names checked, bytes streamed to a staging folder and hashed on the way."""

import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from accounts.refusals import Invalid
from audit.canonical import canonical

CHUNK = 1 << 17  # larger buffers cost more in fresh pages of memory than they spare in calls
LONGEST_PATH = 300
LONGEST_NAME = 255  # bytes of one name, the limit of common file systems
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
TURNED = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks of direction: with them a name reads otherwise than it is."""
DRIVE = re.compile(r"^[A-Za-z]:")


class Readable(Protocol):
    """An open binary file, or anything that reads like one."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True)
class OnDisk:
    """A file that lies on our disk already and was hashed on its way there."""

    place: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class StoredFile:
    """One line of a manifest: size in bytes, SHA-256 as 64 hex digits."""

    path: str
    size: int
    sha256: str


def manifest_digest(files: Iterable[StoredFile]) -> str:
    """SHA-256 over the RFC 8785 canonical JSON of the files' path, SHA-256 and size, sorted by path."""
    lines = [
        {"path": file.path, "sha256": file.sha256, "size": file.size}
        for file in sorted(files, key=lambda file: file.path)
    ]
    return "sha256:" + hashlib.sha256(canonical(lines).encode()).hexdigest()


def take_in(files: Iterable[tuple[str, Readable | OnDisk]], folder: Path) -> tuple[StoredFile, ...]:
    """Write each file to its place in the folder while hashing it. Raises Invalid naming the culprit."""
    taken: dict[str, StoredFile] = {}
    room = settings.UPLOAD_MAX_BYTES
    for given, source in files:
        path = safe_path(given)
        if path in taken:
            raise Invalid(f"{path} was sent twice.", "Send each file once.", field="files")
        taken[path] = copy_in(source, folder, path, room=room)
        room -= taken[path].size
    return refuse_emptiness(tuple(taken[path] for path in sorted(taken)))


def on_disk(source: Readable) -> Readable | OnDisk:
    """The file as it was received and hashed, when it was; else what there is to read."""
    received = getattr(source, "on_disk", None)
    return received if isinstance(received, OnDisk) else source


def take_stock(folder: Path) -> tuple[StoredFile, ...]:
    """Hash a folder that another process filled. Raises Invalid for links, odd names and too many bytes."""
    found: list[StoredFile] = []
    room = settings.UPLOAD_MAX_BYTES
    for parent, folders, names in os.walk(folder, followlinks=False):
        for name in [*folders, *names]:
            place = Path(parent) / name
            path = safe_path(place.relative_to(folder).as_posix())
            mode = place.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise Invalid(
                    f"{path} is a link or a device, not a file.", "Send the file itself.", field="files"
                )
            stored = StoredFile(path, *hash_file(place))
            room -= stored.size
            refuse_excess(path, room)
            found.append(stored)
    return refuse_emptiness(tuple(sorted(found, key=lambda file: file.path)))


def copy_in(source: Readable | OnDisk, folder: Path, path: str, *, room: int) -> StoredFile:
    """Take one file in; `room` is how many bytes it may have. Hashed while it is copied, unless it was before."""
    place = folder / path
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, OnDisk):
            refuse_excess(path, room - source.size)
            link_or_copy(source.place, place)
            return StoredFile(path, source.size, source.sha256)
        with place.open("xb") as target:
            return StoredFile(path, *_copy(source, target, path, room))
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise Invalid(
            f"{path} stands where another file has a folder.", "Rename one of them.", field="files"
        ) from error


def _copy(source: Readable, target: IO[bytes], path: str, room: int) -> tuple[int, str]:
    sha256, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        refuse_excess(path, room - size)
        sha256.update(chunk)
        target.write(chunk)
    return size, sha256.hexdigest()


def link_or_copy(source: Path, place: Path) -> None:
    """Another name for the same bytes, or a copy where there can be none. Raises FileNotFoundError."""
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}:
            raise
        shutil.copyfile(source, place, follow_symlinks=False)


def hash_file(place: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file."""
    with place.open("rb", buffering=0) as source:
        return digest_of(source)


def digest_of(source: Readable) -> tuple[int, str]:
    """Size in bytes and SHA-256 of what is left to read."""
    sha256, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        sha256.update(chunk)
    return size, sha256.hexdigest()


def safe_path(given: str) -> str:
    """The name as a relative path with `/`, if it can be nothing else. Raises Invalid saying why not."""
    shown = CONTROL.sub("?", given)[:80]
    if not given or CONTROL.search(given) or not _is_unicode(given):
        raise _bad_name(shown, "has an empty or unreadable name")
    if TURNED.search(given):
        raise _bad_name(TURNED.sub("?", given)[:80], "holds letters that turn the direction of reading")
    if len(given) > LONGEST_PATH or any(len(part.encode()) > LONGEST_NAME for part in given.split("/")):
        raise _bad_name(shown, f"has a name longer than {LONGEST_PATH} characters")
    if given.startswith("/") or DRIVE.match(given):
        raise _bad_name(shown, "is an absolute path")
    if "\\" in given:
        raise _bad_name(shown, "has a backslash in its name")
    if any(part in {"", ".", ".."} for part in given.split("/")):
        raise _bad_name(shown, "points outside its folder")
    return given


def refuse_excess(path: str, room: int) -> None:
    """Raises Invalid when there is no room left."""
    if room < 0:
        raise excess(path)


def excess(path: str, announced: int = 0) -> Invalid:
    """The refusal of an upload that is too large, by the file at which that shows."""
    limit, size = in_words(settings.UPLOAD_MAX_BYTES), in_words(announced)
    said = f"{path} comes in an upload of {size}; the limit is {limit}." if announced else ""
    return Invalid(
        said or f"{path} takes the upload over {limit}.",
        "An administrator can raise the limit.",
        field="files",
    )


def in_words(size: int) -> str:
    """2.0 GB, on one line."""
    return filesizeformat(size).replace("\xa0", " ")


def refuse_emptiness(files: Sequence[StoredFile]) -> tuple[StoredFile, ...]:
    """Raises Invalid when there are no files, or none that holds a byte."""
    if not files:
        raise Invalid("No files came in.", "Choose the model's files, or one .zip of them.", field="files")
    if not any(file.size for file in files):
        names = ", ".join(file.path for file in files[:3])
        raise Invalid(f"{names} is empty.", "Send the file with its content.", field="files")
    return tuple(files)


def _bad_name(shown: str, fault: str) -> Invalid:
    return Invalid(
        f"{shown or 'A file'} {fault}.", "Rename it to a path inside the model's folder.", field="files"
    )


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
