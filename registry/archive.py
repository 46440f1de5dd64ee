"""Opening a .zip that somebody sent: nothing is written here, nothing that it says is trusted."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from django.conf import settings

from accounts.refusals import Invalid
from registry.intake import Readable, refuse_excess, safe_path

MOST_ENTRIES = 5_000
MOST_RATIO = 200  # real model files stay far below; a bomb of zeros reaches 1,000
RATIO_COUNTS_FROM = 10 * 1024 * 1024
NOT_CONTENT = "__MACOSX/"  # what macOS adds beside the files
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, zlib.error)


class _Content:
    """An entry as it is read. Damage shows only then, in the hands of whoever reads."""

    def __init__(self, opened: IO[bytes], name: str) -> None:
        self._opened = opened
        self._name = name

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._opened.read(size)
        except BROKEN as error:
            raise _unreadable(self._name, error) from error


def is_archive(name: str) -> bool:
    """Whether a file that came alone is to be opened."""
    return name.lower().endswith(".zip")


def entries(archive: IO[bytes], name: str) -> Iterator[tuple[str, Readable]]:
    """Each file of the archive, by its path without the one folder that may hold everything."""
    try:
        with zipfile.ZipFile(archive) as opened:
            chosen = [
                entry
                for entry in opened.infolist()
                if not entry.is_dir() and not entry.filename.startswith(NOT_CONTENT)
            ]
            _refuse_bombs(chosen, name)
            prefix = common_folder([entry.filename for entry in chosen])
            for entry in chosen:
                _refuse_oddity(entry)
                with opened.open(entry) as content:
                    yield entry.filename.removeprefix(prefix), _Content(content, name)
    except BROKEN as error:
        raise _unreadable(name, error) from error


def common_folder(paths: list[str]) -> str:
    """The folder, with its slash, that holds every path; "" when there is none."""
    first = {path.split("/", 1)[0] for path in paths}
    if len(first) != 1 or not all("/" in path for path in paths):
        return ""
    return first.pop() + "/"


def _refuse_bombs(chosen: list[zipfile.ZipInfo], name: str) -> None:
    """zipfile never reads more of an entry than its declared size, so these bound what comes out."""
    if len(chosen) > MOST_ENTRIES:
        raise Invalid(f"{name} holds {len(chosen):,} files; the limit is {MOST_ENTRIES:,}.", field="files")
    room = settings.UPLOAD_MAX_BYTES
    for entry in chosen:
        room -= entry.file_size
        refuse_excess(safe_path(entry.filename), room)
        packed = max(entry.compress_size, 1)
        if entry.file_size > RATIO_COUNTS_FROM and entry.file_size / packed > MOST_RATIO:
            raise Invalid(
                f"{entry.filename} unpacks to more than {MOST_RATIO} times its packed size.",
                "Send the file unpacked.",
                field="files",
            )


def _refuse_oddity(entry: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Invalid(f"{entry.filename} is a link, not a file.", "Put the file itself in.", field="files")
    if entry.flag_bits & 0x1:
        raise Invalid(f"{entry.filename} is encrypted.", "Send it without a password.", field="files")


def _unreadable(name: str, error: Exception) -> Invalid:
    return Invalid(f"{name} cannot be opened as a .zip: {error}.", "Make it again.", field="files")
