"""What pipelines say they put where."""

from datetime import datetime

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


RUNNING = Q(status=DeploymentStatus.LIVE, ended_at=None)
"""What runs now, as far as pipelines have said."""
UNDECIDED = Q(status__in=[DeploymentStatus.STARTED, DeploymentStatus.LIVE], ended_at=None) & ~Q(problem="")
"""What runs or is on its way without a valid decision of the gate."""


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

    @property
    def is_running(self) -> bool:
        """Whether it runs now, as far as pipelines have said."""
        return self.status == DeploymentStatus.LIVE and self.ended_at is None

    @property
    def is_over(self) -> bool:
        """Whether it failed, ended or was rolled back."""
        return self.ended_at is not None

    @property
    def since(self) -> datetime:
        """When it went live; while it is on its way, when that began."""
        return self.finished_at or self.deployed_at

    @property
    def way(self) -> str:
        """The strategy, with its share of the traffic where it has one: `Canary, 10%`."""
        if self.traffic_share is None:
            return self.get_strategy_display()
        return f"{self.get_strategy_display()}, {self.traffic_share * 100:.4g}%"
