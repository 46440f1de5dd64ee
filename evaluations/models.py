"""What machines measured: runs, the schedules that start them, and the job rows that workers stand on."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import User
from registry.models import Dataset, DatasetRole, ModelVersion, RegisteredModel


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

    NOT_ATTESTED: ClassVar = dict.fromkeys(
        ("progress", "step", "attempt", "lease_token", "lease_until", "started_at"),
        "how the work goes on; what came of it is attested",
    )
    ATTESTED_AS: ClassVar = {"status": lambda status: "under way" if status in LIVE else status}

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
    CALIBRATION = "calibration", "Calibration"
    FAIRNESS = "fairness", "Fairness"
    EXPLAINABILITY = "explainability", "Explainability"
    ROBUSTNESS = "robustness", "Robustness"
    STABILITY = "stability", "Stability"
    DATA_QUALITY = "data_quality", "Data quality"
    PRIVACY = "privacy", "Privacy"
    SECURITY = "security", "Security"
    CUSTOM = "custom", "Custom"
    LOCAL_EXPLANATION = "local_explanation", "Explanation of one record"  # for people; never evidence


class PredictionSource(models.TextChoices):
    """Where a run's predictions come from."""

    MODEL = "model", "The registered model, run in the sandbox"
    COLUMNS = "columns", "Columns of the data set"
    ENDPOINT = "endpoint", "A scoring endpoint"
    REPORTED = "reported", "Reported by its maker, not measured here"


class Trigger(models.TextChoices):
    """What started a run."""

    DEMAND = "demand", "On demand"
    SUBMISSION = "submission", "On submission"
    SCHEDULE = "schedule", "On schedule"


class ArtifactMadeHere(models.Model):
    """The digest of an artifact that the product's own demo trained; such a model runs where no sandbox works."""

    artifact_digest = models.CharField(max_length=71, unique=True)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.artifact_digest


class WorkerSandbox(models.Model):
    """Which walls a worker's machine has, as tried when the worker started."""

    machine = models.CharField(max_length=120, unique=True)
    setting = models.CharField(max_length=16)  # COUNTERSIGN_SANDBOX
    used = models.CharField(max_length=16)  # the wall that runs get; "none", "off"
    tried = models.JSONField()  # [{"name", "works", "why", "remedy"}]
    tried_at = models.DateTimeField()

    NOT_ATTESTED: ClassVar = "What a worker found at its last start; each run says what it ran behind"

    class Meta:
        ordering = ["machine"]

    def __str__(self) -> str:
        return f"{self.machine}: {self.used}"


class Environment(Job):
    """The packages that versions ask for, installed once for each set of requirements, Python and platform."""

    STATES = {
        JobStatus.QUEUED: "queued",
        JobStatus.RUNNING: "building",
        JobStatus.SUCCEEDED: "ready",
        JobStatus.FAILED: "failed",
        JobStatus.CANCELLED: "removed",
    }

    digest = models.CharField(max_length=71, unique=True)
    requirements = models.JSONField()  # one spelling, sorted; what the predictor itself needs is among them
    python = models.CharField(max_length=20)
    platform = models.CharField(max_length=80)
    folder = models.CharField(max_length=120, blank=True)  # below var/environments
    installed = models.JSONField(default=dict)  # version by name of package
    size = models.BigIntegerField(default=0)
    log = models.TextField(blank=True)
    requirement = models.CharField(max_length=400, blank=True)  # the one that failed
    passing = models.BooleanField(default=False)  # trying again may help
    last_used_at = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = {"last_used_at": "each use", "log": "what the installer wrote, for people"}

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="succeeded") | ~Q(folder=""), name="environment_ready_in_a_folder"
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure=""), name="environment_fails_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Environment {self.short}"

    @property
    def short(self) -> str:
        """The beginning of the digest, as people name it."""
        return self.digest.removeprefix("sha256:")[:12]

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"environment:{self.short}"

    @property
    def state(self) -> str:
        """Queued, building, ready, failed, or removed because nobody used it."""
        return self.STATES[JobStatus(self.status)]

    @property
    def is_ready(self) -> bool:
        """Built, and not removed since."""
        return self.status == JobStatus.SUCCEEDED


class EvaluationRun(Job):
    """One measurement of one version on one data set. A finished run never changes."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="evaluations")
    kind = models.CharField(max_length=20, choices=EvaluationKind)
    config = models.JSONField(default=dict)
    source = models.CharField(max_length=12, choices=PredictionSource, default=PredictionSource.MODEL)
    trigger = models.CharField(max_length=12, choices=Trigger, default=Trigger.DEMAND)
    priority = models.PositiveSmallIntegerField(default=5)  # 0 first, 9 last
    reference = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="reference_of", null=True, blank=True
    )  # the data set compared with
    reference_digest = models.CharField(max_length=71, blank=True)
    against = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="compared_in", null=True, blank=True
    )  # the champion or the previous version
    against_digest = models.CharField(max_length=71, blank=True)
    log = models.TextField(blank=True)  # the last lines that the work wrote
    not_before = models.DateTimeField(null=True, blank=True)  # while it waits to be tried again
    awaits = models.ForeignKey(
        Environment, on_delete=models.PROTECT, related_name="awaited_by", null=True, blank=True
    )  # the environment that it waits for, or waited for last
    given_up = models.BooleanField(default=False)  # failed for want of a machine, not because of the model
    artifact_digest = models.CharField(max_length=71)
    dataset_digest = models.CharField(max_length=71)
    predictions = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="predictions_of", null=True, blank=True
    )  # a file of predictions of its own
    predictions_digest = models.CharField(max_length=71, blank=True)
    join = models.CharField(max_length=120, blank=True)  # the column that it shares with the data set
    endpoint_digest = models.CharField(
        max_length=71, blank=True
    )  # of the settings of the endpoint that scores
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="evaluations", null=True)
    requested_as = models.CharField(max_length=120)  # the actor's stable text: a person or a key
    result = models.JSONField(null=True, blank=True)
    result_digest = models.CharField(max_length=71, blank=True)
    provenance = models.JSONField(default=dict)

    NOT_ATTESTED: ClassVar = {
        "log": "what the work wrote, for people",
        "not_before": "how the work goes on",
        "awaits": "how the work goes on",
    }

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["version", "kind", "status"], name="run_by_version_kind"),
            models.Index(fields=["priority", "id"], condition=Q(status="queued"), name="run_most_urgent"),
        ]
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


class EndpointAnswers(models.TextChoices):
    """What a scoring endpoint answers for each row."""

    LABELS = "labels", "Labels"
    PROBABILITIES = "probabilities", "Probabilities of the positive class"
    NUMBERS = "numbers", "Numbers"


class EndpointBody(models.TextChoices):
    """How rows are written in a request."""

    INSTANCES = "instances", '{"instances": [{column: value}]}'
    SPLIT = "dataframe_split", '{"dataframe_split": {"columns", "data"}} (MLflow)'
    RECORDS = "records", "[{column: value}]"


class ScoringEndpoint(models.Model):
    """Where a version's predictions can be asked for. Its secret lies in the environment; only its name is here."""

    version = models.OneToOneField(ModelVersion, on_delete=models.PROTECT, related_name="endpoint")
    url = models.CharField(max_length=300)
    answers = models.CharField(max_length=16, choices=EndpointAnswers)
    body = models.CharField(max_length=16, choices=EndpointBody, default=EndpointBody.INSTANCES)
    answers_path = models.CharField(
        max_length=120, blank=True
    )  # to the list of answers; "" is the whole body
    prediction_path = models.CharField(max_length=120, blank=True)  # from there to a label or number
    score_path = models.CharField(max_length=120, blank=True)  # from there to a probability
    columns = models.JSONField(default=list, blank=True)  # sent; empty: the signature's, or every feature
    batch_size = models.PositiveIntegerField(default=100)
    requests_per_second = models.FloatField(default=10.0)
    timeout_seconds = models.FloatField(default=30.0)
    retries = models.PositiveSmallIntegerField(default=4)
    header = models.CharField(max_length=60, default="Authorization")
    secret_name = models.CharField(max_length=100, blank=True)  # COUNTERSIGN_ENDPOINT_…
    defined_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="endpoints")
    defined_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.url

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.version.ref}/endpoint"


class EvaluationSchedule(models.Model):
    """Measurements that start again and again: of one version, or of whatever version of a model is the newest."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="evaluation_schedules")
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="evaluation_schedules", null=True, blank=True
    )  # None: the newest when it is due
    kinds = models.JSONField(default=list)  # empty: the plan of the policy
    dataset_name = models.CharField(max_length=64, blank=True)  # "": by the plan
    dataset_version = models.CharField(max_length=40, blank=True)  # "": the newest of the name
    dataset_role = models.CharField(max_length=20, choices=DatasetRole, blank=True)  # "": any
    every_days = models.PositiveSmallIntegerField()
    next_at = models.DateTimeField(db_index=True)
    active = models.BooleanField(default=True)
    last_at = models.DateTimeField(null=True, blank=True)
    last_outcome = models.TextField(blank=True)  # what started, and what could not and why
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="evaluation_schedules")
    created_at = models.DateTimeField()

    NOT_ATTESTED: ClassVar = dict.fromkeys(
        ("next_at", "last_at", "last_outcome"),
        "moves on with the clock; each run that starts is on the record",
    )

    class Meta:
        ordering = ["next_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(every_days__gte=1) & Q(every_days__lte=366), name="schedule_within_a_year"
            )
        ]

    def __str__(self) -> str:
        return f"Schedule {self.pk}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.model.ref}/evaluation-schedule:{self.pk}"
