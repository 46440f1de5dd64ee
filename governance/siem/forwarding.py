"""Forwarding the log to a collector: in its order, one sender at a time, and again until the collector confirms.

The cursor moves only after that, so a collector that fails half-way gets some entries twice, and none is lost; `seq`
tells them apart.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db.models import Q

from audit.formats import Line, cef_line, json_line
from audit.models import LogEntry
from audit.proofs import log_size
from audit.queries import log_from
from audit.sequencer import written_at
from governance.siem.collectors import Collector
from governance.siem.models import Forwarding
from governance.siem.posting import Undelivered
from governance.siem.sending import Sent, send

log = logging.getLogger(__name__)
BATCH = 500
LEASE = timedelta(minutes=3)  # longer than any batch can take
WELL: dict[str, Any] = {"tries": 0, "try_at": None, "problem": "", "failing_since": None}
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)


def forward(*, at: datetime) -> int:
    """Send the next batch, if it is our turn; how many entries the collector confirmed."""
    collector: Collector | None = settings.SIEM
    if collector is None:
        return 0
    row, lease = _row(collector), uuid4()
    free = Q(leased_until=None) | Q(leased_until__lt=at)
    due = Q(try_at=None) | Q(try_at__lte=at)
    mine = Forwarding.objects.filter(free, due, pk=row.pk)
    if not mine.update(lease=lease, leased_until=at + LEASE):
        return 0
    row.refresh_from_db()
    batch = _batch(row.next_seq, _line(collector))
    held = Forwarding.objects.filter(pk=row.pk, lease=lease)
    try:
        if batch:
            send(collector, batch, host=urlsplit(settings.COUNTERSIGN_URL).hostname or "")
    except Undelivered as problem:
        log.warning("The log was not forwarded to %s (attempt %d): %s", row.collector, row.tries + 1, problem)
        held.update(leased_until=None, **_put_off(row, str(problem), at))
        return 0
    if not batch:
        held.update(leased_until=None)
        return 0
    counted = held.update(leased_until=None, next_seq=row.next_seq + len(batch), delivered_at=at, **WELL)
    return len(batch) if counted else 0


def is_due(at: datetime) -> bool:
    """Whether entries wait for the collector and may be sent now."""
    if settings.SIEM is None:
        return False
    row = _row(settings.SIEM)
    held_back = (row.try_at and row.try_at > at) or (row.leased_until and row.leased_until >= at)
    return not held_back and row.next_seq < log_size()


@dataclass(frozen=True)
class Standing:
    """How forwarding goes: what is confirmed, what waits and for how long, and what is wrong."""

    row: Forwarding
    format: str
    entries: int
    waiting: int
    lag_seconds: float


def standing(at: datetime) -> Standing | None:
    """For the page; None where no collector is named."""
    collector: Collector | None = settings.SIEM
    if collector is None:
        return None
    row, size = _row(collector), log_size()
    oldest = LogEntry.objects.filter(seq=row.next_seq).values_list("event_id", flat=True).first()
    lag = max(0.0, (at - written_at(oldest)).total_seconds()) if oldest else 0.0
    return Standing(row, collector.format, size, max(0, size - row.next_seq), lag)


def _row(collector: Collector) -> Forwarding:
    """The cursor of this collector: another address has another one and begins where the operator says."""
    first = log_size() if collector.from_now else 0
    row, _ = Forwarding.objects.get_or_create(collector=collector.name[:500], defaults={"next_seq": first})
    return row


def _line(collector: Collector) -> Line:
    return cef_line(settings.VERSION, settings.COUNTERSIGN_URL) if collector.format == "cef" else json_line


def _batch(first: int, line: Line) -> list[Sent]:
    return [Sent(entry.event, line(entry.event)) for entry in log_from(first, BATCH)]


def _put_off(row: Forwarding, problem: str, at: datetime) -> dict[str, Any]:
    """What to remember of a failure: wait twice as long after each."""
    wait = min(FIRST_WAIT * 2 ** min(row.tries, 10), LONGEST_WAIT)
    return {
        "tries": row.tries + 1,
        "try_at": at + wait,
        "problem": problem[:300],
        "failing_since": row.failing_since or at,
    }
