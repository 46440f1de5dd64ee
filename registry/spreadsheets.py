"""Lists as files: CSV for programs, Excel for people. Who took one stands in the record."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, StringIO

from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from xlsxwriter import Workbook

from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb

FORMATS = ("csv", "xlsx")
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Export:
    """A list that can be taken as a file: the event that says so, what the file is called, and its columns."""

    verb: Verb
    name: str
    sheet: str
    header: Sequence[str]

    def taken(
        self,
        kind: str,
        rows: Iterable[Sequence[object]],
        *,
        count: int,
        filters: Mapping[str, object],
        actor: Actor,
        at: datetime,
        subject: str = "",
    ) -> HttpResponseBase:
        """A download of one of FORMATS, with its event. `subject` is what the list is of, its own name as a rule."""
        asked = {name: value for name, value in filters.items() if value}
        with transaction.atomic():
            detail = {"format": kind, "filters": asked, "rows": count}
            record(self.verb, subject=subject or self.name, actor=actor, at=at, detail=detail)
        headers = {"Content-Disposition": f'attachment; filename="{self.name}-{at:%Y-%m-%d}.{kind}"'}
        if kind == "csv":
            lines = _csv(self.header, rows)
            return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
        return HttpResponse(_workbook(self.sheet, self.header, rows), content_type=EXCEL, headers=headers)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    line = StringIO()
    writer = csv.writer(line)
    writer.writerow(header)
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def _workbook(sheet: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    made = BytesIO()
    with Workbook(
        made, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        page = book.add_worksheet(sheet)
        page.freeze_panes(1, 1)
        page.write_row(0, 0, header, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            page.write_row(number, 0, [inert(cell) for cell in row])
    return made.getvalue()


def inert(cell: object) -> str:
    """A cell that a spreadsheet will not take for a formula; empty for None."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
