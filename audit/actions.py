from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import transaction

from audit.actor import Actor
from audit.asked import request_now
from audit.canonical import Json, clean, instant, plain, written
from audit.identity import uuid7
from audit.models import Event
from audit.rows import take_written
from audit.verbs import Verb


class NotInTransaction(RuntimeError):
    """An event was to be recorded outside the transaction of the change that it tells of."""


def record(
    verb: Verb, *, subject: str, actor: Actor, at: datetime, detail: Mapping[str, object] | None = None
) -> Event:
    """Put an event on the record, in the caller's transaction: it is there if and only if the change is.

    `subject` is stable text such as "model:credit-default/version:3"; `detail` holds what the verb does not
    say; numbers from 2**53 and NaN in it become strings. The event also attests the rows that the transaction wrote
    since its last event (audit/rows.py). An actor that brings no request, such as the worker, acts for the one at hand.
    Raises NotInTransaction outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(f"{verb} of {subject} must be recorded inside the transaction of its change")
    event = Event(
        id=uuid7(),
        verb=verb.value,
        subject=clean(subject)[:500],
        actor=clean(actor.id)[:200],
        actor_name=clean(actor.name)[:200],
        authenticated_by=clean(actor.authenticated_by)[:100],
        request_id=clean(actor.request_id or request_now())[:100],
        at=at.astimezone(UTC) if at.tzinfo else at,
        detail=plain(detail or {}),
        attests=take_written(),
    )
    event.payload = written(columns_of(event))
    _insert(event)
    return event


def _insert(event: Event) -> None:
    """Write the row. Every change in the product waits for this one; the ORM would take twice as long to put it."""
    connection = transaction.get_connection()
    fields = Event._meta.local_concrete_fields
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in fields]
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {Event._meta.db_table} ({columns}) VALUES ({places})", values)  # noqa: S608
    event._state.adding, event._state.db = False, connection.alias


def columns_of(event: Event) -> dict[str, Json]:
    """What the log hashes, in canonical JSON: every column of the event. Early ones attest no rows."""
    columns: dict[str, Json] = {
        "id": str(event.id),
        "verb": event.verb,
        "subject": event.subject,
        "actor": event.actor,
        "actor_name": event.actor_name,
        "authenticated_by": event.authenticated_by,
        "request_id": event.request_id,
        "at": instant(event.at),
        "detail": event.detail,
    }
    return columns if event.attests is None else columns | {"attests": event.attests}
