"""Where blobs lie: one object per SHA-256, in a local folder or in an object store. Django's STORAGES says which."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol, cast

from django.core.files.storage import storages

BLOBS = "blobs"


class Store(Protocol):
    """What the registry asks of either. `name` is a blob's SHA-256 as 64 hex digits."""

    def put(self, name: str, staged: Path, size: int) -> bool:
        """Keep a staged file under its digest; whether it was new. What is there already is not written again."""

    def holds(self, name: str) -> bool:
        """Whether the blob is there."""

    def provide(self, name: str, place: Path) -> None:
        """Make `place` a file of the blob's content. Raises FileNotFoundError."""

    def local_path(self, name: str) -> Path:
        """A file of this machine with the blob's content, to be read at once. Raises FileNotFoundError."""

    def stream(self, name: str) -> IO[bytes]:
        """The blob, to be read from its beginning. Raises FileNotFoundError."""

    def drop(self, name: str) -> None:
        """Remove the blob, if it is there."""

    def everything(self) -> Iterator[tuple[str, datetime]]:
        """Each blob with the time at which it was written."""


def store() -> Store:
    """The store of this installation."""
    return cast(Store, storages[BLOBS])


def blob_place(name: str) -> str:
    """Where a blob lies below the store's root."""
    return f"blobs/{name[:2]}/{name}"
