"""Gives recorded events their place in the log, one sequencer at a time."""

import uuid
from datetime import UTC, datetime

from django.db import connection, transaction

from audit.merkle import append, leaf_hash
from audit.models import Event, LogEntry, Pending, Subtree, TreeState
from audit.tiles import subtrees_closed_by

# Any number will do, so long as nothing else in this database takes the same advisory lock.
_LOCK = 0x636F_756E_7465


def sequence_pending(limit: int = 500) -> int:
    """Append up to `limit` waiting events to the log, oldest first; returns how many.

    All of it is one transaction: a sequencer that dies leaves the log as it was. While another one is at work
    it returns 0.
    """
    if not Pending.objects.exists():
        return 0
    with transaction.atomic():
        if not _take_turn():
            return 0
        ids = list(Pending.objects.order_by("event_id").values_list("event_id", flat=True)[:limit])
        _append(ids)
        Pending.objects.filter(event_id__in=ids).delete()
    return len(ids)


def pending_count() -> int:
    """How many recorded events are not in the log yet."""
    return Pending.objects.count()


def lag_seconds(now: datetime) -> float:
    """For how long the oldest waiting event has waited; 0 when none waits."""
    oldest = Pending.objects.order_by("event_id").values_list("event_id", flat=True).first()
    return max(0.0, (now - written_at(oldest)).total_seconds()) if oldest else 0.0


def written_at(event_id: uuid.UUID) -> datetime:
    """When the event was written, from the time in its identifier (`at` may be a time in the past)."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)


def _take_turn() -> bool:
    """On SQLite the transaction itself is the lock (BEGIN IMMEDIATE); PostgreSQL has an advisory one."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _append(ids: list[uuid.UUID]) -> None:
    payloads = dict(Event.objects.filter(id__in=ids).values_list("id", "payload"))
    state, _ = TreeState.objects.get_or_create(id=1)
    frontier = [bytes.fromhex(text) for text in state.frontier]
    entries, subtrees = list[LogEntry](), list[Subtree]()
    for seq, event_id in enumerate(ids, start=state.size):
        leaf = leaf_hash(payloads[event_id].encode())
        entries.append(LogEntry(seq=seq, event_id=event_id, leaf_hash=leaf.hex()))
        subtrees += subtrees_closed_by(seq, append(frontier, seq, leaf))
    LogEntry.objects.bulk_create(entries)
    Subtree.objects.bulk_create(subtrees)
    state.size += len(ids)
    state.frontier = [node.hex() for node in frontier]
    state.save()
