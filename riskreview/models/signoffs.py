"""Decisions that people signed, and the conditions that they set."""

from django.db import models
from django.db.models import Q

from accounts.models import SIGNING_ROLES, Role, User
from riskreview.models.reviews import Review


class Decision(models.TextChoices):
    """What a signer may say."""

    APPROVE = "approve", "Approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions", "Approve with conditions"
    REQUEST_CHANGES = "request_changes", "Request changes"
    REJECT = "reject", "Reject"


class SignOff(models.Model):
    """A person's decision in a role, bound to the digest of the evidence that they saw. Never edited."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="signoffs")
    role = models.CharField(max_length=32, choices=[(role.value, role.label) for role in SIGNING_ROLES])
    decision = models.CharField(max_length=24, choices=Decision)
    rationale = models.TextField()
    statement = models.TextField()  # what the signature means, as the signer read it
    evidence_digest = models.CharField(max_length=71)
    components = models.JSONField()  # name → digest of each part of the evidence
    signer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="signoffs")
    authenticated_by = models.CharField(max_length=80)
    signed_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(rationale=""), name="signoff_with_rationale"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | (Q(withdrawn_by__isnull=False) & ~Q(withdrawn_reason="")),
                name="withdrawn_by_somebody_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.get_decision_display()} by {self.signer}"

    @property
    def role_label(self) -> str:
        """The role in words."""
        return Role(self.role).label


class Condition(models.Model):
    """Something that a signer asks to be done by a date. Missed, the sign-off stops counting."""

    signoff = models.ForeignKey(SignOff, on_delete=models.PROTECT, related_name="conditions")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    met_at = models.DateTimeField(null=True, blank=True)
    met_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    met_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.text
