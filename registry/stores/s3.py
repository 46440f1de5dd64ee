"""Blobs in an S3-compatible object store. Imported only where COUNTERSIGN_STORAGE names one: boto3 is heavy."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from accounts.refusals import Unavailable
from registry.intake import digest_of, hash_file, link_or_copy
from registry.stores import blob_place
from registry.stores.cache import cached, forget

log = logging.getLogger(__name__)
CHUNK = 1 << 20
PIECE = 16 * CHUNK
EVICTED_TRIES = 3
NOT_THERE = {"404", "NoSuchKey", "NotFound"}


class ObjectStore(S3Storage):  # type: ignore[misc]
    """A bucket, by way of django-storages. Bytes go through in pieces; no blob is ever in memory as a whole."""

    def get_default_settings(self) -> dict[str, Any]:
        """django-storages' own, with limits on how long a silent server is waited for."""
        given: dict[str, Any] = super().get_default_settings()
        return given | {
            "client_config": Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
                s3={"addressing_style": given["addressing_style"]},
                signature_version=given["signature_version"],
            ),
            "transfer_config": TransferConfig(
                multipart_threshold=PIECE, multipart_chunksize=PIECE, max_concurrency=4
            ),
        }

    def put(self, name: str, staged: Path, size: int) -> bool:
        """Upload in pieces, then read back what the server holds: it counts only with the right digest."""
        with answered():
            if self._size(name) == size and self._digest(name) == (size, name):
                return False
            if self._size(name) is not None and hash_file(staged) != (size, name):
                raise Unavailable(
                    "The staged bytes are not the ones that were announced.", "Send the file again."
                )
            self._object(name).upload_file(str(staged), Config=self.transfer_config)
            if self._digest(name) == (size, name):
                return True
        raise Unavailable(
            f"The object store kept other bytes than it was sent (blob {name[:12]}…).",
            "Nothing was registered. Try again; if it stays so, tell an administrator.",
        )

    def holds(self, name: str) -> bool:
        """Whether the blob is there."""
        with answered():
            return self._size(name) is not None

    def provide(self, name: str, place: Path) -> None:
        """Link it out of the cache, from which another process may evict it at any moment."""
        for _ in range(EVICTED_TRIES):
            kept = self.local_path(name)
            try:
                link_or_copy(kept, place)
            except FileNotFoundError:
                continue
            return
        raise Unavailable(
            "The cache of the object store is too small for what is being evaluated.",
            "An administrator can raise COUNTERSIGN_CACHE_MB.",
        )

    def local_path(self, name: str) -> Path:
        """The blob in the cache. Raises FileNotFoundError."""
        return cached(name, lambda place: self._download(name, place))

    def stream(self, name: str) -> IO[bytes]:
        """The body as it comes from the server. Raises FileNotFoundError."""
        with answered():
            return cast(IO[bytes], _Body(self._object(name).get()["Body"]))

    def drop(self, name: str) -> None:
        """Delete the object."""
        forget(name)
        with answered():
            self._object(name).delete()

    def everything(self) -> Iterator[tuple[str, datetime]]:
        """Each blob with its last modification."""
        with answered():
            listed = self.connection.Bucket(self.bucket_name).objects
            for found in listed.filter(Prefix=self._normalize_name("blobs") + "/"):
                yield found.key.rsplit("/", 1)[-1], found.last_modified

    def _object(self, name: str) -> Any:
        return self.connection.Object(self.bucket_name, self._normalize_name(blob_place(name)))

    def _size(self, name: str) -> int | None:
        try:
            return int(self._object(name).content_length)
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def _digest(self, name: str) -> tuple[int, str]:
        with self.stream(name) as body:
            return digest_of(body)

    def _download(self, name: str, place: Path) -> None:
        with answered():
            self._object(name).download_file(str(place), Config=self.transfer_config)


class _Body:
    """An object as it is read. A server that dies shows only then, in the hands of whoever reads."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self.close = body.close

    def read(self, size: int = -1) -> bytes:
        with answered():
            return bytes(self._body.read(None if size < 0 else size))

    def __enter__(self) -> "_Body":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def answered() -> Iterator[None]:
    """What boto3 raises, in words for the person who waits. Raises FileNotFoundError, Unavailable."""
    try:
        yield
    except ClientError as error:
        if is_missing(error):
            raise FileNotFoundError(str(error)) from error
        raise _unavailable(error) from error
    except (BotoCoreError, Boto3Error) as error:
        raise _unavailable(error) from error


def is_missing(error: ClientError) -> bool:
    """Whether the server says that there is no such object. A missing bucket is a fault of the installation."""
    return str(error.response.get("Error", {}).get("Code")) in NOT_THERE


def _unavailable(error: Exception) -> Unavailable:
    log.error("The object store failed: %s", error)
    return Unavailable(
        "The object store did not take or give the files. Nothing was changed.",
        "Try again in a moment; if it stays so, tell an administrator.",
    )
