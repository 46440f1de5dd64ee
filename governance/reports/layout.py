"""`python -m governance.reports.layout HTML EVIDENCE PDF STATIC MEMORY_MB`: the child process that runs WeasyPrint."""

import hashlib
import json
import os
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

VARIANT = "pdf/a-3a"
SHEETS = ("tokens.css", "report.css")


class OnlyOurFiles(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """Nothing is fetched but the product's own static files: no network, no other file of the machine."""

    def __init__(self, static: Path) -> None:
        super().__init__(allowed_protocols=["file"])
        self._static = static.resolve()

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self._static):
            raise ValueError(f"{url} is not a file of the report")
        return super().fetch(url, headers)


def main(arguments: list[str]) -> None:
    """Lay the document out and print how many pages it has."""
    source, evidence, target, static = (Path(argument) for argument in arguments[:4])
    limit = int(arguments[4]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    html = source.read_text(encoding="utf-8")
    moment = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    fetcher, fonts = OnlyOurFiles(static), FontConfiguration()
    document = HTML(string=html, base_url=str(static / "css"), url_fetcher=fetcher).render(
        stylesheets=[
            CSS(filename=str(static / "css" / name), url_fetcher=fetcher, font_config=fonts)
            for name in SHEETS
        ],
        font_config=fonts,
        pdf_variant=VARIANT,
        pdf_tags=True,
    )
    attachment = Attachment(
        string=evidence.read_text(encoding="utf-8"),
        name="evidence.json",
        description="The evidence behind this report",
        created=moment,
        modified=moment,
        relationship="Data",
    )
    document.metadata.attachments = [attachment]
    document.write_pdf(
        str(target),
        pdf_variant=VARIANT,
        pdf_tags=True,
        pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
    )
    sys.stdout.write(json.dumps({"pages": len(document.pages)}))


if __name__ == "__main__":
    main(sys.argv[1:])
