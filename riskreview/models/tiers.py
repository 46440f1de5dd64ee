"""The answers about a use, and the tier that they give."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from registry.models import RegisteredModel

TIERS = [
    ("low", "Low"),
    ("moderate", "Moderate"),
    ("high", "High"),
    ("critical", "Critical"),
    ("prohibited", "Prohibited"),
]


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
