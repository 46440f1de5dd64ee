"""Reviews and what is said in them."""

from django.db import models

from accounts.models import User
from registry.models import Environment, ModelVersion


class Review(models.Model):
    """The request that a version may run in an environment, and the place where people answer it."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reviews")
    environment = models.CharField(max_length=16, choices=Environment)
    note = models.TextField(blank=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reviews_opened")
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    approved_at = models.DateTimeField(null=True, blank=True)  # first time that the gate could allow

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "environment"], name="one_review_per_environment")
        ]

    def __str__(self) -> str:
        return f"Review of {self.version} for {self.environment}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.version.ref}/review:{self.environment}"


class Comment(models.Model):
    """A remark in a review. Decides nothing."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="comments")
    text = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"
