"""Models: the uses of machine learning, what they depend on, and the fields that an organisation adds to them."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import User

NEVER = uuid.UUID(int=0)
"""The stamp of what the inventory has not looked at yet."""


class ModelKind(models.TextChoices):
    """What kind of answer a model gives; it decides which evaluations apply."""

    BINARY = "binary_classification", "Binary classification"
    MULTICLASS = "multiclass_classification", "Multiclass classification"
    MULTILABEL = "multilabel_classification", "Multilabel classification"
    REGRESSION = "regression", "Regression"
    RANKING = "ranking", "Ranking"
    FORECASTING = "forecasting", "Forecasting"
    CLUSTERING = "clustering", "Clustering"
    GENERATIVE = "generative", "Generative or language model"
    RULE_SET = "rule_set", "Rule set"
    NOT_A_MODEL = "not_a_model", "Not a model"


class Lifecycle(models.TextChoices):
    """Whether a model is in use at all. Suspended and retired models are denied everywhere.

    The stages before (proposed, in development, in validation, approved, in use) follow from the evidence and the
    deployments and are never stored; governance/portfolio/stages.py tells them.
    """

    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    RETIRED = "retired", "Retired"


class Origin(models.TextChoices):
    """Where a model comes from."""

    IN_HOUSE = "in_house", "In-house"
    VENDOR = "vendor", "Vendor"
    OPEN_SOURCE = "open_source", "Open source"
    FOUNDATION_MODEL = "foundation_model", "Foundation model"


class RegisteredModel(models.Model):
    """A use of machine learning: what is decided, for whom, and who answers for it. Versions implement it."""

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    purpose = models.TextField()
    decides = models.CharField(max_length=200, blank=True)  # the decisions that it serves
    products = models.CharField(max_length=200, blank=True)  # the products and processes that it serves
    expected_use = models.TextField(blank=True)
    actual_use = models.TextField(blank=True)
    restrictions = models.TextField(blank=True)
    business_line = models.CharField(max_length=80, blank=True)
    team = models.CharField(max_length=80, blank=True)
    closed = models.BooleanField(
        null=True
    )  # only its own people see it; None: as its team says; registry/sight.py
    origin = models.CharField(max_length=20, choices=Origin, default=Origin.IN_HOUSE)
    supplier = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=32, choices=ModelKind)
    kind_reason = models.TextField(blank=True)  # why it is not a model, where it is none
    jurisdictions = models.JSONField(
        default=list, blank=True
    )  # codes such as "EU", "US-NY"; registry/places.py
    regulated_uses = models.JSONField(default=list, blank=True)  # ids; registry/regulated.py
    custom = models.JSONField(
        default=dict, blank=True
    )  # key of a CustomField → text, number, ISO date, user name
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="owned_models")
    developers = models.ManyToManyField(User, related_name="developed_models", blank=True)
    former_team = models.JSONField(default=dict, editable=False)  # who owned or developed it → until when
    lifecycle = models.CharField(max_length=16, choices=Lifecycle, default=Lifecycle.ACTIVE)
    lifecycle_reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    entry_stamp = models.UUIDField(default=uuid.uuid4, editable=False)  # new with each change of the entry
    listed_stamp = models.UUIDField(
        default=NEVER, editable=False
    )  # the one that the inventory's row was made of

    NOT_ATTESTED: ClassVar = {
        "entry_stamp": "a mark for the inventory's own table",
        "listed_stamp": "a mark for the inventory's own table",
    }

    class Meta:
        ordering = ["slug"]
        indexes = [
            models.Index(
                fields=["id"], condition=~Q(entry_stamp=F("listed_stamp")), name="model_to_list_again"
            ),
            models.Index(fields=["team"], name="model_by_team"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifecycle="active") | ~Q(lifecycle_reason=""), name="model_stopped_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(kind="not_a_model") | ~Q(kind_reason=""), name="no_model_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"model:{self.slug}"


class ModelTag(models.Model):
    """A word that people sort models by."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="tags")
    name = models.SlugField(max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="tag_once_per_model")]

    def __str__(self) -> str:
        return self.name


class ModelDependency(models.Model):
    """One model takes what another one answers: stopping the other one touches it."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="dependencies")
    depends_on = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="dependents")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["model", "depends_on"]
        constraints = [
            models.UniqueConstraint(fields=["model", "depends_on"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(model=F("depends_on")), name="no_dependency_on_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.model} depends on {self.depends_on}"


class FieldKind(models.TextChoices):
    """What a field that an administrator defines can hold."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    CHOICE = "choice", "Choice"
    PERSON = "person", "Person"


class CustomField(models.Model):
    """A field of the inventory that the organisation defined for itself. Values are in RegisteredModel.custom."""

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=FieldKind)
    choices = models.JSONField(default=list, blank=True)  # the texts of a choice
    help = models.CharField(max_length=200, blank=True)
    required_from = models.CharField(
        max_length=12, blank=True
    )  # the lowest tier that must fill it in; "" asks none
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.label

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"field:{self.key}"
