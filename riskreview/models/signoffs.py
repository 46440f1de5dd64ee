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
    acting_for = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )  # the holder of the role, where the signer stood in for them
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

    @property
    def signed_as(self) -> str:
        """The role in words, and for whom: "Risk officer, for Ada Okafor"."""
        return f"{self.role_label}, for {self.acting_for.name}" if self.acting_for else self.role_label

    @property
    def signed_in_words(self) -> str:
        """The same within a sentence: "risk officer, for Ada Okafor"."""
        return self.signed_as[:1].lower() + self.signed_as[1:]


class Condition(models.Model):
    """Something that a signer asks to be done by a date. Missed, the sign-off stops counting.

    Its owner says that it is met, and the signer's role verifies that or sends it back.
    """

    signoff = models.ForeignKey(SignOff, on_delete=models.PROTECT, related_name="conditions")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="obligations", null=True, blank=True
    )  # None: the owner of the model
    met_at = models.DateTimeField(null=True, blank=True)
    met_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    met_note = models.CharField(max_length=300, blank=True)
    met_evidence = models.CharField(max_length=300, blank=True)  # an address or a reference
    sent_back = models.CharField(max_length=300, blank=True)  # why the last meeting was not accepted
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    verified_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verified_at=None) | Q(verified_by__isnull=False, met_at__isnull=False),
                name="condition_verified_after_meeting",
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def answers_for_it(self) -> User:
        """The person who owes it."""
        return self.owner or self.signoff.review.version.model.owner

    @property
    def evidence_is_link(self) -> bool:
        """Whether what shows that it is met can be opened."""
        return self.met_evidence.startswith(("https://", "http://"))
