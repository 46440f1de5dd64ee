"""Model cards: revisions, and what people say about their sections."""

from django.db import models

from accounts.models import User
from registry.models.versions import ModelVersion


class CardRevision(models.Model):
    """The model card of a version as somebody saved it. A change is a new revision."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="cards")
    number = models.PositiveIntegerField()
    sections = models.JSONField()  # section id → Markdown
    digest = models.CharField(max_length=71)
    note = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="card_revisions")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["version", "-number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="card_revision_once")]

    def __str__(self) -> str:
        return f"Card of {self.version}, revision {self.number}"


class CardComment(models.Model):
    """A remark on one section of a version's card. It decides nothing."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="card_comments")
    section = models.SlugField(max_length=60)
    revision = models.PositiveIntegerField()  # the one that the author was looking at
    text = models.TextField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="card_comments")
    written_at = models.DateTimeField()
    resolved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="resolved_card_comments", null=True, blank=True
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Comment {self.pk} on {self.section} of {self.version}"
