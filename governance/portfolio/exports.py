"""The inventory as a file: CSV for programs, Excel for people. Who took it stands in the record."""

from dataclasses import asdict
from datetime import datetime

from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from audit.actor import Actor
from audit.verbs import Verb
from governance.portfolio.inventory import Filters
from governance.portfolio.models import InventoryRow
from registry.spreadsheets import Export

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
EXPORT = Export(Verb.INVENTORY_EXPORTED, name="models", sheet="Models", header=HEADER)


def download(
    kind: str, rows: QuerySet[InventoryRow], filters: Filters, *, actor: Actor, at: datetime
) -> HttpResponseBase:
    """All rows that match, not only the page."""
    rows = rows.defer(None).defer("text")
    cells = (_cells(row) for row in rows.iterator(chunk_size=500))
    asked, count = asdict(filters), rows.count()
    return EXPORT.taken(kind, cells, count=count, filters=asked, actor=actor, at=at, subject="inventory")


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
