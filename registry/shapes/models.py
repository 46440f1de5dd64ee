"""How models look in the API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from registry.models import ModelKind, RegisteredModel

Standing = Mapping[str, Mapping[str, str | None]]


class ModelAnswer(serializers.ModelSerializer[RegisteredModel]):
    """A model. Tier and status are judged above the registry and come in by the context's `standing`."""

    owner = serializers.CharField(source="owner.username")
    developers = serializers.SerializerMethodField()
    tier = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()

    class Meta:
        model = RegisteredModel
        fields = (
            "slug",
            "name",
            "owner",
            "tier",
            "status",
            "kind",
            "purpose",
            "decides",
            "business_line",
            "developers",
            "lifecycle",
            "lifecycle_reason",
            "created_at",
        )

    def get_developers(self, model: RegisteredModel) -> list[str]:
        """User names."""
        return [user.username for user in model.developers.all()]

    def get_tier(self, model: RegisteredModel) -> str | None:
        """The tier that counts, null while there is none."""
        return self._standing(model).get("tier") or None

    def get_status(self, model: RegisteredModel) -> str:
        """Where the model stands."""
        return self._standing(model).get("status") or str(model.lifecycle)

    def _standing(self, model: RegisteredModel) -> Mapping[str, str | None]:
        standing: Standing = self.context.get("standing", {})
        return standing.get(model.slug, {})


class ModelGiven(serializers.Serializer[Any]):
    """A new model, or the fields of one that change."""

    slug = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=120)
    purpose = serializers.CharField(max_length=5000)
    decides = serializers.CharField(max_length=200, allow_blank=True, default="")
    business_line = serializers.CharField(max_length=80, allow_blank=True, default="")
    kind = serializers.ChoiceField(choices=ModelKind.choices)
    owner = serializers.CharField(
        max_length=150, required=False, help_text="User name; the key's owner if left out"
    )
    developers = serializers.ListField(child=serializers.CharField(max_length=150), default=list)
