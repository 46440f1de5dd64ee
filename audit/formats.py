"""Events as lines for other systems: JSON, and CEF (ArcSight Common Event Format, version 0)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from audit.canonical import canonical
from audit.models import Event
from audit.verbs import Outcome, Verb

SEVERITY = {
    Outcome.OK: 2,
    Outcome.NEUTRAL: 2,
    Outcome.RUNNING: 2,
    Outcome.STALE: 5,
    Outcome.WAIVED: 6,
    Outcome.NO: 6,
    Outcome.ERROR: 7,
}
"""From 0 to 10, as CEF has it: 0 to 3 low, 4 to 6 medium, 7 and 8 high."""
FAILED = {Outcome.NO, Outcome.ERROR}
LONGEST_STRING = 4000  # of a custom string, by CEF's dictionary
LONGEST_NAME = 1023

Line = Callable[[Event], str]


def json_line(event: Event) -> str:
    """The payload with its place in the log (`seq`, null while it waits for one), as one line without its end."""
    told: dict[str, Any] = json.loads(event.payload)
    return json.dumps({"seq": event.seq, **told}, ensure_ascii=False, separators=(",", ":"))


def cef_line(product_version: str, site: str) -> Line:
    """A writer of events as CEF, each one line without its end; `site` is where links begin."""

    def line(event: Event) -> str:
        verb = Verb(event.verb)
        header = ("CEF:0", "Countersign", "Countersign", product_version, verb.value, verb.label)
        names = "|".join(_header(part) for part in header)
        extension = " ".join(f"{key}={_value(value)}" for key, value in _extension(event, verb, site).items())
        return f"{names}|{SEVERITY[verb.outcome]}|{extension}"

    return line


def _extension(event: Event, verb: Verb, site: str) -> Mapping[str, object]:
    """The keys of CEF's dictionary that fit; what has none is a custom field with its label."""
    found: dict[str, object] = {
        "rt": int(event.at.timestamp() * 1000),
        "externalId": str(event.id),
        "cat": verb.split(".")[0],
        "act": verb.value,
        "outcome": "failure" if verb.outcome in FAILED else "success",
        "suid": event.actor[:LONGEST_NAME],
        "suser": event.actor_name[:LONGEST_NAME],
        "request": f"{site}/audit/events/{event.id}/",
        "cs1Label": "subject",
        "cs1": event.subject,
        "cs2Label": "authenticatedBy",
        "cs2": event.authenticated_by,
        "cs3Label": "requestId",
        "cs3": event.request_id,
        "cs4Label": "detail",
        "cs4": canonical(event.detail)[:LONGEST_STRING],
    }
    if event.seq is not None:
        found |= {"cn1Label": "logSeq", "cn1": event.seq}
    return found


def _header(text: str) -> str:
    """Backslash and pipe are escaped in the header; it has no way to write an end of line."""
    return _one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _value(value: object) -> str:
    """Backslash and equals sign are escaped in values; ends of lines are written as letters."""
    text = str(value).replace("\\", "\\\\").replace("=", "\\=")
    return _one_line(text.replace("\r", "\\r").replace("\n", "\\n"))


def _one_line(text: str) -> str:
    """With a space for what else some reader takes for the end of a line, such as U+2028."""
    return text.translate(_ENDS)


_ENDS = dict.fromkeys(map(ord, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
