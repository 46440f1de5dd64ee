"""Reviews of who can do what."""

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from governance.entitlements.kinds import Flag, Kind


class Outcome(models.TextChoices):
    """What became of an entry."""

    OPEN = "open", "Not decided"
    KEPT = "kept", "Kept"
    TAKEN = "taken", "Taken away"
    GONE = "gone", "Gone meanwhile"


class AccessReview(models.Model):
    """One look at everything that anybody could do at its start."""

    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    why = models.CharField(max_length=300)
    finished_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=71, blank=True)  # of every entry with its outcome

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at=None), name="one_open_access_review"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None, digest="") | Q(finished_at__isnull=False) & ~Q(digest=""),
                name="access_review_ends_with_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"Access review {self.pk}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"access-review:{self.pk}"


class ReviewEntry(models.Model):
    """One entitlement as it stood at the start of a review, and what the reviewer made of it."""

    review = models.ForeignKey(AccessReview, on_delete=models.PROTECT, related_name="entries")
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=12, choices=Kind)
    holder = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    holder_name = models.CharField(max_length=200)
    what = models.TextField()
    since = models.DateTimeField(null=True, blank=True)
    given_by = models.CharField(max_length=200, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)
    flags = models.JSONField(default=list)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN)
    reason = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "review entries"
        constraints = [
            models.UniqueConstraint(fields=["review", "name"], name="access_entry_once"),
            models.CheckConstraint(
                condition=~Q(outcome__in=["kept", "taken"])
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason=""),
                name="access_entry_decided_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(holder=None) | ~Q(decided_by=F("holder")),
                name="access_entry_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder_name}: {self.what}"

    @property
    def labels(self) -> list[str]:
        """The flags in words."""
        return [str(Flag(flag).label) for flag in self.flags]
