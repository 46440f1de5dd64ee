"""What pipelines say they put where."""

from django.db import models
from django.db.models import Q

from registry.models.versions import ModelVersion


class Environment(models.TextChoices):
    """Where a version may run, in the order in which it gets there."""

    DEVELOPMENT = "development", "Development"
    STAGING = "staging", "Staging"
    PRODUCTION = "production", "Production"


class DeploymentStatus(models.TextChoices):
    """How far a deployment got."""

    STARTED = "started", "Started"
    LIVE = "live", "Live"
    FAILED = "failed", "Failed"
    ROLLED_BACK = "rolled_back", "Rolled back"
    ENDED = "ended", "Ended"


class Strategy(models.TextChoices):
    """How a version meets its traffic."""

    REAL_TIME = "real_time", "Real time"
    BATCH = "batch", "Batch"
    SHADOW = "shadow", "Shadow"
    CANARY = "canary", "Canary"
    AB = "ab", "A/B"


class Deployment(models.Model):
    """What a pipeline says it put where, and under which decision of the gate."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    environment = models.CharField(max_length=16, choices=Environment)
    decision_id = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=12, choices=DeploymentStatus, default=DeploymentStatus.LIVE)
    strategy = models.CharField(max_length=12, choices=Strategy, default=Strategy.REAL_TIME)
    traffic_share = models.FloatField(null=True, blank=True)  # of canary and A/B, 0 to 1
    problem = models.CharField(
        max_length=300, blank=True
    )  # why no valid decision carried it when it was reported
    note = models.CharField(max_length=300, blank=True)
    reported_by = models.CharField(max_length=120)
    deployed_at = models.DateTimeField()  # when it was started
    finished_at = models.DateTimeField(null=True, blank=True)  # when it went live or failed
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-deployed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(environment__in=["development", "staging", "production"]),
                name="deployment_environment_known",
            ),
            models.CheckConstraint(
                condition=Q(traffic_share=None) | Q(traffic_share__gte=0, traffic_share__lte=1),
                name="deployment_share_of_traffic",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} in {self.environment}"
