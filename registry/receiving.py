"""Files of a multipart body on their way in: written once, hashed on the way, stopped at the limit.

They land beside the blobs, on the same file system, so that what is registered needs no second copy.
"""

import hashlib
import logging
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from accounts.refusals import Invalid, NoRoom, Refusal, is_full
from registry.intake import CHUNK, OnDisk, excess, refuse_excess
from registry.storage import incoming

log = logging.getLogger(__name__)
FORM_BYTES = 4 * 1024 * 1024  # what the fields and the headers of the parts may take beside the files


class Received(UploadedFile):  # type: ignore[type-arg]  # not subscriptable at run time
    """An uploaded file that was hashed while it came. It goes when it is closed, unless somebody linked it."""

    def __init__(self, name: str, content_type: str | None) -> None:
        self._kept = tempfile.NamedTemporaryFile(prefix="in-", dir=incoming())  # noqa: SIM115  (closed with the request)
        super().__init__(self._kept, name, content_type, 0)
        self._sha256 = hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        """The next bytes, written through: whether there is room for them is to be known now."""
        self._sha256.update(chunk)
        self._kept.write(chunk)
        self._kept.flush()

    def finish(self, size: int) -> None:
        """All of it is there."""
        self.size = size
        self._kept.seek(0)  # which flushes

    @property
    def on_disk(self) -> OnDisk:
        """Where it lies, with its size and digest."""
        return OnDisk(Path(self._kept.name), int(self.size or 0), self._sha256.hexdigest())

    def close(self) -> None:
        """Twice does no harm: the request closes what its parser closed already.

        A full disk refuses what is still in the buffer; the file goes all the same.
        """
        with suppress(OSError):
            self._kept.close()


class Receiver(FileUploadHandler):
    """Django's handler for every upload of the site. A refusal is left on the request, for whoever reads it."""

    chunk_size = CHUNK

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._announced = 0
        self._room = settings.UPLOAD_MAX_BYTES
        self._received: list[Received] = []

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Remember how much was announced."""
        self._announced = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Refuse at the first file what is too much as announced, before a byte of it is stored."""
        super().new_file(*args, **kwargs)
        if self._announced > settings.UPLOAD_MAX_BYTES + FORM_BYTES:
            self._stop(excess(self.file_name or "The file", self._announced))
        self._received.append(Received(self.file_name or "", self.content_type))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write and hash; stop at the limit."""
        self._room -= len(raw_data)
        try:
            refuse_excess(self.file_name or "The file", self._room)
        except Invalid as refusal:
            self._stop(refusal)
        try:
            self._received[-1].take(raw_data)
        except OSError as error:
            if not is_full(error):
                raise
            log.error("A disk is full: %s", error)
            self._stop(NoRoom())

    def file_complete(self, file_size: int) -> Received:
        """Hand the file over."""
        self._received[-1].finish(file_size)
        return self._received[-1]

    def discard(self) -> None:
        """Drop all that came."""
        for received in self._received:
            received.close()

    def _stop(self, refusal: Refusal) -> None:
        """Read no further. The server discards the rest after it has answered."""
        self.discard()
        self.request.upload_refusal = refusal  # type: ignore[union-attr]
        raise StopUpload(connection_reset=True)


def refuse_bad_upload(request: HttpRequest) -> None:
    """Once the body was read: raises the refusal of the files that came with it, if they were refused."""
    refusal = getattr(request, "upload_refusal", None)
    if refusal is not None:
        raise refusal


def broken_off(request: HttpRequest) -> Invalid:
    """The body ended early: drop what came of it, and say at which file it broke off."""
    culprit = "The upload"
    for handler in request.upload_handlers:
        if isinstance(handler, Receiver):
            culprit = handler.file_name or culprit
            handler.discard()
    return Invalid(f"{culprit} broke off before its end.", "Send it again.", field="files")
