from django.db import models
from django.db.models import Q


class Event(models.Model):
    """One thing that happened, written in the transaction of the change itself.

    `payload` is the RFC 8785 canonical JSON of all the other columns and is what the log hashes; the columns
    exist to be searched, and its words are indexed where the database can (migration 0003). Rows are never
    changed or deleted: triggers forbid it.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    verb = models.CharField(max_length=64)
    subject = models.CharField(max_length=500)
    actor = models.CharField(max_length=200)
    actor_name = models.CharField(max_length=200)
    authenticated_by = models.CharField(max_length=100)
    request_id = models.CharField(max_length=100, blank=True, default="")
    at = models.DateTimeField()
    detail = models.JSONField(default=dict)
    attests = models.JSONField(null=True)  # row → its fields as written; None before rows were attested
    payload = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["at", "id"], name="audit_event_at"),
            models.Index(fields=["verb", "at"], name="audit_event_verb"),
            models.Index(fields=["actor", "at"], name="audit_event_actor"),
            models.Index(fields=["actor_name", "at"], name="audit_event_name"),
            # pattern_ops lets PostgreSQL find a prefix of the subject in it, whatever the collation.
            models.Index(
                fields=["subject", "at"],
                name="audit_event_subject",
                opclasses=["varchar_pattern_ops", "timestamptz_ops"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject} by {self.actor}"

    @property
    def seq(self) -> int | None:
        """Its number in the log; None while the sequencer has not taken it up."""
        return self.entry.seq if hasattr(self, "entry") else None


class Pending(models.Model):
    """An event that waits for its place in the log.

    A trigger puts it here with the event; the sequencer takes it away in the transaction that appends it. A
    cursor over the events would lose those that commit late; an anti-join would read the whole log each time.
    """

    event = models.OneToOneField(
        Event,
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="pending",
        db_constraint=False,  # PostgreSQL would check it at the end of every transaction (migration 0007)
    )

    def __str__(self) -> str:
        return f"event {self.pk} waits"


class LogEntry(models.Model):
    """The place of an event in the Merkle log: `seq` counts from 0 without gaps. Never changed or deleted."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="entry")
    leaf_hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"entry {self.seq}"


class Subtree(models.Model):
    """The root of a complete subtree of 256**level leaves, so that no proof has to hash the whole log."""

    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="audit_subtree_once")]

    def __str__(self) -> str:
        return f"subtree {self.level}/{self.index}"


class TreeState(models.Model):
    """The tree's size and frontier (roots of its complete subtrees, largest first): what appending needs."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.PositiveBigIntegerField(default=0)
    frontier = models.JSONField(default=list)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="audit_treestate_single")]

    def __str__(self) -> str:
        return f"tree of {self.size}"


class Checkpoint(models.Model):
    """A signed statement of the log's size and root (C2SP tlog-checkpoint). Never changed or deleted."""

    size = models.PositiveBigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    note = models.TextField()
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"checkpoint of {self.size}"


class SigningKey(models.Model):
    """The public half of a key that signs here, or did: the ring. Never changed or deleted.

    A key signs until the next of its kind is introduced; for things that allow two signatures, until the next one's
    `overlap_until`.
    """

    kind = models.CharField(max_length=16, choices=[("log", "Log"), ("attestation", "Attestation")])
    keyid = models.CharField(max_length=64, unique=True)
    pem = models.TextField()
    introduced_at = models.DateTimeField()
    introduced_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True, default="")
    overlap_until = models.DateTimeField(null=True, blank=True)
    previous = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="next"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(previous__isnull=True), name="audit_signingkey_one_first"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} key {self.keyid[:16]}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"signing-key:{self.kind}"


class TimeStamp(models.Model):
    """What a time-stamping authority (RFC 3161) answered about a checkpoint: that its note existed at that moment."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="time_stamps")
    authority = models.CharField(max_length=300)
    token = models.TextField()  # the whole TimeStampResp, DER in base64
    stamped_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "authority"], name="audit_timestamp_once")
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint} stamped by {self.authority}"


class AnchorState(models.Model):
    """How an anchor outside fares: up to which size of the log it has the checkpoints, and what went wrong last.

    No event tells of it: every event makes a new checkpoint, which would be anchored and told of without end.
    """

    kind = models.CharField(max_length=16, primary_key=True, choices=[("tsa", "TSA"), ("witness", "Witness")])
    place = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.kind} at {self.place}"
