"""The risk register: what could go wrong with a use, how likely and how bad, and what is done about it."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from evaluations.models import EvaluationRun
from registry.models import RegisteredModel
from riskreview.models.findings import Finding

SCALE = 5  # likelihood and impact run from 1 to 5


class Treatment(models.TextChoices):
    """What is done about a risk (ISO 31000's four)."""

    ACCEPT = "accept", "Accept"
    AVOID = "avoid", "Avoid"
    MITIGATE = "mitigate", "Mitigate"
    TRANSFER = "transfer", "Transfer"


class RiskState(models.TextChoices):
    """Where it stands."""

    OPEN = "open", "Open"
    TREATED = "treated", "Treated"
    ACCEPTED = "accepted", "Accepted"
    CLOSED = "closed", "Closed"


class Risk(models.Model):
    """One risk of one model. Likelihood and impact are 1 to 5; residual ones are missing until somebody rates them."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="risks")
    catalogue_id = models.CharField(
        max_length=16, blank=True
    )  # of riskreview's catalogue; empty for an own risk
    category = models.CharField(max_length=32)
    title = models.CharField(max_length=160)
    description = models.TextField()
    inherent_likelihood = models.PositiveSmallIntegerField()
    inherent_impact = models.PositiveSmallIntegerField()
    residual_likelihood = models.PositiveSmallIntegerField(null=True, blank=True)
    residual_impact = models.PositiveSmallIntegerField(null=True, blank=True)
    treatment = models.CharField(max_length=12, choices=Treatment, blank=True)
    controls = models.TextField(blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="risks_owned")
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="risks_raised")
    raised_at = models.DateTimeField()
    review_on = models.DateField()
    state = models.CharField(max_length=12, choices=RiskState, default=RiskState.OPEN)
    runs = models.ManyToManyField(EvaluationRun, related_name="risks", blank=True)
    findings = models.ManyToManyField(Finding, related_name="risks", blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    accepted_role = models.CharField(max_length=32, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_until = models.DateTimeField(null=True, blank=True)
    acceptance = models.TextField(blank=True)  # why
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(inherent_likelihood__range=(1, SCALE), inherent_impact__range=(1, SCALE)),
                name="risk_inherent_on_scale",
            ),
            models.CheckConstraint(
                condition=Q(residual_likelihood=None, residual_impact=None)
                | Q(residual_likelihood__range=(1, SCALE), residual_impact__range=(1, SCALE)),
                name="risk_residual_on_scale",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | Q(accepted_by__isnull=False, accepted_at__isnull=False, accepted_until__isnull=False)
                & ~Q(acceptance=""),
                name="risk_accepted_by_somebody_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"R-{self.pk} {self.title}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.model.ref}/risk:{self.pk}"
