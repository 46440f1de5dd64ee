"""The questionnaire in its versions, the answers about a use, and the tier that they give."""

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from registry.models import RegisteredModel

TIERS = [
    ("low", "Low"),
    ("moderate", "Moderate"),
    ("high", "High"),
    ("critical", "Critical"),
    ("prohibited", "Prohibited"),
]


class QuestionnaireVersion(models.Model):
    """The tier questionnaire as somebody proposed it: its text, its digest. Immutable; at most one is active.

    What ships is version 1, kept when it is first answered or changed; nobody made it.
    """

    version = models.PositiveIntegerField(unique=True)
    digest = models.CharField(max_length=71, unique=True)
    source = models.TextField()
    note = models.TextField(blank=True)  # why it was changed
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="questionnaires_made", null=True, blank=True
    )
    made_at = models.DateTimeField()
    active = models.BooleanField(default=False)
    activated_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="questionnaires_activated", null=True, blank=True
    )
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["active"], condition=Q(active=True), name="one_active_questionnaire"
            ),
            models.CheckConstraint(
                condition=Q(active=False) | Q(activated_at__isnull=False), name="questionnaire_activated_once"
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | Q(made_by=None) | ~Q(activated_by=F("made_by")),
                name="questionnaire_of_two_people",
            ),
            models.CheckConstraint(
                condition=Q(made_by=None) | ~Q(note=""), name="questionnaire_changed_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"questionnaire v{self.version}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"questionnaire:version:{self.version}"


class TierAssessment(models.Model):
    """The owner's answers about a use, the tier that they give, and a risk officer's confirmation of it.

    The newest one of a model counts. It keeps the version and digest of the questionnaire that it answered, and what
    the inventory entry said of the use when somebody last stood behind it.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="tier_assessments")
    questionnaire_version = models.PositiveIntegerField()
    questionnaire_digest = models.CharField(max_length=71)
    answers = models.JSONField()  # question id → 0 to 4; what is missing counts as 4
    flags = models.JSONField(default=list)
    use = models.JSONField(null=True, blank=True)  # field → what it said; riskreview/use.py
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
    # Set when a questionnaire came into force that gives these answers another tier: which one, and by when to answer.
    retier_to = models.CharField(max_length=12, choices=TIERS, blank=True, default="")
    retier_by = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_tier="", confirmed_by=None, confirmed_at=None)
                | (~Q(confirmed_tier="") & Q(confirmed_by__isnull=False, confirmed_at__isnull=False)),
                name="tier_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(retier_to="", retier_by=None) | (~Q(retier_to="") & Q(retier_by__isnull=False)),
                name="tier_to_redo_by_a_date",
            ),
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
