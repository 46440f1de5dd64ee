"""Policy packs as they were imported, what activating one would change, and who asked for and confirmed it."""

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from evaluations.models import Job


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


class Simulation(Job):
    """What judging every version by a pack would change, as things stood at one moment. `against` was in force then."""

    pack = models.ForeignKey(PolicyPack, on_delete=models.PROTECT, related_name="simulations")
    pack_digest = models.CharField(max_length=71)
    against = models.ForeignKey(PolicyPack, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    against_digest = models.CharField(max_length=71, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="simulations")
    as_of = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    result_digest = models.CharField(max_length=71, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["pack"], condition=Q(status__in=["queued", "running"]), name="one_live_simulation"
            ),
            models.CheckConstraint(
                condition=~Q(status="succeeded") | (~Q(result_digest="") & Q(as_of__isnull=False)),
                name="simulation_succeeds_with_result",
            ),
        ]

    def __str__(self) -> str:
        return f"Impact preview {self.pk}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.pack.ref}/simulation:{self.pk}"


class ActivationState(models.TextChoices):
    """What became of the wish to let a pack judge."""

    ASKED = "asked", "Waits for a second person"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    ALONE = "alone", "Activated by one person"


class Activation(models.Model):
    """One person asked to activate a pack after seeing what it changes; another one decided."""

    pack = models.ForeignKey(PolicyPack, on_delete=models.PROTECT, related_name="activations")
    simulation = models.ForeignKey(
        Simulation, on_delete=models.PROTECT, related_name="activations", null=True, blank=True
    )
    state = models.CharField(max_length=12, choices=ActivationState, default=ActivationState.ASKED)
    why = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="activations_asked")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="activations_decided", null=True, blank=True
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["pack"], condition=Q(state="asked"), name="one_open_activation"),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | Q(decided_by__isnull=False, simulation__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="two_people_activate",
            ),
        ]

    def __str__(self) -> str:
        return f"Activation of {self.pack}"
