from django.db import models
from django.db.models import Q


class Event(models.Model):
    """One thing that happened, written in the transaction of the change itself.

    `payload` is the RFC 8785 canonical JSON of all the other columns and is what the log hashes; the columns
    exist to be searched. Rows are never changed or deleted: triggers forbid it.
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

    event = models.OneToOneField(Event, primary_key=True, on_delete=models.PROTECT, related_name="pending")

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
