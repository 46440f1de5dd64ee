"""`python -m governance.reports.layout` with a Layout on standard input: the child process that runs WeasyPrint."""

import hashlib
import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from weasyprint import HTML, Attachment, Document
from weasyprint.urls import URLFetcher, URLFetcherResponse

from governance.reports.letters import LettersMissing, beyond_latin, spelled_out, watched
from governance.reports.orders import LaidOut, Layout, Part, read, told

VARIANT = "pdf/a-3a"
"""Archival, tagged, with files inside: docs/adr/0014-pdf-variant.md says why this one."""
MOST_ROUNDS = 3


class NothingFromOutside(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """The document holds all that it needs: no network, no file of the machine."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if not url.startswith("data:"):
            raise ValueError(f"{url[:200]} is not in the report")
        return super().fetch(url, headers)


def main() -> None:
    """Lay the document out and say how many pages it has."""
    order = read(Layout, sys.stdin.read())
    limit = order.memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    html = Path(order.source).read_text(encoding="utf-8")
    missing = _missing(html)
    for _ in range(MOST_ROUNDS):
        try:
            with watched():
                pages = _written(spelled_out(html, missing), order, identifier=html)
        except LettersMissing as found:
            missing |= found.letters
        else:
            sys.stdout.write(told(LaidOut(pages, len(missing))))
            return
    raise RuntimeError(f"{len(missing)} characters cannot be printed with the fonts of this machine.")


def _missing(html: str) -> frozenset[str]:
    """Tried on the letters alone, so that a long report is not laid out twice for them."""
    letters = beyond_latin(html)
    if not letters:
        return frozenset()
    try:
        with watched():
            HTML(string=f"<p>{letters}</p>").write_pdf()
    except LettersMissing as found:
        return found.letters
    return frozenset()


def _written(html: str, order: Layout, *, identifier: str) -> int:
    """Write the PDF; the number of its pages. The same order gives the same bytes."""
    document = HTML(string=html, base_url=None, url_fetcher=NothingFromOutside()).render(
        pdf_variant=VARIANT, pdf_tags=True
    )
    moment = datetime.fromtimestamp(order.made_at, UTC)
    document.metadata.modified = document.metadata.created
    document.metadata.attachments = [
        Attachment(
            string=part.text,
            name=part.name,
            description=part.description,
            created=moment,
            modified=moment,
            relationship=part.relationship,
        )
        for part in (Part(**row) for row in json.loads(Path(order.parts).read_text(encoding="utf-8")))
    ]
    document.write_pdf(
        order.target,
        finisher=_conform,
        pdf_variant=VARIANT,
        pdf_tags=True,
        pdf_identifier=hashlib.sha256(identifier.encode()).digest()[:16],
    )
    return len(document.pages)


def _conform(document: Document, pdf: Any) -> None:
    """What WeasyPrint 70 leaves open: each file named once, no image smoothed (ISO 19005-3, 6.2.8), metadata plain."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])
    for item in pdf.objects:
        extra = getattr(item, "extra", {})
        if "Interpolate" in extra:
            extra["Interpolate"] = "false"
        if extra.get("Type") == "/Metadata":
            item.compress = False


if __name__ == "__main__":
    main()
