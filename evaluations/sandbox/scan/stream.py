"""Bytes with a position, never more than there are: a length that a hostile file claims reserves no memory."""

import io
import mmap
from typing import Any

Buffer = bytes | bytearray | memoryview | mmap.mmap


class Stream:
    """What pickletools reads from."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._size = len(data)
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes from here to the end."""
        return self._size - self._at

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def read(self, size: int) -> bytes:
        """The next bytes, fewer at the end."""
        end = min(self._at + max(size, 0), self._size)
        found = bytes(self._data[self._at : end])
        self._at = end
        return found

    def readline(self) -> bytes:
        """To the next line feed, which is in it; to the end where there is none."""
        end = _find(self._data, b"\n", self._at)
        return self.read((self._size if end < 0 else end + 1) - self._at)

    def skip(self, size: int) -> None:
        """Step over bytes."""
        self._at = min(self._at + size, self._size)


def _find(data: Buffer, wanted: bytes, start: int) -> int:
    if isinstance(data, memoryview):
        return bytes(data).find(wanted, start)
    return data.find(wanted, start)


class Window(io.RawIOBase):
    """The bytes as a file that can be sought in, for zipfile and tarfile."""

    def __init__(self, data: Buffer) -> None:
        self._view = data
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be sought in."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; before the beginning is an error, beyond the end reads nothing."""
        start = {0: 0, 1: self._at, 2: len(self._view)}[whence]
        if start + offset < 0:
            raise OSError("it points before its beginning")  # as a file on disk does
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, fewer at the end."""
        left = max(len(self._view) - self._at, 0)
        take = left if size is None or size < 0 else min(size, left)
        found = bytes(self._view[self._at : self._at + take])
        self._at += take
        return found

    def readinto(self, into: Any) -> int:
        """The same into a buffer."""
        found = self.read(len(into))
        into[: len(found)] = found
        return len(found)
