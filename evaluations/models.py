"""What machines measured: evaluation runs, and the job rows that every worker's work stands on."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User
from registry.models import Dataset, ModelVersion


class JobStatus(models.TextChoices):
    """Where a job is. The row is the truth; Celery only wakes a worker."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


class Job(models.Model):
    """Work for a worker. A lease says who works on it until when; its token fences off a worker that lost it."""

    status = models.CharField(max_length=12, choices=JobStatus, default=JobStatus.QUEUED, db_index=True)
    progress = models.FloatField(default=0.0)  # 0 to 1
    step = models.CharField(max_length=120, blank=True)
    failure = models.TextField(blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_live(self) -> bool:
        """Queued or running."""
        return self.status in LIVE

    @property
    def percent(self) -> int:
        """Progress for people."""
        return round(self.progress * 100)


class EvaluationKind(models.TextChoices):
    """What is measured."""

    PERFORMANCE = "performance", "Performance"
    FAIRNESS = "fairness", "Fairness"
    EXPLAINABILITY = "explainability", "Explainability"


class EvaluationRun(Job):
    """One measurement of one version on one data set. A finished run never changes."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="evaluations")
    kind = models.CharField(max_length=20, choices=EvaluationKind)
    config = models.JSONField(default=dict)
    artifact_digest = models.CharField(max_length=71)
    dataset_digest = models.CharField(max_length=71)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="evaluations", null=True)
    requested_as = models.CharField(max_length=120)  # the actor's stable text: a person or a key
    result = models.JSONField(null=True, blank=True)
    result_digest = models.CharField(max_length=71, blank=True)
    provenance = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["version", "kind", "status"], name="run_by_version_kind")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="succeeded") | ~Q(result_digest=""), name="run_succeeds_with_result"
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure=""), name="run_fails_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.version.ref}/evaluation:{self.pk}"
