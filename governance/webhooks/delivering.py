"""Delivering messages: each by one worker at a time, again and again with longer pauses, and not for ever."""

import random
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

from django.conf import settings
from django.db.models import Q, QuerySet

from governance.siem.posting import Undelivered, in_words, posted, refused
from governance.webhooks.actions import BY_ITSELF, switch_off
from governance.webhooks.models import Attempt, Delivery, DeliveryState, Endpoint
from governance.webhooks.signing import headers, secret_of
from registry.addresses import place_of

SECONDS = 15.0
LEASE = timedelta(minutes=2)  # longer than any attempt can take
WAITS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""After each failure, as Standard Webhooks proposes; after the last one a message is given up."""
JITTER = 0.2
"""How far a wait may differ, so that messages that failed together are not tried together."""
LONGEST_FAILING = timedelta(days=5)
GONE = 410
KEPT = timedelta(days=30)
UNCONFIRMED = "It failed for {} days without one message taken. The last time: {}"


def due(at: datetime) -> QuerySet[Delivery]:
    """Messages to be tried now, the oldest first."""
    free = Q(leased_until=None) | Q(leased_until__lt=at)
    rows = Delivery.objects.filter(free, state=DeliveryState.WAITING, try_at__lte=at, endpoint__off_at=None)
    return rows.order_by("try_at", "created_at")


def deliver_next(at: datetime) -> bool:
    """Try one message; whether there was one."""
    for pk in due(at).values_list("pk", flat=True)[:20]:
        lease = uuid4()
        if due(at).order_by().filter(pk=pk).update(lease=lease, leased_until=at + LEASE):
            _deliver(Delivery.objects.select_related("endpoint").get(pk=pk), at)
            return True
    return False


def forget_old(at: datetime) -> int:
    """Remove messages that are settled for long; the events stay on the record. How many."""
    settled = Delivery.objects.filter(created_at__lt=at - KEPT).exclude(state=DeliveryState.WAITING)
    gone, _ = settled.delete()
    return gone


def _deliver(delivery: Delivery, at: datetime) -> None:
    began, status, problem = monotonic(), None, ""
    try:
        with in_words(SECONDS):
            status, problem = _sent(delivery, at)
    except Undelivered as failed:
        problem = str(failed)
    Attempt.objects.create(
        delivery=delivery,
        at=at,
        milliseconds=int((monotonic() - began) * 1000),
        status=status,
        problem=problem[:300],
    )
    held = Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease)
    if not problem:
        held.update(
            state=DeliveryState.DELIVERED, delivered_at=at, leased_until=None, tries=delivery.tries + 1
        )
        Endpoint.objects.filter(pk=delivery.endpoint_id).update(failing_since=None)
    elif status == GONE:
        held.update(state=DeliveryState.GIVEN_UP, leased_until=None, tries=delivery.tries + 1)
        reason = "It answered 410 Gone: nobody is to send there any more."
        switch_off(endpoint=delivery.endpoint, reason=reason, actor=BY_ITSELF, at=at)
    else:
        _put_off(held, delivery, at)
        _note_failure(delivery.endpoint, problem, at)


def _sent(delivery: Delivery, at: datetime) -> tuple[int, str]:
    """The status that was answered, and why that is no confirmation."""
    endpoint = delivery.endpoint
    place = place_of(endpoint.url, settings.WEBHOOKS_ALLOW)
    body = delivery.body.encode()
    secrets = [secret_of(endpoint, generation) for generation in endpoint.signs_with(at)]
    answer = posted(
        place,
        body,
        headers(delivery.message_id, body, secrets, at=at),
        private=place.origin in settings.WEBHOOKS_ALLOW,
        ca_file=settings.WEBHOOKS_CA,
        seconds=SECONDS,
    )
    return answer.status, refused(answer)


def _put_off(held: QuerySet[Delivery], delivery: Delivery, at: datetime) -> None:
    tries = delivery.tries + 1
    if tries > len(WAITS):
        held.update(state=DeliveryState.GIVEN_UP, leased_until=None, tries=tries)
        return
    wait = WAITS[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    held.update(tries=tries, try_at=at + wait, leased_until=None)


def _note_failure(endpoint: Endpoint, problem: str, at: datetime) -> None:
    if endpoint.failing_since is None:
        Endpoint.objects.filter(pk=endpoint.pk, failing_since=None).update(failing_since=at)
    elif at - endpoint.failing_since >= LONGEST_FAILING:
        reason = UNCONFIRMED.format(LONGEST_FAILING.days, problem)
        switch_off(endpoint=endpoint, reason=reason, actor=BY_ITSELF, at=at)
