"""The risk register: what could go wrong with a use, how likely and how bad, and what is done about it."""

from datetime import date, timedelta

from django.db import models
from django.db.models import Q

from accounts.models import User
from evaluations.models import EvaluationRun
from policy.risk_scales import Rating
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
    ACCEPTED = "accepted", "Accepted"
    CLOSED = "closed", "Closed"


class Risk(models.Model):
    """One risk of one model. Likelihood and impact are 1 to 5, and missing until somebody rates them.

    An acceptance is of the level that the residual rating had then; a new rating ends it.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="risks")
    catalogue_id = models.CharField(
        max_length=16, blank=True
    )  # of riskreview's catalogue; empty for an own risk
    category = models.CharField(max_length=32)
    title = models.CharField(max_length=160)
    description = models.TextField()
    inherent_likelihood = models.PositiveSmallIntegerField(null=True, blank=True)
    inherent_impact = models.PositiveSmallIntegerField(null=True, blank=True)
    residual_likelihood = models.PositiveSmallIntegerField(null=True, blank=True)
    residual_impact = models.PositiveSmallIntegerField(null=True, blank=True)
    treatment = models.CharField(max_length=12, choices=Treatment, blank=True)
    controls = models.TextField(blank=True)  # one a line
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="risks_owned")
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="risks_raised")
    raised_at = models.DateTimeField()
    review_on = models.DateField()
    state = models.CharField(max_length=12, choices=RiskState, default=RiskState.OPEN)
    runs = models.ManyToManyField(EvaluationRun, related_name="risks", blank=True)
    findings = models.ManyToManyField(Finding, related_name="risks", blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    accepted_role = models.CharField(max_length=32, blank=True)
    accepted_level = models.CharField(max_length=12, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_until = models.DateTimeField(null=True, blank=True)
    acceptance = models.TextField(blank=True)  # why
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.TextField(blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(inherent_likelihood=None, inherent_impact=None)
                | Q(inherent_likelihood__range=(1, SCALE), inherent_impact__range=(1, SCALE)),
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
                & ~Q(acceptance="")
                & ~Q(accepted_level=""),
                name="risk_accepted_by_somebody_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed")
                | Q(closed_by__isnull=False, closed_at__isnull=False) & ~Q(closed_reason=""),
                name="risk_closed_by_somebody_with_reason",
            ),
            models.UniqueConstraint(
                fields=["model", "catalogue_id"],
                condition=~Q(state="closed") & ~Q(catalogue_id=""),
                name="catalogue_risk_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"R-{self.pk} {self.title}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.model.ref}/risk:{self.pk}"

    @property
    def inherent(self) -> Rating | None:
        """Likelihood and impact before controls."""
        return _rating(self.inherent_likelihood, self.inherent_impact)

    @property
    def residual(self) -> Rating | None:
        """Likelihood and impact after controls."""
        return _rating(self.residual_likelihood, self.residual_impact)

    @property
    def control_list(self) -> list[str]:
        """The controls, one by one."""
        return [line.strip() for line in self.controls.splitlines() if line.strip()]

    @property
    def accepted_through(self) -> date | None:
        """The last day on which the acceptance holds; it ends with that day."""
        return None if self.accepted_until is None else (self.accepted_until - timedelta(seconds=1)).date()

    @property
    def is_closed(self) -> bool:
        """Whether it is out of the register for now."""
        return self.state == RiskState.CLOSED


def _rating(likelihood: int | None, impact: int | None) -> Rating | None:
    return None if likelihood is None or impact is None else (likelihood, impact)


class RiskScale(models.Model):
    """One version of the scales that risks are rated on. Never changed: the newest one counts."""

    version = models.PositiveIntegerField(unique=True)
    content = models.JSONField()  # as policy.risk_scales reads it
    digest = models.CharField(max_length=71)
    note = models.TextField()
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"Risk scales v{self.version}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"risk-scales:{self.version}"
