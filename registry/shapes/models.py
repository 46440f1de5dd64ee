"""How models look in the API."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from registry.custom import missing_fields
from registry.models import CustomField, FieldKind, ModelKind, Origin, RegisteredModel
from registry.places import places
from registry.regulated import regulated_uses

Standing = Mapping[str, Mapping[str, str | None]]
MODEL_RELATIONS = ("developers", "tags", "dependencies__depends_on", "dependents__model")
"""What ModelAnswer reads through a model: prefetch_related(*MODEL_RELATIONS) spares queries for each row."""


class ModelAnswer(serializers.ModelSerializer[RegisteredModel]):
    """A model. Tier, status and stage are judged above the registry and come in by the context's `standing`."""

    owner = serializers.CharField(source="owner.username")
    developers = serializers.SerializerMethodField()
    tier = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    stage = serializers.SerializerMethodField()
    jurisdictions = serializers.ListField(child=serializers.CharField())
    regulated_uses = serializers.ListField(child=serializers.CharField())
    custom = serializers.DictField(child=serializers.JSONField())
    missing_fields = serializers.SerializerMethodField()
    tags = serializers.SerializerMethodField()
    depends_on = serializers.SerializerMethodField()
    dependents = serializers.SerializerMethodField()

    class Meta:
        model = RegisteredModel
        fields = (
            *(
                "slug",
                "name",
                "owner",
                "tier",
                "status",
                "stage",
                "kind",
                "kind_reason",
                "purpose",
                "decides",
            ),
            *("products", "expected_use", "actual_use", "restrictions", "business_line", "team", "origin"),
            *(
                "supplier",
                "jurisdictions",
                "regulated_uses",
                "developers",
                "depends_on",
                "dependents",
                "tags",
            ),
            *("custom", "missing_fields", "lifecycle", "lifecycle_reason", "created_at"),
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

    def get_stage(self, model: RegisteredModel) -> str:
        """Proposed, in_development, in_validation, approved, in_use, suspended or retired; derived, never stored."""
        return self._standing(model).get("stage") or ""

    def get_missing_fields(self, model: RegisteredModel) -> list[str]:
        """Keys of fields that the model's tier asks for and that are empty."""
        tier = self.get_tier(model) or ""
        return [item.key for item in missing_fields(self._fields(), model.custom, tier)]

    def get_tags(self, model: RegisteredModel) -> list[str]:
        """The words that people sort models by."""
        return [tag.name for tag in model.tags.all()]

    def get_depends_on(self, model: RegisteredModel) -> list[str]:
        """Short names of the models whose answers it takes, of those that the key's owner may see."""
        return sorted(
            row.depends_on.slug for row in model.dependencies.all() if row.depends_on_id not in self._unseen
        )

    def get_dependents(self, model: RegisteredModel) -> list[str]:
        """Short names of the models that take its answers, of those that the key's owner may see."""
        return sorted(row.model.slug for row in model.dependents.all() if row.model_id not in self._unseen)

    @property
    def _unseen(self) -> frozenset[int]:
        unseen: frozenset[int] = self.context.get("unseen", frozenset())
        return unseen

    def _standing(self, model: RegisteredModel) -> Mapping[str, str | None]:
        standing: Standing = self.context.get("standing", {})
        return standing.get(model.slug, {})

    def _fields(self) -> Sequence[CustomField]:
        """The organisation's fields, read once for all rows of an answer."""
        known = cast(dict[str, Any], self.context)
        if "fields" not in known:
            known["fields"] = list(CustomField.objects.all())
        return cast(Sequence[CustomField], known["fields"])


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}]})
class CustomValue(serializers.JSONField):
    """A text, a number, or null to empty the field."""


class ModelGiven(serializers.Serializer[Any]):
    """A new model, or the fields of one that change."""

    slug = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=120)
    purpose = serializers.CharField(max_length=5000)
    decides = serializers.CharField(max_length=200, allow_blank=True, required=False)
    products = serializers.CharField(max_length=200, allow_blank=True, required=False)
    expected_use = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    actual_use = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    restrictions = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    business_line = serializers.CharField(max_length=80, allow_blank=True, required=False)
    team = serializers.CharField(max_length=80, allow_blank=True, required=False)
    origin = serializers.ChoiceField(choices=Origin.choices, required=False)
    supplier = serializers.CharField(
        max_length=120,
        allow_blank=True,
        required=False,
        help_text="Needed for a vendor's or foundation model",
    )
    kind = serializers.ChoiceField(choices=ModelKind.choices)
    kind_reason = serializers.CharField(
        max_length=2000, allow_blank=True, required=False, help_text="Why it is not a model, where it is none"
    )
    jurisdictions = serializers.ListField(
        child=serializers.CharField(max_length=20),
        required=False,
        help_text=f"EU or ISO 3166 codes: {', '.join(list(places())[:3])}, …",
    )
    regulated_uses = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        help_text=f"Any of {', '.join(regulated_uses())}",
    )
    owner = serializers.CharField(
        max_length=150, required=False, help_text="User name; the key's owner if left out"
    )
    developers = serializers.ListField(
        child=serializers.CharField(max_length=150), required=False, help_text="User names"
    )
    depends_on = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        help_text="Short names of the models whose answers it takes; the list replaces the one before",
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        help_text="Words to sort models by; the list replaces the one before",
    )
    custom = serializers.DictField(
        child=CustomValue(allow_null=True),
        required=False,
        help_text="Fields of the organisation by key; keys left out keep their value, null empties one",
    )


class FieldAnswer(serializers.ModelSerializer[CustomField]):
    """A field that the organisation added to every model's entry."""

    choices = serializers.ListField(child=serializers.CharField())
    retired = serializers.SerializerMethodField()

    class Meta:
        model = CustomField
        fields = ("key", "label", "kind", "choices", "help", "required_from", "retired")
        extra_kwargs = {"kind": {"help_text": f"One of {', '.join(FieldKind.values)}"}}

    def get_retired(self, field: CustomField) -> bool:
        """No longer filled in; models keep what they hold."""
        return field.retired_at is not None
