"""Tracking servers of MLflow that versions come from and go back to."""

from django.db import models

from accounts.models import User
from registry.models.uses import RegisteredModel


class TrackingServer(models.Model):
    """An MLflow tracking server or store. Its credentials are in the environment, never here."""

    name = models.SlugField(max_length=40, unique=True)
    uri = models.CharField(max_length=300)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tracking_servers")
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


class TrackedModel(models.Model):
    """A registered model of a tracking server whose versions come into one model here."""

    server = models.ForeignKey(TrackingServer, on_delete=models.PROTECT, related_name="tracked")
    name = models.CharField(max_length=200)  # as MLflow calls it
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="tracked")
    written = models.JSONField(
        default=dict, blank=True
    )  # what was last written back, so that nothing is sent twice
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["server", "name"]
        constraints = [models.UniqueConstraint(fields=["server", "name"], name="tracked_model_once")]

    def __str__(self) -> str:
        return f"{self.server}: {self.name}"


class SyncRun(models.Model):
    """One round of bringing in and writing back: a job row, because Celery only wakes workers."""

    server = models.ForeignKey(TrackingServer, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=12, default="queued")  # queued, running, succeeded, failed
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(default=0)
    failure = models.CharField(max_length=500, blank=True)
    outcome = models.JSONField(
        default=dict, blank=True
    )  # counts, and one line for each model that was not taken

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Sync {self.pk} of {self.server}"
