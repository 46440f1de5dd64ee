"""The inventory as a file: CSV for programs, Excel for people. Who took it stands in the record."""

import csv
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from io import BytesIO, StringIO

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from xlsxwriter import Workbook

from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.portfolio.inventory import Filters
from governance.portfolio.models import InventoryRow

FORMATS = ("csv", "xlsx")
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADER = (
    *("model", "name", "version", "tier", "tier_confirmed", "status", "stage"),
    *(
        "development",
        "staging",
        "production",
        "note",
        "runs_in",
        "kind",
        "origin",
        "supplier",
        "business_line",
    ),
    *("team", "owner", "owner_name", "tags", "purpose", "decides", "products", "restrictions", "digest"),
    "registered_at",
)


def download(
    kind: str, rows: QuerySet[InventoryRow], filters: Filters, *, actor: Actor, at: datetime
) -> HttpResponseBase:
    """All rows that match, not only the page."""
    rows = rows.defer(None).defer("text")
    asked = {name: value for name, value in asdict(filters).items() if value}
    with transaction.atomic():
        detail = {"format": kind, "filters": asked, "rows": rows.count()}
        record(Verb.INVENTORY_EXPORTED, subject="inventory", actor=actor, at=at, detail=detail)
    name = f'attachment; filename="models-{at:%Y-%m-%d}.{kind}"'
    if kind == "csv":
        return StreamingHttpResponse(
            _csv(rows), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
        )
    return HttpResponse(_workbook(rows), content_type=EXCEL, headers={"Content-Disposition": name})


def _csv(rows: QuerySet[InventoryRow]) -> Iterator[str]:
    line = StringIO()
    writer = csv.writer(line)
    writer.writerow(HEADER)
    for row in rows.iterator(chunk_size=500):
        writer.writerow([_inert(cell) for cell in _cells(row)])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
    yield line.getvalue()


def _workbook(rows: QuerySet[InventoryRow]) -> bytes:
    made = BytesIO()
    with Workbook(
        made, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet("Models")
        sheet.freeze_panes(1, 1)
        sheet.write_row(0, 0, HEADER, book.add_format({"bold": True}))
        for number, row in enumerate(rows.iterator(chunk_size=500), start=1):
            sheet.write_row(number, 0, [_inert(cell) for cell in _cells(row)])
    return made.getvalue()


def _cells(row: InventoryRow) -> list[str]:
    model, version = row.model, row.version
    gate = ["allow" if mark in ("ok", "waived") else "deny" if mark else "" for mark in _marks(row)]
    return [
        *(model.slug, model.name, version.version if version else "", row.tier),
        *("yes" if row.tier_confirmed else "no", row.status, row.stage, *gate, row.note),
        *(" ".join(row.live_in), model.kind, model.origin, model.supplier, model.business_line, model.team),
        *(model.owner.username, model.owner.name, " ".join(row.tags), model.purpose, model.decides),
        *(model.products, model.restrictions, version.artifact_digest if version else ""),
        row.registered_at.isoformat() if row.registered_at else "",
    ]


def _marks(row: InventoryRow) -> tuple[str, str, str]:
    return row.development, row.staging, row.production


def _inert(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
