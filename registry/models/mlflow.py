"""Tracking servers of MLflow that versions come from and go back to."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import User
from registry.models.uses import RegisteredModel

DEFAULT_SERVER = "default"
"""The name of the store that MLFLOW_TRACKING_URI names; it is there by itself."""


class TrackingServer(models.Model):
    """An MLflow tracking server or store. Its credentials are in the environment, never here."""

    name = models.SlugField(max_length=40, unique=True)
    uri = models.CharField(max_length=300, blank=True)  # the default store's is in the environment
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="tracking_servers", null=True, blank=True
    )  # who connected it; nobody did with the default store
    every_minutes = models.PositiveIntegerField(default=0)  # 0: only when asked
    writes_back = models.BooleanField(default=False)  # tags and aliases
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"mlflow:{self.name}"

    @property
    def is_default(self) -> bool:
        """Whether it is the store of MLFLOW_TRACKING_URI."""
        return self.name == DEFAULT_SERVER

    @property
    def address(self) -> str:
        """Where it is."""
        return settings.MLFLOW_TRACKING_URI if self.is_default else self.uri


class TrackedModel(models.Model):
    """A registered model of a tracking server whose versions come into one model here."""

    server = models.ForeignKey(TrackingServer, on_delete=models.PROTECT, related_name="tracked")
    name = models.CharField(max_length=200)  # as MLflow calls it
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="tracked")
    written = models.JSONField(
        default=dict, blank=True
    )  # what was last written back, so that nothing is sent twice
    not_taken = models.JSONField(
        default=dict, blank=True
    )  # number of a version → why it stays out, until somebody asks for it again
    created_at = models.DateTimeField()

    NOT_ATTESTED: ClassVar = "Where news of MLflow goes; the versions that came in are attested themselves"

    class Meta:
        ordering = ["server", "name"]
        constraints = [models.UniqueConstraint(fields=["server", "name"], name="tracked_model_once")]

    def __str__(self) -> str:
        return f"{self.server}: {self.name}"


class SyncStatus(models.TextChoices):
    """Where a round is."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class SyncRun(models.Model):
    """One round of bringing in and writing back: a job row, because Celery only wakes workers."""

    server = models.ForeignKey(TrackingServer, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=12, choices=SyncStatus, default=SyncStatus.QUEUED)
    wanted = models.JSONField(default=dict, blank=True)  # registry/wishes.py
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(default=0)
    step = models.CharField(max_length=160, blank=True)
    failure = models.CharField(max_length=500, blank=True)
    outcome = models.JSONField(
        default=dict, blank=True
    )  # counts, and one line for each model that was not taken

    NOT_ATTESTED: ClassVar = "A job; what it brought in is attested itself"

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["server", "status"],
                condition=Q(status__in=["queued", "running"]),
                name="one_sync_waits_and_one_runs",
            )
        ]

    def __str__(self) -> str:
        return f"Sync {self.pk} of {self.server}"

    @property
    def is_live(self) -> bool:
        """Queued or running."""
        return self.status in (SyncStatus.QUEUED, SyncStatus.RUNNING)

    @property
    def percent(self) -> int:
        """Progress for people."""
        return round(self.progress * 100)


class HookDelivery(models.Model):
    """A message of MLflow that was taken, remembered for as long as it would still count as fresh."""

    server = models.ForeignKey(TrackingServer, on_delete=models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=100)
    received_at = models.DateTimeField()

    NOT_ATTESTED: ClassVar = "Remembered for some minutes, so that no message counts twice"

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["server", "delivery_id"], name="delivery_taken_once")]

    def __str__(self) -> str:
        return self.delivery_id
