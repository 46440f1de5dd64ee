"""Blobs as plain files under MEDIA_ROOT: linked into place whole, never written there."""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from django.core.files.storage import FileSystemStorage

from accounts.refusals import Unavailable
from registry.intake import hash_file, link_or_copy
from registry.stores import blob_place

log = logging.getLogger(__name__)
READ_ONLY = 0o444


class FolderStore(FileSystemStorage):
    """The default: a folder of this machine, or one that its machines share."""

    def put(self, name: str, staged: Path, size: int) -> bool:
        """A hard link where the file system has them: a second name costs nothing and appears at once."""
        home = self.local_path(name)
        home.parent.mkdir(parents=True, exist_ok=True)
        if _is_sound(home, name, size):
            return False
        if home.exists() and hash_file(staged) != (size, name):
            raise Unavailable(
                "The staged bytes are not the ones that were announced.", "Send the file again."
            )
        aside = Path(self.path("incoming")) / f"blob-{uuid4().hex}"
        aside.parent.mkdir(exist_ok=True)
        try:
            link_or_copy(staged, aside)
            aside.chmod(READ_ONLY)
            sync(aside)
            os.replace(aside, home)
        finally:
            aside.unlink(missing_ok=True)
        sync(home.parent)
        sync(home.parent.parent)
        return True

    def holds(self, name: str) -> bool:
        """Whether the blob is there."""
        home = self.local_path(name)
        return home.is_file() and not home.is_symlink()

    def provide(self, name: str, place: Path) -> None:
        """Link the blob there. Raises FileNotFoundError."""
        link_or_copy(self.local_path(name), place)

    def local_path(self, name: str) -> Path:
        """The blob itself."""
        return Path(self.path(blob_place(name)))

    def stream(self, name: str) -> IO[bytes]:
        """The opened file. Raises FileNotFoundError; a link in its place is not the file."""
        if not self.holds(name):
            raise FileNotFoundError(name)
        return self.local_path(name).open("rb")

    def drop(self, name: str) -> None:
        """Remove the file. Whoever has linked it keeps it."""
        self.local_path(name).unlink(missing_ok=True)

    def everything(self) -> Iterator[tuple[str, datetime]]:
        """Each blob with its last modification."""
        for place in Path(self.path("blobs")).glob("??/*"):
            try:
                yield place.name, datetime.fromtimestamp(place.stat().st_mtime, UTC)
            except FileNotFoundError:
                continue  # dropped by somebody else at this moment


def sync(place: Path) -> None:
    """The bytes, or a folder's names, must reach the disk before the row that relies on them."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_sound(home: Path, name: str, size: int) -> bool:
    """Whether the blob is there with the right bytes. Damaged ones are replaced by the fresh ones."""
    if home.is_symlink() or not home.is_file():
        return False
    if hash_file(home) == (size, name):
        return True
    log.error("The stored file %s was damaged and is written anew", name)
    return False
