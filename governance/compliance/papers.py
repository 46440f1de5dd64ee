"""Documents that leave the house: as PDF, JSON or CSV, each with an event that says who took it."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.template.loader import render_to_string

from accounts.languages import english
from audit.actions import record
from audit.actor import Actor
from audit.canonical import canonical
from audit.verbs import Verb
from governance.reports.short_pdf import short_pdf

TYPES = {"pdf": "application/pdf", "json": "application/json", "csv": "text/csv; charset=utf-8"}


@transaction.atomic
def record_taken(
    *, document: str, format: str, subject: str, digest: str, actor: Actor, at: datetime
) -> None:
    """Remember who took a document along, and what it said."""
    detail = {"document": document, "format": format, "digest": digest}
    record(Verb.DOCUMENT_DOWNLOADED, subject=subject, actor=actor, at=at, detail=detail)


@english()
def as_pdf(template: str, context: Mapping[str, Any], facts: Mapping[str, Any], *, on: date) -> bytes:
    """The document laid out, its facts attached. `on` is the day that it carries."""
    html = render_to_string(
        template,
        {
            **context,
            "digest": facts["digest"],
            "organisation": settings.COUNTERSIGN_ORGANISATION,
            "product": settings.VERSION,
            "day": datetime.combine(on, time(), UTC),
        },
    )
    moment = int(datetime.combine(on, time(), UTC).timestamp())
    return short_pdf(html=html, facts=canonical(dict(facts)), folder="documents", made_at=moment)


def as_json(facts: Mapping[str, Any]) -> bytes:
    """The facts for people who open the file, too."""
    return (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()


def download(content: bytes, kind: str, filename: str) -> HttpResponse:
    """A file of one of TYPES under a name that says what it is; `filename` has no ending."""
    response = HttpResponse(content, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{filename}.{kind}"'
    return response
