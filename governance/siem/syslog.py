"""An event as a syslog message (RFC 5424)."""

import re
from datetime import UTC

from audit.formats import SEVERITY
from audit.models import Event
from audit.verbs import Verb

FACILITY = 13  # log audit
ERROR, WARNING, INFORMATIONAL = 3, 4, 6
LONGEST_HOST, LONGEST_ID = 255, 32
_NOT_PRINTABLE = re.compile(r"[^\x21-\x7e]")


def message(event: Event, line: str, *, host: str) -> bytes:
    """Priority, version, time, host, application, no process, the verb as kind of message, no data; then the line."""
    severity = SEVERITY[Verb(event.verb).outcome]
    level = ERROR if severity >= 7 else WARNING if severity >= 5 else INFORMATIONAL
    at = event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    head = f"<{FACILITY * 8 + level}>1 {at} {_name(host, LONGEST_HOST)} countersign - {_name(event.verb, LONGEST_ID)} -"
    return f"{head} {line}".encode()


def _name(text: str, longest: int) -> str:
    """As a header field takes it: printable ASCII without spaces, or a dash for nothing."""
    return _NOT_PRINTABLE.sub("_", text)[:longest] or "-"
