"""What people judge by and what they judged: policy packs, tiers, reviews, sign-offs and comments."""

from django.db import models
from django.db.models import Q

from accounts.models import SIGNING_ROLES, Role, User
from registry.models import Environment, ModelVersion, RegisteredModel

TIERS = [
    ("low", "Low"),
    ("moderate", "Moderate"),
    ("high", "High"),
    ("critical", "Critical"),
    ("prohibited", "Prohibited"),
]


class PolicyPack(models.Model):
    """A policy as it was imported: its text, its digest. Immutable; at most one is active."""

    name = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=71, unique=True)
    source = models.TextField()
    imported_by = models.CharField(max_length=120)
    imported_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="pack_version_once"),
            models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="one_active_pack"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"policy:{self.name}/version:{self.version}"


class TierAssessment(models.Model):
    """The owner's answers about a use, the tier that they give, and a risk officer's confirmation of it.

    The newest one of a model counts. It keeps the version and digest of the questionnaire that it answered.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="tier_assessments")
    questionnaire_version = models.PositiveIntegerField()
    questionnaire_digest = models.CharField(max_length=71)
    answers = models.JSONField()  # question id → 0 to 4; what is missing counts as 4
    flags = models.JSONField(default=list)
    materiality = models.FloatField()
    inherent = models.FloatField()
    computed_tier = models.CharField(max_length=12, choices=TIERS)
    overrides = models.JSONField(default=list)
    explanation = models.TextField()
    assessed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tier_assessments")
    assessed_at = models.DateTimeField()
    confirmed_tier = models.CharField(max_length=12, choices=TIERS, blank=True)
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="tier_confirmations", null=True, blank=True
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    rationale = models.TextField(blank=True)
    digest = models.CharField(max_length=71)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_tier="", confirmed_by=None, confirmed_at=None)
                | (~Q(confirmed_tier="") & Q(confirmed_by__isnull=False, confirmed_at__isnull=False)),
                name="tier_confirmed_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.tier} for {self.model}"

    @property
    def tier(self) -> str:
        """The tier that counts: the confirmed one, else the one proposed by the answers."""
        return self.confirmed_tier or self.computed_tier

    @property
    def is_confirmed(self) -> bool:
        """Whether a risk officer stands behind it."""
        return bool(self.confirmed_tier)


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
