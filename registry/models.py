"""What exists: models, their versions with every file's digest, data sets, cards and deployments.

A version never changes once it is registered: new bytes are a new version. Cards change by new revisions.
"""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User


class ModelKind(models.TextChoices):
    """What kind of answer a model gives; it decides which evaluations apply."""

    BINARY = "binary_classification", "Binary classification"
    MULTICLASS = "multiclass_classification", "Multiclass classification"
    REGRESSION = "regression", "Regression"


class Lifecycle(models.TextChoices):
    """The life of a model as a whole. Suspended and retired models are denied everywhere."""

    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    RETIRED = "retired", "Retired"


class Environment(models.TextChoices):
    """Where a version may run, in the order in which it gets there."""

    DEVELOPMENT = "development", "Development"
    STAGING = "staging", "Staging"
    PRODUCTION = "production", "Production"


class RegisteredModel(models.Model):
    """A use of machine learning: what is decided, for whom, and who answers for it. Versions implement it."""

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    purpose = models.TextField()
    decides = models.CharField(max_length=200, blank=True)
    business_line = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=32, choices=ModelKind)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="owned_models")
    developers = models.ManyToManyField(User, related_name="developed_models", blank=True)
    lifecycle = models.CharField(max_length=16, choices=Lifecycle, default=Lifecycle.ACTIVE)
    lifecycle_reason = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifecycle="active") | ~Q(lifecycle_reason=""), name="model_stopped_with_reason"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"model:{self.slug}"


class DatasetRole(models.TextChoices):
    """What a data set is for."""

    TRAINING = "training", "Training"
    VALIDATION = "validation", "Validation"
    TEST = "test", "Test"
    PRODUCTION_SAMPLE = "production_sample", "Production sample"


class Dataset(models.Model):
    """One immutable version of a table: its digest, its columns and what they mean."""

    name = models.SlugField(max_length=64)
    version = models.CharField(max_length=40)
    role = models.CharField(max_length=20, choices=DatasetRole)
    digest = models.CharField(max_length=71)
    file = models.CharField(max_length=200)
    size = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    columns = models.JSONField()  # [{"name", "type"}] in the order of the file
    label = models.CharField(max_length=120, blank=True)
    positive = models.CharField(max_length=120, blank=True)
    prediction = models.CharField(max_length=120, blank=True)
    score = models.CharField(max_length=120, blank=True)
    sensitive = models.JSONField(default=list)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="datasets")
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "-registered_at"]
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="dataset_version_once")]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"dataset:{self.name}/version:{self.version}"


class VersionSource(models.TextChoices):
    """How a version came in."""

    MLFLOW = "mlflow", "MLflow"
    UPLOAD = "upload", "Upload"
    PREDICTIONS = "predictions", "Predictions only"


class ModelVersion(models.Model):
    """One immutable implementation of a model, bound to the digest of its files' manifest."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=40)
    source = models.CharField(max_length=16, choices=VersionSource)
    source_uri = models.CharField(max_length=400, blank=True)
    artifact_digest = models.CharField(max_length=71, db_index=True)
    artifact_format = models.CharField(max_length=40, blank=True)
    size = models.BigIntegerField()
    file_count = models.PositiveIntegerField()
    parameters = models.JSONField(default=dict)
    training_metrics = models.JSONField(default=dict)
    signature = models.JSONField(default=dict)  # {"inputs": [{"name", "type"}], "outputs": [...]}
    code_repository = models.CharField(max_length=300, blank=True)
    code_commit = models.CharField(max_length=64, blank=True)
    trained_on = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="trained_versions", null=True, blank=True
    )
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="registered_versions")
    registered_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    artifact_problem = models.CharField(max_length=300, blank=True)
    evidence_stamp = models.UUIDField(default=uuid.uuid4, editable=False)  # new with each change of evidence

    class Meta:
        ordering = ["model", "-registered_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "version"], name="version_once_per_model"),
            models.UniqueConstraint(fields=["model", "artifact_digest"], name="same_files_once_per_model"),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} v{self.version}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.model.ref}/version:{self.version}"

    @property
    def predictions_only(self) -> bool:
        """A vendor's model that we never hold, known by what it predicted."""
        return self.source == VersionSource.PREDICTIONS


class ArtifactFile(models.Model):
    """One file of a version. The manifest is the sorted list of these; its digest is the version's."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=300)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="file_once_per_version")]

    def __str__(self) -> str:
        return self.path

    @property
    def digest(self) -> str:
        """The file's digest with its algorithm."""
        return f"sha256:{self.sha256}"


class CardRevision(models.Model):
    """The model card of a version as somebody saved it. A change is a new revision."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="cards")
    number = models.PositiveIntegerField()
    sections = models.JSONField()  # section id → Markdown
    digest = models.CharField(max_length=71)
    note = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="card_revisions")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["version", "-number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="card_revision_once")]

    def __str__(self) -> str:
        return f"Card of {self.version}, revision {self.number}"


class Deployment(models.Model):
    """What a pipeline says it put where, and under which decision of the gate."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    environment = models.CharField(max_length=16, choices=Environment)
    decision_id = models.CharField(max_length=40)
    reported_by = models.CharField(max_length=120)
    deployed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-deployed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(environment__in=["development", "staging", "production"]),
                name="deployment_environment_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} in {self.environment}"
