"""Versions: immutable implementations of a model, bound to the digest of their files' manifest."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from registry.models.datasets import Dataset
from registry.models.mlflow import TrackedModel
from registry.models.uses import NEVER, RegisteredModel


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
    flavors = models.JSONField(default=list, blank=True)  # of MLflow: "python_function", "sklearn", …
    parameters = models.JSONField(default=dict)
    training_metrics = models.JSONField(default=dict)
    hyperparameters = models.JSONField(default=dict, blank=True)
    random_seed = models.BigIntegerField(null=True, blank=True)
    python_version = models.CharField(max_length=20, blank=True)
    requirements = models.JSONField(default=list, blank=True)  # lines as pip takes them
    signature = models.JSONField(default=dict)  # {"inputs": [{"name", "type"}], "outputs": [...]}
    code_repository = models.CharField(max_length=300, blank=True)
    code_commit = models.CharField(max_length=64, blank=True)
    trained_on = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="trained_versions", null=True, blank=True
    )
    evaluated_on = models.ManyToManyField(Dataset, related_name="evaluated_versions", blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="children", null=True, blank=True
    )  # the version that it was made from
    tracked = models.ForeignKey(
        TrackedModel, on_delete=models.PROTECT, related_name="versions", null=True, blank=True
    )
    run_id = models.CharField(max_length=64, blank=True)  # of MLflow
    run = models.JSONField(default=dict, blank=True)  # that run as MLflow told it at registration
    signing = models.JSONField(
        default=dict, blank=True
    )  # what its OpenSSF model signature proves; registry/signing.py
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="registered_versions")
    registered_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    artifact_problem = models.CharField(max_length=300, blank=True)
    evidence_stamp = models.UUIDField(default=uuid.uuid4, editable=False)  # new with each change of evidence
    judged_stamp = models.UUIDField(
        default=NEVER, editable=False
    )  # the one that the inventory's row was judged on

    NOT_ATTESTED: ClassVar = {
        "tracked": "where news of MLflow goes; source_uri says where the version is from",
        "evidence_stamp": "new with each change of evidence, whatever it is",
        "judged_stamp": "a mark for the inventory's own table",
    }

    class Meta:
        ordering = ["model", "-registered_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "version"], name="version_once_per_model"),
            models.UniqueConstraint(fields=["model", "artifact_digest"], name="same_files_once_per_model"),
        ]
        indexes = [
            models.Index(
                fields=["model"],
                condition=~Q(evidence_stamp=F("judged_stamp")),
                name="version_to_judge_again",
            )
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

    NOT_ATTESTED: ClassVar = "The version's artifact_digest, which is attested, is the digest of these rows"

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="file_once_per_version")]

    def __str__(self) -> str:
        return self.path

    @property
    def digest(self) -> str:
        """The file's digest with its algorithm."""
        return f"sha256:{self.sha256}"


class Upload(models.Model):
    """Files on their way in, a piece at a time; what broke off goes on where it stopped."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="uploads")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="uploads")
    manifest = models.JSONField()  # [{"path", "size", "sha256"}] as announced
    started_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = "On its way in: nothing is registered before the version is"

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return str(self.id)
