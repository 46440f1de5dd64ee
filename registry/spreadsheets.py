"""Rows as a file: CSV for programs, Excel for people."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from xlsxwriter import Workbook

FORMATS = ("csv", "xlsx")
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(
    kind: str, *, file: str, sheet: str, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> HttpResponseBase:
    """A download of one of FORMATS. `file` is its name without the ending, `sheet` what Excel calls the table."""
    headers = {"Content-Disposition": f'attachment; filename="{file}.{kind}"'}
    if kind == "csv":
        lines = _csv(header, rows)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
    return HttpResponse(_workbook(sheet, header, rows), content_type=EXCEL, headers=headers)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    line = StringIO()
    writer = csv.writer(line)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_inert(cell) for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def _workbook(sheet: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    made = BytesIO()
    with Workbook(
        made, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        page = book.add_worksheet(sheet)
        page.freeze_panes(1, 1)
        page.write_row(0, 0, header, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            page.write_row(number, 0, [_inert(cell) for cell in row])
    return made.getvalue()


def _inert(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
