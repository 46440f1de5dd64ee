"""The inventory's own table: one row for each model, ready to be filtered, sorted and searched.

A row repeats what the evidence said when it was last looked at, so it is never asked for a decision. upkeep.py
finds the rows that no longer speak of today and writes them anew.
"""

from typing import ClassVar

from django.db import models

from accounts.models import User
from registry.models import ModelVersion, RegisteredModel


class InventoryRow(models.Model):
    """A model with the standing of its newest version."""

    model = models.OneToOneField(
        RegisteredModel, on_delete=models.CASCADE, primary_key=True, related_name="inventory_row"
    )
    version = models.OneToOneField(
        ModelVersion, on_delete=models.CASCADE, null=True, related_name="inventory_row"
    )
    name_key = models.CharField(max_length=120)  # in small letters, for sorting
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    owner_key = models.CharField(max_length=160)
    kind = models.CharField(max_length=32)
    origin = models.CharField(max_length=20)
    line = models.CharField(max_length=80, blank=True)  # of business
    tier = models.CharField(max_length=12, blank=True)
    tier_rank = models.PositiveSmallIntegerField(default=0)  # 1 low to 5 prohibited, 0 without a tier
    tier_confirmed = models.BooleanField(default=False)
    status = models.CharField(max_length=12, blank=True)  # "" without a version
    stage = models.CharField(max_length=16)
    development = models.CharField(max_length=8, blank=True)  # the shape that says how the gate answers
    staging = models.CharField(max_length=8, blank=True)
    production = models.CharField(max_length=8, blank=True)
    answer = models.CharField(max_length=5, blank=True)  # of the gate in production: allow or deny
    note = models.CharField(max_length=200, blank=True)  # what keeps it out of production
    tags = models.JSONField(default=list)
    live_in = models.JSONField(default=list)  # environments where a pipeline says that it runs
    text = models.TextField()  # the words that the search finds it by, as search.words() makes them
    registered_at = models.DateTimeField(null=True)
    policy = models.BigIntegerField(default=0)  # primary key of the pack that judged it, 0 for none
    roles = models.BigIntegerField(null=True)  # how often roles had changed when it was judged
    judged_at = models.DateTimeField()
    holds_until = models.DateTimeField(null=True)  # when time alone changes it
    told_version = models.BigIntegerField(default=0)  # what turns.py compares with
    told_status = models.CharField(max_length=12, blank=True, default="")

    NOT_ATTESTED: ClassVar = "Repeats what the evidence said, for the list; never asked for a decision"

    class Meta:
        indexes = [
            models.Index(fields=["-tier_rank", "name_key"], name="inventory_by_tier"),
            models.Index(fields=["name_key"], name="inventory_by_name"),
            models.Index(fields=["status", "name_key"], name="inventory_by_status"),
            models.Index(fields=["stage", "name_key"], name="inventory_by_stage"),
            models.Index(fields=["owner_key", "name_key"], name="inventory_by_owner"),
            models.Index(fields=["-registered_at", "name_key"], name="inventory_by_date"),
            models.Index(fields=["answer", "name_key"], name="inventory_by_answer"),
            models.Index(fields=["line", "name_key"], name="inventory_by_line"),
            models.Index(fields=["policy"], name="inventory_by_policy"),
            models.Index(fields=["holds_until"], name="inventory_by_end"),
        ]

    def __str__(self) -> str:
        return str(self.model)

    @property
    def marks(self) -> dict[str, str]:
        """Environment → the shape that says how the gate answers there; empty without a version."""
        if self.version_id is None:
            return {}
        return {"development": self.development, "staging": self.staging, "production": self.production}


class SavedView(models.Model):
    """Filters, sorting and columns of the inventory under a name; the owner's own, or shared with everybody."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)  # as in the address
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    NOT_ATTESTED: ClassVar = "A taste: filters under a name"

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="view_once_per_person")]

    def __str__(self) -> str:
        return self.name
