"""The gate's decisions with their grounds, and the calls remembered for retries."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import ApiKey
from governance.pipelines.models import TrustRule
from registry.models import Environment, ModelVersion
from riskreview.models import PolicyPack


class GateDecision(models.Model):
    """One answer of the gate with all its grounds. Never edited."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="decisions")
    environment = models.CharField(max_length=16, choices=Environment)
    decision = models.CharField(max_length=8, choices=[("allow", "Allow"), ("deny", "Deny")])
    basis = models.CharField(max_length=16, default="policy")
    tier = models.CharField(max_length=12, blank=True)
    dry_run = models.BooleanField(default=False)
    summary = models.TextField()
    requirements = models.JSONField()
    policy = models.ForeignKey(PolicyPack, on_delete=models.PROTECT, null=True, blank=True)
    evidence_digest = models.CharField(max_length=71)
    components = models.JSONField()
    context = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=120)
    asker_name = models.CharField(max_length=120)
    pipeline = models.JSONField(null=True, blank=True)  # who asked by an identity token: claims of interest
    decided_at = models.DateTimeField(db_index=True)
    valid_until = models.DateTimeField()
    exceptions = models.JSONField(null=True, blank=True)  # the waivers or break-glass that made it an allow
    attestation = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-decided_at"]
        indexes = [models.Index(fields=["version", "environment", "-decided_at"], name="decision_by_version")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision="allow") | Q(policy__isnull=False), name="allow_needs_a_policy"
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.version} in {self.environment}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.version.ref}/env:{self.environment}"

    @property
    def page_url(self) -> str:
        """The absolute address of the page that says who must do what."""
        return settings.COUNTERSIGN_URL + reverse("gate:decision", args=[self.pk])

    @property
    def unmet(self) -> list[dict[str, Any]]:
        """The requirements that held it back."""
        return [item for item in self.requirements if item["result"] in ("unsatisfied", "error")]


class IdempotentCall(models.Model):
    """A gate call under an Idempotency-Key. Without an answer it is still in flight."""

    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    rule = models.ForeignKey(TrustRule, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    token = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    decision = models.ForeignKey(GateDecision, on_delete=models.PROTECT, null=True, blank=True)

    NOT_ATTESTED: ClassVar = "Remembered for a day, so that a retry gets the decision that was recorded"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "token"], name="idempotency_key_once"),
            models.UniqueConstraint(fields=["rule", "token"], name="idempotency_key_once_per_rule"),
            models.CheckConstraint(
                condition=Q(key__isnull=True) ^ Q(rule__isnull=True), name="idempotent_call_has_one_asker"
            ),
        ]

    def __str__(self) -> str:
        return self.token
