"""Teams: who belongs to one, and whether only its people see its models. A model names its team by this name."""

from django.db import models

from accounts.models import User


class Team(models.Model):
    """What is decided about a team. A team that nobody decided anything about has no row: everybody sees its models."""

    name = models.CharField(max_length=80, unique=True)  # exactly as RegisteredModel.team says it
    closed = models.BooleanField(default=False)  # whether only their own people see its models
    members = models.ManyToManyField(User, related_name="teams", blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~models.Q(name=""), name="team_has_a_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"team:{self.name}"
