"""The inventory as a file: CSV for programs, Excel for people. Who took it stands in the record."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.portfolio.inventory import Filters
from governance.portfolio.models import InventoryRow
from registry.spreadsheets import spreadsheet

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
    cells = (_cells(row) for row in rows.iterator(chunk_size=500))
    return spreadsheet(kind, file=f"models-{at:%Y-%m-%d}", sheet="Models", header=HEADER, rows=cells)


def _cells(row: InventoryRow) -> list[str]:
    model, version = row.model, row.version
    gate = ["allow" if mark in ("ok", "waived", "glass") else "deny" if mark else "" for mark in _marks(row)]
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
