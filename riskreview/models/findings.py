"""Findings: what somebody found wrong, who answers for it, and how it ended."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from evaluations.models import EvaluationRun
from registry.models import ModelVersion, RegisteredModel


class Severity(models.TextChoices):
    """How bad it is."""

    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class FindingOrigin(models.TextChoices):
    """What brought it up."""

    VALIDATION = "validation", "Validation"
    EVALUATION = "evaluation", "Evaluation"
    AUDIT = "audit", "Audit"
    INCIDENT = "incident", "Incident"
    BREAK_GLASS = "break_glass", "Break-glass"


class FindingState(models.TextChoices):
    """Where it stands. Overridden: a risk officer let it stand, with the reason."""

    OPEN = "open", "Open"
    RESPONDED = "responded", "Responded"
    REMEDIATED = "remediated", "Remediated"
    VERIFIED = "verified", "Verified"
    CLOSED = "closed", "Closed"
    OVERRIDDEN = "overridden", "Overridden"


OPEN_FINDINGS = (FindingState.OPEN, FindingState.RESPONDED, FindingState.REMEDIATED)
"""States in which a finding still stands against a version."""


class Finding(models.Model):
    """Something wrong with a model, or with one version of it (no version: with every version)."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="findings")
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="findings", null=True, blank=True
    )
    run = models.ForeignKey(
        EvaluationRun, on_delete=models.PROTECT, related_name="findings", null=True, blank=True
    )
    check_failed = models.CharField(max_length=160, blank=True)  # of the run: the metric and what was asked
    origin = models.CharField(max_length=16, choices=FindingOrigin)
    severity = models.CharField(max_length=8, choices=Severity)
    title = models.CharField(max_length=160)
    description = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="findings_owned")
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="findings_raised")
    raised_at = models.DateTimeField()
    due_on = models.DateField()
    state = models.CharField(max_length=12, choices=FindingState, default=FindingState.OPEN)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(title=""), name="finding_with_title")]

    def __str__(self) -> str:
        return f"F-{self.pk} {self.title}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.model.ref}/finding:{self.pk}"
