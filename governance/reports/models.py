"""Audit reports: jobs that end in a PDF whose checksum is kept."""

import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User
from evaluations.models import Job
from registry.models import Environment, ModelVersion


class Report(Job):
    """An audit report of one version for one environment, as things stood when it was made or at a chosen moment."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reports")
    environment = models.CharField(max_length=16, choices=Environment)
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
            )
        ]

    def __str__(self) -> str:
        return f"Report {self.pk}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.version.ref}/report:{self.pk}"
