"""Exceptions from the policy: waivers of one requirement, and break-glass in an emergency."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.models import SIGNING_ROLES, Role, User
from policy.context import after
from registry.models import Environment, ModelVersion, RegisteredModel
from riskreview.models.findings import Finding
from riskreview.models.tiers import TIERS

ROLE_CHOICES = [(role.value, role.label) for role in SIGNING_ROLES]


class WaiverState(models.TextChoices):
    """Where it stands by the hand of people. A granted waiver also ends by the clock."""

    REQUESTED = "requested", "Asked for"
    GRANTED = "granted", "Granted"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REVOKED = "revoked", "Revoked"


class Waiver(models.Model):
    """One requirement that a version, or every version of its model, need not meet in an environment for a time."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="waivers")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="waivers")
    whole_model = models.BooleanField(default=False)  # else for that version alone
    environment = models.CharField(max_length=16, choices=Environment)
    requirement = models.CharField(max_length=80)
    title = models.CharField(max_length=160)  # of the requirement, as the policy called it then
    shortfall = models.TextField()  # why it was unmet then, as the gate said
    tier = models.CharField(max_length=12, choices=TIERS)
    why = models.TextField()
    controls = models.TextField()  # what is done instead
    last_day = models.DateField()
    state = models.CharField(max_length=12, choices=WaiverState, default=WaiverState.REQUESTED)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="waivers_requested")
    requested_at = models.DateTimeField()
    granted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    ended_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state", "last_day"], name="waiver_by_end")]
        constraints = [
            models.CheckConstraint(condition=~Q(why="") & ~Q(controls=""), name="waiver_with_reasons"),
            models.CheckConstraint(
                condition=~Q(state__in=["granted", "revoked"]) | Q(granted_at__isnull=False),
                name="waiver_granted_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "granted"])
                | (Q(ended_at__isnull=False) & Q(ended_by__isnull=False) & ~Q(ended_reason="")),
                name="waiver_ended_by_somebody_with_reason",
            ),
            models.UniqueConstraint(
                fields=["version", "environment", "requirement"],
                condition=Q(state="requested"),
                name="waiver_asked_for_once",
            ),
        ]

    def __str__(self) -> str:
        return f"W-{self.pk} {self.title}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.version.ref}/waiver:{self.pk}"

    @property
    def scope(self) -> str:
        """What it is for, in words."""
        return f"{self.model.name}, every version" if self.whole_model else str(self.version)

    @property
    def ends_at(self) -> datetime:
        """The first moment at which it no longer counts."""
        return after(self.last_day)

    def is_live(self, at: datetime) -> bool:
        """Whether it was granted and has not ended, by hand or by the clock."""
        return self.state == WaiverState.GRANTED and at < self.ends_at


class WaiverApproval(models.Model):
    """One person's approval of a waiver, in one role."""

    waiver = models.ForeignKey(Waiver, on_delete=models.PROTECT, related_name="approvals")
    role = models.CharField(max_length=32, choices=ROLE_CHOICES)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    authenticated_by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["waiver", "person"], name="one_approval_each")]

    def __str__(self) -> str:
        return f"{self.person.name} ({Role(self.role).label.lower()})"


class BreakGlassState(models.TextChoices):
    """Where it stands by the hand of people. An active one also ends by the clock."""

    REQUESTED = "requested", "Asked for"
    ACTIVE = "active", "Active"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    ENDED = "ended", "Ended early"


class BreakGlass(models.Model):
    """An emergency: for some hours the gate lets a version run although the policy denies it."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="break_glass")
    environment = models.CharField(max_length=16, choices=Environment)
    reason = models.TextField()
    hours = models.PositiveSmallIntegerField()
    unmet = models.JSONField(default=list)  # ids of the requirements that held it back when it was asked for
    state = models.CharField(max_length=12, choices=BreakGlassState, default=BreakGlassState.REQUESTED)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="break_glass_requested")
    requested_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    finding = models.OneToOneField(
        Finding, on_delete=models.PROTECT, related_name="break_glass", null=True, blank=True
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "break-glass"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="break_glass_with_reason"),
            models.CheckConstraint(condition=Q(hours__gte=1, hours__lte=72), name="break_glass_of_72_hours"),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "ended"])
                | Q(began_at__isnull=False, ends_at__isnull=False, finding__isnull=False),
                name="break_glass_with_end_and_finding",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "active"])
                | (Q(ended_at__isnull=False) & Q(ended_by__isnull=False) & ~Q(ended_reason="")),
                name="break_glass_ended_with_reason",
            ),
            models.UniqueConstraint(
                fields=["version", "environment"],
                condition=Q(state="requested"),
                name="break_glass_asked_for_once",
            ),
        ]

    def __str__(self) -> str:
        return f"BG-{self.pk} {self.version} in {self.environment}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.version.ref}/break_glass:{self.pk}"

    def is_live(self, at: datetime) -> bool:
        """Whether it opens the gate at that moment, as far as its own dates go."""
        return self.state == BreakGlassState.ACTIVE and self.ends_at is not None and at < self.ends_at


class BreakGlassConsent(models.Model):
    """One person who takes responsibility for a break-glass, in one role; the first is who asked."""

    break_glass = models.ForeignKey(BreakGlass, on_delete=models.PROTECT, related_name="people")
    role = models.CharField(max_length=32, choices=ROLE_CHOICES)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    authenticated_by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["break_glass", "person"], name="one_consent_each")]

    def __str__(self) -> str:
        return f"{self.person.name} ({Role(self.role).label.lower()})"
