"""Audit reports: jobs that end in a PDF whose checksum is kept."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User
from evaluations.models import Job
from registry.models import Environment, ModelVersion, RegisteredModel


class ReportKind(models.TextChoices):
    """What a report tells of."""

    VERSION = "version", "Audit report of a version"
    MODEL = "model", "Model file"
    GATE = "gate", "Gate activity"
    VALIDATION = "validation", "Validation report"
    PORTFOLIO = "portfolio", "Portfolio report"
    FRAMEWORK = "framework", "Framework report"


OF_A_VERSION = (ReportKind.VERSION, ReportKind.VALIDATION)
"""Kinds that tell of one version in one environment, now or at a moment in the past."""


class Report(Job):
    """A report of one kind, as things stood when it was made or at a chosen moment.

    Of a version for one environment; of a model with all its versions; of a period, from `since` to `as_of`; of the
    whole portfolio, with what changed since `since`; of a control framework, for one model or for all.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=ReportKind, default=ReportKind.VERSION)
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="reports", null=True, blank=True
    )
    model = models.ForeignKey(
        RegisteredModel, on_delete=models.PROTECT, related_name="reports", null=True, blank=True
    )
    environment = models.CharField(max_length=16, choices=Environment, blank=True)
    framework = models.CharField(max_length=64, blank=True)
    framework_name = models.CharField(max_length=200, blank=True)  # as it was called when this was asked
    since = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField()
    past = models.BooleanField(default=False)  # as_of was chosen; what it says is rebuilt from the record
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reports", null=True)
    requested_as = models.CharField(max_length=120)
    requester_name = models.CharField(max_length=120)
    file = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    pages = models.PositiveIntegerField(null=True, blank=True)
    # The signature inside the PDF: whom the certificate names and who issued it (RFC 4514), its last moment, and the
    # authority that stamped the time. Empty where no certificate was configured.
    signed_by = models.CharField(max_length=500, blank=True)
    signed_issuer = models.CharField(max_length=500, blank=True)
    signed_until = models.DateTimeField(null=True, blank=True)
    stamped_by = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="succeeded") | ~Q(sha256=""), name="report_succeeds_with_checksum"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["version", "validation"], version__isnull=False)
                | Q(kind="model", model__isnull=False, version__isnull=True)
                | Q(kind__in=["gate", "portfolio"], since__isnull=False, version=None, model=None)
                | Q(kind="framework", version__isnull=True) & ~Q(framework=""),
                name="report_names_its_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"Report {self.pk}"

    @property
    def about(self) -> ModelVersion | RegisteredModel | None:
        """The one thing that it is about, if it is about one."""
        return self.version or self.model

    @property
    def its_version(self) -> ModelVersion:
        """The version, of a report that is of one."""
        if self.version is None:
            raise ValueError(f"{self} is of no version.")
        return self.version

    @property
    def its_model(self) -> RegisteredModel:
        """The model, of a report that is of one with all its versions."""
        if self.model is None:
            raise ValueError(f"{self} is of no model.")
        return self.model

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        about = self.about
        return f"{about.ref}/report:{self.pk}" if about else f"report:{self.pk}"

    @property
    def has_bundle(self) -> bool:
        """Whether an evidence bundle can hold what it rests on: that of a portfolio is the record of every model."""
        return self.kind != ReportKind.PORTFOLIO

    @property
    def title(self) -> str:
        """What it is about, in the words of a list."""
        if self.version is not None:
            return str(self.version)
        if self.kind == ReportKind.FRAMEWORK:
            return f"{self.framework_name}, {self.model.name}" if self.model else self.framework_name
        if self.model is not None:
            return self.model.name
        if self.kind == ReportKind.PORTFOLIO:
            return "The whole portfolio"
        return f"{self.since:%Y-%m-%d} to {self.as_of:%Y-%m-%d}"

    @property
    def note(self) -> str:
        """What kind it is, and for which environment."""
        where = f", {self.get_environment_display().lower()}" if self.environment else ""
        return f"{self.get_kind_display()}{where}"

    @property
    def name(self) -> str:
        """What its files are called."""
        about = f"{self.version.model.slug}-v{self.version.version}" if self.version else ""
        about = self.model.slug if self.model else about
        kind = "" if self.kind == ReportKind.VERSION else self.kind
        parts = (about, self.framework or kind, self.environment)
        return "-".join([*(part for part in parts if part), f"{self.as_of:%Y-%m-%d}"])
