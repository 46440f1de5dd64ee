"""One model card as a PDF, made while the reader waits: a card is short. One at a time, in a process with limits."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from accounts.refusals import Conflict
from audit.canonical import canonical
from governance.reports.render import facts_of, html_of, render
from governance.reports.tasks import reports_folder, static_folder
from registry.card_formats import CardDocument
from registry.card_formats.own import content
from registry.cards import shown_sections

SECONDS = 25
"""Less than the web server gives a request."""
MOST_KEPT = 100


def card_pdf(document: CardDocument) -> bytes:
    """The card with its values filled in, its JSON attached. Raises RenderFailed, Conflict while another is made."""
    revision = document.revision
    html = render_to_string(
        "reports/pdf/card_alone.html",
        {
            "document": document,
            "version": document.version,
            "revision": revision,
            "measures": document.measures,
            "sections": [item for item in shown_sections(revision.sections) if item.text],
            "organisation": settings.COUNTERSIGN_ORGANISATION,
            "product": settings.VERSION,
        },
    )
    return _kept(html) or _made(html, document)


def _kept(html: str) -> bytes | None:
    """The file as it was made before from the very same words and values."""
    place = _place(html)
    return place.read_bytes() if place.is_file() else None


def _made(html: str, document: CardDocument) -> bytes:
    place = _place(html)
    with _alone(place.parent):
        made = render(
            html=html,
            evidence=canonical(content(document)),
            folder=place.parent,
            name=place.name,
            static=static_folder(),
            seconds=SECONDS,
            made_at=int(document.revision.saved_at.timestamp()),
            look=settings.REPORT_LOOK,
        )
        files = sorted(place.parent.glob("*.pdf"), key=lambda file: file.stat().st_mtime)
        for old in files[:-MOST_KEPT]:
            for file in (old, facts_of(old), html_of(old)):
                file.unlink(missing_ok=True)
        return (place.parent / made.name).read_bytes()


def _place(html: str) -> Path:
    look = settings.REPORT_LOOK.sheet()
    name = hashlib.sha256(f"{look}{html}".encode()).hexdigest()
    return reports_folder() / "cards" / f"{name}.pdf"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Whoever comes second is told, so that readers cannot fill the machine with layouts."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "Another card is being laid out at this moment.", "Try again in a few seconds."
            ) from None
        yield
