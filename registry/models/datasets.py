"""Data sets: immutable versions of tables, what their columns mean and who may see them."""

from django.db import models

from accounts.models import User


class DatasetRole(models.TextChoices):
    """What a data set is for."""

    TRAINING = "training", "Training"
    VALIDATION = "validation", "Validation"
    TEST = "test", "Test"
    PRODUCTION_SAMPLE = "production_sample", "Production sample"


class Classification(models.TextChoices):
    """How far the content may travel."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"
    CONFIDENTIAL = "confidential", "Confidential"
    RESTRICTED = "restricted", "Restricted"


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
    reference_groups = models.JSONField(
        default=dict, blank=True
    )  # sensitive column → the value compared with
    classification = models.CharField(max_length=16, choices=Classification, default=Classification.INTERNAL)
    confidential = models.JSONField(default=list, blank=True)  # columns whose values few may see
    legal_basis = models.CharField(max_length=300, blank=True)
    schema = models.JSONField(default=dict, blank=True)  # what the rows must hold; registry/schemas.py
    validation = models.JSONField(default=dict, blank=True)  # how the rows fared against it
    profile = models.JSONField(default=dict, blank=True)  # missing, ranges, counts by column
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

    @property
    def filename(self) -> str:
        """What its file is called when somebody downloads it."""
        return f"{self.name}-{self.version}.{self.file.rpartition('.')[2]}"
