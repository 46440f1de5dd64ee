"""Archives and compressed files: their members one by one, in memory, never written anywhere."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from evaluations.sandbox.scan.finding import DEEPEST, LARGEST_MEMBER, MEGABYTE, MOST_FILES, Report
from evaluations.sandbox.scan.onnx import leaves
from evaluations.sandbox.scan.stream import Buffer, Window

Look = Callable[[Buffer, str, Report, int], None]
BOMB_RATIO = 200
BOMB_FLOOR = 32 * MEGABYTE
CHUNK = MEGABYTE
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x5d\x00\x00": "lzma"}
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
BROKEN = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError)


class TooMuch(Exception):
    """Unpacking would go beyond what a scan may unpack."""


def scan_zip(data: Buffer, file: str, report: Report, depth: int, look: Look) -> None:
    """Look at each member. A bad directory, a member that cannot be read, and a bomb are findings."""
    try:
        with zipfile.ZipFile(Window(data)) as archive:
            members = archive.infolist()
            if _refused(file, report, depth, members, sum(member.compress_size for member in members)):
                return
            seen: set[str] = set()
            for member in members:
                name = f"{file}!{member.filename}"
                _tell_name(member.filename, name, report)
                if member.filename in seen:
                    said = (
                        "The archive holds two members of this name; readers differ in which one they take."
                    )
                    report.add("twice", "danger", name, said)
                seen.add(member.filename)
                if stat.S_ISLNK(member.external_attr >> 16):
                    report.add("link", "danger", name, "The archive holds a symbolic link.")
                if not member.is_dir():
                    _zip_member(archive, member, name, report, depth, look)
    except (zipfile.BadZipFile, *BROKEN) as error:
        report.unread(file, f"the archive cannot be read ({_said(error)})")


def _zip_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, report: Report, depth: int, look: Look
) -> None:
    try:
        with archive.open(member) as opened:
            content = _drained(opened, report)
    except TooMuch as much:
        report.unread(name, str(much))
        return
    except (zipfile.BadZipFile, *BROKEN) as error:
        report.unread(name, f"it cannot be unpacked ({_said(error)})")
        return
    look(content, name, report, depth + 1)


def scan_tar(data: Buffer, file: str, report: Report, depth: int, look: Look) -> None:
    """Look at each regular member; links and devices are findings."""
    try:
        with tarfile.open(fileobj=io.BufferedReader(Window(data)), mode="r:") as archive:
            members = archive.getmembers()
            if _refused(file, report, depth, members, len(data)):
                return
            for member in members:
                name = f"{file}!{member.name}"
                _tell_name(member.name, name, report)
                if member.isfile():
                    opened = archive.extractfile(member)
                    if opened is not None:
                        look(_drained(opened, report), name, report, depth + 1)
                elif not member.isdir():
                    report.add("link", "danger", name, "The archive holds a link or a device.")
    except TooMuch as much:
        report.unread(file, str(much))
    except (tarfile.TarError, *BROKEN) as error:
        report.unread(file, f"the archive cannot be read ({_said(error)})")


def scan_compressed(data: Buffer, kind: str, file: str, report: Report, depth: int, look: Look) -> None:
    """Unpack a file that holds one other, and look at that."""
    if depth >= DEEPEST:
        report.unread(file, "archives are nested too deeply in it")
        return
    opener: dict[str, Callable[[Any], Any]] = {
        "gzip": gzip.GzipFile,
        "bzip2": bz2.BZ2File,
        "xz": lzma.LZMAFile,
        "lzma": lzma.LZMAFile,
        "zlib": _Zlib,
    }
    try:
        source = io.BufferedReader(Window(data))
        opened = gzip.GzipFile(fileobj=source) if kind == "gzip" else opener[kind](source)
        content = _drained(opened, report, packed=len(data))
    except TooMuch as much:
        report.add("bomb", "danger", file, f"{much}.".replace("it ", "It ", 1))
        report.unread(file, str(much))
        return
    except BROKEN as error:
        report.unread(file, f"it cannot be unpacked ({_said(error)})")
        return
    look(content, f"{file}!{kind}", report, depth + 1)


def compression_of(head: bytes) -> str:
    """How a file is compressed, by its first bytes; "" where it is not."""
    for magic, kind in COMPRESSED.items():
        if head.startswith(magic):
            return kind
    return "zlib" if head.startswith(ZLIB) else ""


class _Zlib:
    """A bare zlib stream, read in pieces."""

    def __init__(self, source: io.BufferedReader) -> None:
        self._source = source
        self._unpack = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end. Raises EOFError where the stream breaks off."""
        while not self._unpack.eof:
            packed = self._unpack.unconsumed_tail or self._source.read(CHUNK)
            if not packed:
                raise EOFError("it breaks off")
            if found := self._unpack.decompress(packed, size):
                return found
        return b""


def _drained(opened: Any, report: Report, packed: int = 0) -> bytes:
    """All that it holds. Raises TooMuch."""
    parts, size = [], 0
    while part := opened.read(CHUNK):
        size += len(part)
        if size > LARGEST_MEMBER or not report.may_unpack(len(part)):
            raise TooMuch("it unpacks to more than a scan may unpack")
        if packed and size > BOMB_FLOOR and size > packed * BOMB_RATIO:
            raise TooMuch(f"it unpacks to more than {BOMB_RATIO} times its size")
        parts.append(part)
    return b"".join(parts)


def _refused(file: str, report: Report, depth: int, members: list[Any], packed: int) -> bool:
    """Say why the archive's members are not looked at, if they are not."""
    if depth >= DEEPEST:
        report.unread(file, "archives are nested too deeply in it")
        return True
    if len(members) > MOST_FILES:
        report.unread(file, f"it holds {len(members):,} members")
        return True
    size = sum(getattr(member, "file_size", 0) or getattr(member, "size", 0) for member in members)
    if size > BOMB_FLOOR and size > max(packed, 1) * BOMB_RATIO:
        said = f"It unpacks to {size:,} bytes, {size // max(packed, 1):,} times its size, as a decompression bomb does."
        report.add("bomb", "danger", file, said)
        report.unread(file, "it is a decompression bomb")
        return True
    return False


def _tell_name(name: str, file: str, report: Report) -> None:
    if leaves(name):
        said = "The archive's member would be written outside the folder that it is unpacked into."
        report.add("traversal", "danger", file, said)


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
