"""Messages are made from the log in its order: each entry is looked at once for each endpoint, and none is left out."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.models import Event
from audit.proofs import log_size
from audit.queries import log_from
from governance.trail.sight import events_seen
from governance.webhooks.messages import body_of, message_of
from governance.webhooks.models import Delivery, Endpoint

BATCH = 500


def queue_events(at: datetime) -> int:
    """Make messages of what was added to the log; how many."""
    size = log_size()
    behind = Endpoint.objects.filter(off_at=None, next_seq__lt=size).values_list("pk", flat=True)
    return sum(_queue(pk, at) for pk in list(behind))


@transaction.atomic
def _queue(pk: int, at: datetime) -> int:
    """The next entries for one endpoint. The messages are there if and only if the cursor moved past them."""
    endpoint = (
        Endpoint.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("created_by")
        .filter(pk=pk, off_at=None)
        .first()
    )
    if endpoint is None:
        return 0
    entries = log_from(endpoint.next_seq, BATCH)
    wanted = [entry.event.pk for entry in entries if entry.event.verb in endpoint.happenings]
    told = _told(wanted, endpoint)
    made = [
        Delivery(
            endpoint=endpoint,
            event=entry.event,
            kind=entry.event.verb,
            body=body_of(message_of(entry.event, settings.COUNTERSIGN_URL), endpoint.form),
            try_at=at,
            created_at=at,
        )
        for entry in entries
        if entry.event.pk in told
    ]
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    Endpoint.objects.filter(pk=pk).update(next_seq=endpoint.next_seq + len(entries))
    return len(made)


def _told(wanted: Collection[UUID], endpoint: Endpoint) -> set[UUID]:
    """What goes out: an endpoint hears of the models that whoever made it may see."""
    rows = (
        Event.objects.filter(events_seen(endpoint.created_by), pk__in=wanted)
        if wanted
        else Event.objects.none()
    )
    return set(rows.values_list("pk", flat=True))
