"""A short document as a PDF, made while the reader waits: one at a time, with limits, kept by its words."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from accounts.refusals import Conflict
from governance.reports.places import reports_folder, static_folder
from governance.reports.render import RenderFailed, facts_of, html_of, render

SECONDS = 25
"""Less than the web server gives a request."""
MOST_KEPT = 100


def short_pdf(*, html: str, facts: str, folder: str, made_at: int) -> bytes:
    """The HTML as a PDF with its facts (JSON) attached. The same words give the same file.

    Raises Conflict while another one is made, and where the layout fails.
    """
    look = settings.REPORT_LOOK
    name = hashlib.sha256(f"{look.sheet()}{html}".encode()).hexdigest()
    place = reports_folder() / folder / f"{name}.pdf"
    if place.is_file():
        return place.read_bytes()
    with _alone(place.parent):
        try:
            render(
                html=html,
                evidence=facts,
                folder=place.parent,
                name=place.name,
                static=static_folder(),
                seconds=SECONDS,
                made_at=made_at,
                look=look,
            )
        except RenderFailed as failed:
            raise Conflict(str(failed), "Take the document in another format meanwhile.") from failed
        content = place.read_bytes()
        _forget_old(place.parent)
        return content


def _forget_old(folder: Path) -> None:
    files = sorted(folder.glob("*.pdf"), key=lambda file: file.stat().st_mtime)
    for old in files[:-MOST_KEPT]:
        for file in (old, facts_of(old), html_of(old)):
            file.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Whoever comes second is told, so that readers cannot fill the machine with layouts."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "Another document is being laid out at this moment.", "Try again in a few seconds."
            ) from None
        yield
