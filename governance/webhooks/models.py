"""Endpoints that are told what happens, the messages to each, and every attempt to deliver one."""

import hashlib
import uuid
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q

from accounts.models import User
from audit.models import Event
from registry.addresses import PORTS, origin_of


class Form(models.TextChoices):
    """What a message looks like."""

    STANDARD = "standard", "Standard Webhooks (JSON)"
    SLACK = "slack", "Slack message"
    TEAMS = "teams", "Microsoft Teams card"


def hashed(url: str) -> str:
    """The record names an address by its digest: those of chat tools are secrets themselves."""
    return f"sha256:{hashlib.sha256(url.encode()).hexdigest()}"


class Endpoint(models.Model):
    """An address that is told of some kinds of events. Its secret is derived (signing.py) and kept nowhere."""

    name = models.SlugField(max_length=40, unique=True)
    url = models.CharField(max_length=300)
    form = models.CharField(max_length=10, choices=Form, default=Form.STANDARD)
    happenings = models.JSONField()  # names of events
    key = models.UUIDField(default=uuid.uuid4, editable=False)  # what its secrets are derived from
    generation = models.PositiveIntegerField(default=1)  # of the secret
    previous_until = models.DateTimeField(null=True, blank=True)  # how long the one before signs, too
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    off_at = models.DateTimeField(null=True, blank=True)
    off_reason = models.CharField(max_length=300, blank=True)
    next_seq = models.PositiveBigIntegerField()
    failing_since = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = {
        "next_seq": "how far the record was looked through for it",
        "failing_since": "each attempt is in a row of its own",
    }
    ATTESTED_AS: ClassVar = {"url": hashed}

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(off_at=None) | ~Q(off_reason=""), name="endpoint_off_with_reason"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"webhook:{self.name}"

    @property
    def origin(self) -> str:
        """Where it is, without the path, which may hold a secret."""
        parts = urlsplit(self.url)
        return origin_of(parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0))

    def signs_with(self, at: datetime) -> tuple[int, ...]:
        """The generations whose secrets sign at this moment, the newest first."""
        if self.previous_until is not None and at < self.previous_until:
            return (self.generation, self.generation - 1)
        return (self.generation,)


class DeliveryState(models.TextChoices):
    """How a message fares."""

    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"


class Delivery(models.Model):
    """One message to one endpoint: the same identifier and the same body each time it is tried.

    Whoever holds the lease sends; one that ran out is anybody's.
    """

    NOT_ATTESTED: ClassVar = "Tells others of events that are on the record; nothing is decided by it"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    kind = models.CharField(max_length=64)  # the event's verb, or webhook.test
    body = models.TextField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["try_at"], condition=Q(state="waiting"), name="delivery_to_try"),
            models.Index(fields=["endpoint", "-created_at"], name="delivery_by_endpoint"),
        ]
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="event_once_per_endpoint")]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """What the receiver knows it by, and takes it once by."""
        return f"msg_{self.id.hex}"


class Attempt(models.Model):
    """One attempt: what the other side answered, or why it did not."""

    NOT_ATTESTED: ClassVar = "Tells how a message fared; nothing is decided by it"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)  # "" where it was taken

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.problem or str(self.status)
