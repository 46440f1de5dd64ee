"""Findings: what somebody found wrong, who answers for it, and how it ended."""

from datetime import date

from django.db import models
from django.db.models import F, Q

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


class IncidentKind(models.TextChoices):
    """What an incident led to, as laws tell incidents apart (EU AI Act Art. 3(49), 3(61) and 73; GDPR Art. 33)."""

    DEATH = "death", "Death of a person"
    HEALTH = "health", "Serious harm to a person's health"
    INFRASTRUCTURE = "infrastructure", "Serious and irreversible disruption of critical infrastructure"
    WIDESPREAD = "widespread", "Widespread infringement"
    RIGHTS = "rights", "Infringement of rights that Union law protects"
    PROPERTY = "property", "Serious harm to property or the environment"
    PERSONAL_DATA = "personal_data", "Breach of personal data"
    NONE = "none", "None of these"


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

STEPS = (
    FindingState.OPEN,
    FindingState.RESPONDED,
    FindingState.REMEDIATED,
    FindingState.VERIFIED,
    FindingState.CLOSED,
)
"""The way from raised to closed."""


class Response(models.TextChoices):
    """How its owner answered: with a plan to mend it, or by saying why it is none."""

    PLAN = "plan", "Plan"
    REBUTTAL = "rebuttal", "Rebuttal"


class StepKind(models.TextChoices):
    """What somebody did with a finding."""

    RAISED = "raised", "Raised"
    RESPONDED = "responded", "Responded with a plan"
    REBUTTED = "rebutted", "Rebutted"
    REBUTTAL_ACCEPTED = "rebuttal_accepted", "Rebuttal accepted"
    REBUTTAL_REFUSED = "rebuttal_refused", "Rebuttal refused"
    REMEDIATED = "remediated", "Remediated"
    VERIFIED = "verified", "Verified"
    NOT_VERIFIED = "not_verified", "Not verified"
    CLOSED = "closed", "Closed"
    EXTENSION_ASKED = "extension_asked", "Extension asked"
    EXTENSION_GRANTED = "extension_granted", "Extension granted"
    EXTENSION_REFUSED = "extension_refused", "Extension refused"
    OVERRIDDEN = "overridden", "Overridden"
    REOPENED = "reopened", "Re-opened"
    REASSIGNED = "reassigned", "Reassigned"
    CLASSIFIED = "classified", "Kind of incident said"
    ESCALATED = "escalated", "Escalated"


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
    response = models.CharField(max_length=8, choices=Response, blank=True)  # empty: none that stands
    answer = models.TextField(blank=True)  # the plan, or why it is no finding
    evidence = models.TextField(blank=True)  # that it is mended
    evidence_run = models.ForeignKey(
        EvaluationRun, on_delete=models.PROTECT, related_name="findings_mended", null=True, blank=True
    )
    remediated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    verified_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    overridden_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    override_reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # since when it no longer stands
    # Of an incident: what it led to (null: nobody has said), and since when it is known (null: since it was raised).
    incident_kinds = models.JSONField(null=True, blank=True)
    known_on = models.DateField(null=True, blank=True)
    escalated = models.PositiveSmallIntegerField(default=0)  # how far, for this due date: ESCALATIONS

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "due_on"], name="finding_due")]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="finding_with_title"),
            models.CheckConstraint(
                condition=~Q(state="verified")
                | Q(verified_by__isnull=False, remediated_by__isnull=False)
                & ~Q(verified_by=F("remediated_by"))
                & ~Q(verified_by=F("owner")),
                name="finding_verified_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=~Q(state="overridden") | Q(overridden_by__isnull=False) & ~Q(override_reason=""),
                name="finding_overridden_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "responded", "remediated"], ended_at=None)
                | Q(state__in=["verified", "closed", "overridden"], ended_at__isnull=False),
                name="finding_ended_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"F-{self.pk} {self.title}"

    @property
    def name(self) -> str:
        """What people call it."""
        return f"F-{self.pk}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.model.ref}/finding:{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it still stands against a version."""
        return self.state in OPEN_FINDINGS

    @property
    def is_rebutted(self) -> bool:
        """Whether its owner says that it is none, and nobody has judged that yet."""
        return self.state == FindingState.RESPONDED and self.response == Response.REBUTTAL

    @property
    def about(self) -> str:
        """What it stands against, in words."""
        return str(self.version) if self.version else f"{self.model.name}, every version"

    @property
    def is_incident(self) -> bool:
        """Whether it is an incident, which may have to be reported."""
        return self.origin == FindingOrigin.INCIDENT

    @property
    def incident_said(self) -> str:
        """What the incident led to, in words; nothing while nobody has said."""
        return ", ".join(IncidentKind(kind).label for kind in self.incident_kinds or ())

    @property
    def aware_on(self) -> date:
        """The day from which legal periods count: since when it is known, else when it was raised."""
        return self.known_on or self.raised_at.date()

    def is_overdue(self, today: date) -> bool:
        """Whether its date has passed while it stands."""
        return self.is_open and self.due_on < today


class FindingStep(models.Model):
    """One thing that was done with a finding. Written once."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20, choices=StepKind)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)  # None: the scheduler
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    due_on = models.DateField(null=True)  # the date that it was about, where it was about one

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"F-{self.finding_id}: {self.get_kind_display()}"


class FindingExtension(models.Model):
    """A later date that was asked for, and what became of it."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="extensions")
    until = models.DateField()
    reason = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    granted = models.BooleanField(null=True)  # None: nobody has decided
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["finding"], condition=Q(granted=None), name="one_extension_waits"
            ),
            models.CheckConstraint(
                condition=Q(granted=None) | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="extension_decided_by_somebody_else",
            ),
        ]

    def __str__(self) -> str:
        return f"F-{self.finding_id} until {self.until}"


class DueDays(models.Model):
    """One edition of the table of days by severity and tier; the newest counts, and none is ever changed."""

    number = models.PositiveIntegerField(unique=True)
    days = models.JSONField()  # severity → tier → days
    note = models.TextField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Due dates, edition {self.number}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return "policy:due-days"
