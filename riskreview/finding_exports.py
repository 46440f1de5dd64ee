"""The register of findings as a file. Who took it stands in the record."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from registry.spreadsheets import spreadsheet
from riskreview.models import Finding
from riskreview.queries.findings import HEADER, Filters, cells


def download(
    kind: str, rows: QuerySet[Finding], filters: Filters, *, actor: Actor, at: datetime
) -> HttpResponseBase:
    """All findings that match, not only the page."""
    asked = {name: value for name, value in asdict(filters).items() if value}
    with transaction.atomic():
        detail = {"format": kind, "filters": asked, "rows": rows.count()}
        record(Verb.FINDINGS_EXPORTED, subject="findings", actor=actor, at=at, detail=detail)
    told = cells(rows.iterator(chunk_size=500), today=at.date())
    return spreadsheet(kind, file=f"findings-{at:%Y-%m-%d}", sheet="Findings", header=HEADER, rows=told)
