"""The register of findings as a file. Who took it stands in the record."""

from dataclasses import asdict
from datetime import datetime

from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from audit.actor import Actor
from audit.verbs import Verb
from registry.spreadsheets import Export
from riskreview.findings.queries import HEADER, Filters, cells
from riskreview.models import Finding

EXPORT = Export(Verb.FINDINGS_EXPORTED, name="findings", sheet="Findings", header=HEADER)


def download(
    kind: str, rows: QuerySet[Finding], filters: Filters, *, actor: Actor, at: datetime
) -> HttpResponseBase:
    """All findings that match, not only the page."""
    told = cells(rows.iterator(chunk_size=500), today=at.date())
    return EXPORT.taken(kind, told, count=rows.count(), filters=asdict(filters), actor=actor, at=at)
