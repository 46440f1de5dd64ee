"""Policy packs as they were imported."""

from django.db import models
from django.db.models import Q


class PolicyPack(models.Model):
    """A policy as it was imported: its text, its digest. Immutable; at most one is active."""

    name = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=71, unique=True)
    source = models.TextField()
    imported_by = models.CharField(max_length=120)
    imported_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="pack_version_once"),
            models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="one_active_pack"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"policy:{self.name}/version:{self.version}"
