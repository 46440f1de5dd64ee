"""The filtered trail as a file, sent as it is read, whatever its length. Taking it is on the record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import StreamingHttpResponse

from accounts.refusals import Invalid
from audit.actions import record
from audit.actor import Actor
from audit.formats import Line, cef_line, json_line
from audit.queries import EventFilter, export_of
from audit.verbs import Verb
from governance.trail.asking import as_told


@dataclass(frozen=True)
class Format:
    """A kind of file: its ending, what it is called on the wire, and how it writes an event."""

    ending: str
    content_type: str
    line: Line


def formats() -> dict[str, Format]:
    """Every format by the name that an address calls it."""
    return {
        "jsonl": Format("jsonl", "application/x-ndjson", json_line),
        "cef": Format(
            "cef", "text/plain; charset=utf-8", cef_line(settings.VERSION, settings.COUNTERSIGN_URL)
        ),
    }


def export(*, wanted: EventFilter, seen: Q, name: str, actor: Actor, at: datetime) -> StreamingHttpResponse:
    """All that matches, that the reader may see and that was recorded by now, newest first.

    Raises Invalid for a format that there is not.
    """
    known = formats()
    if name not in known:
        raise Invalid(f"There is no format {name[:40]}; there are {', '.join(known)}.", field="as")
    with transaction.atomic():
        detail = {"format": name, "filters": as_told(wanted)}
        record(Verb.AUDIT_EXPORTED, subject="audit", actor=actor, at=at, detail=detail)
    chosen = known[name]
    headers = {"Content-Disposition": f'attachment; filename="audit-{at:%Y-%m-%dT%H%M%SZ}.{chosen.ending}"'}
    return StreamingHttpResponse(
        _lines(wanted, seen, chosen.line), content_type=chosen.content_type, headers=headers
    )


def _lines(wanted: EventFilter, seen: Q, line: Line) -> Iterator[str]:
    for event in export_of(wanted, seen=seen):
        yield line(event) + "\n"
