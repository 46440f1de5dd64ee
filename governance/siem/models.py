from typing import ClassVar

from django.db import models


class Forwarding(models.Model):
    """How far the log was forwarded to a collector: everything before `next_seq` was confirmed by it.

    Whoever holds the lease sends; one that ran out is anybody's, and what its holder confirms then no longer counts.
    """

    NOT_ATTESTED: ClassVar = "How far the record went to others; the record itself says nothing else by it"

    collector = models.CharField(max_length=500, unique=True)
    next_seq = models.PositiveBigIntegerField(default=0)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    try_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True, default="")
    failing_since = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.collector} has {self.next_seq} entries"
