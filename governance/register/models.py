from django.db import models
from django.db.models import Q

from accounts.models import User
from registry.models import RegisteredModel


class Publication(models.Model):
    """What the register says of a model, in the words that were previewed and published.

    Never changed but to end it; new words are a new publication. What the record says of the moment (status, tier,
    laws, last review) is told as it stands when somebody reads.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="publications")
    words = models.JSONField()  # as words.Words writes itself
    digest = models.CharField(max_length=71)  # of the words
    note = models.TextField()  # why it is published; not shown outside
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["model"], condition=Q(ended_at=None), name="one_publication_of_a_model"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_by__isnull=False) & ~Q(ended_reason=""),
                name="publication_ended_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.words['name']} in the public register"
