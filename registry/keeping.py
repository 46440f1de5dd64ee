"""From a staging folder into the store, and out of it again when no row names a blob.

Registering and sweeping meet in one lock of the database: who registers holds it shared from the moment at which
every blob is seen to be there until the rows that name them are committed; who removes blobs holds it alone.
On SQLite a transaction that writes is alone anyway: it takes the write lock at its beginning.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError, connection, transaction

from accounts.refusals import Unavailable
from registry.intake import StoredFile
from registry.models import ArtifactFile, Dataset
from registry.stores import store

# Any number will do, so long as nothing else in this database takes the same advisory lock.
ADVISORY_LOCK = 0x626C_6F62_7321
BATCH = 200


class Kept:
    """Staged files that lie in the store, whether rows name them or not yet."""

    def __init__(self, folder: Path, files: Iterable[StoredFile]) -> None:
        self._files = {file.sha256: (folder / file.path, file.size) for file in files}
        self.written = set[str]()

    def put(self) -> None:
        """Write what is not there yet. Outside the transaction: an object store takes its time."""
        for name in self._files:
            self._put(name)

    def pin(self) -> None:
        """Inside the transaction that names the blobs: from here to its end, nobody removes them."""
        _take_lock("pg_advisory_xact_lock_shared")
        for name in self._files:
            if not store().holds(name):  # a sweep came in between
                self._put(name)

    def _put(self, name: str) -> None:
        self.written.add(name)  # before, because what breaks off may leave something
        if not store().put(name, *self._files[name]):
            self.written.discard(name)


@contextmanager
def kept(folder: Path, files: Iterable[StoredFile]) -> Iterator[Kept]:
    """Put the staged files into the store; take out again what was written when the block fails."""
    blobs = Kept(folder, files)
    try:
        blobs.put()
        yield blobs
    except BaseException:
        with suppress(DatabaseError, Unavailable):  # then they wait for the sweep
            discard_unnamed(blobs.written)
        raise


def sweep_blobs(*, written_before: datetime, rehearsal: bool = False) -> list[str]:
    """Remove each blob that no row names and that was written before; what was, or would be, removed."""
    old = [name for name, written in store().everything() if written < written_before]
    swept: list[str] = []
    for start in range(0, len(old), BATCH):
        batch = old[start : start + BATCH]
        swept += sorted(set(batch) - _named(batch)) if rehearsal else discard_unnamed(batch)
    return swept


@transaction.atomic
def discard_unnamed(names: Collection[str]) -> list[str]:
    """Remove those of the blobs that no row names, while nobody registers; what was removed."""
    if not names:
        return []
    _take_lock("pg_advisory_xact_lock")
    unnamed = sorted(set(names) - _named(names))
    for name in unnamed:
        store().drop(name)
    return unnamed


def _named(names: Collection[str]) -> set[str]:
    digests = [f"sha256:{name}" for name in names]
    files = ArtifactFile.objects.filter(sha256__in=names).values_list("sha256", flat=True)
    datasets = Dataset.objects.filter(digest__in=digests).values_list("digest", flat=True)
    return set(files) | {digest.removeprefix("sha256:") for digest in datasets}


def _take_lock(function: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [ADVISORY_LOCK])
