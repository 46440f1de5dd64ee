"""How data sets look in the API."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from registry import masking
from registry.models import Classification, Dataset
from registry.uploads import schema_text


class DatasetAnswer(serializers.ModelSerializer[Dataset]):
    """A data set."""

    owner = serializers.CharField(source="owner.username")
    positive = serializers.SerializerMethodField()
    reference_groups = serializers.SerializerMethodField()

    class Meta:
        model = Dataset
        fields: tuple[str, ...] = (
            "name",
            "version",
            "role",
            "digest",
            "rows",
            "columns",
            "label",
            "positive",
            "prediction",
            "score",
            "sensitive",
            "reference_groups",
            "classification",
            "legal_basis",
            "confidential",
            "size",
            "description",
            "owner",
            "registered_at",
        )

    def get_positive(self, dataset: Dataset) -> str:
        """The label's positive value; "" where the label is confidential. A list shows none of those."""
        return masking.positive_for(dataset, self._hidden(dataset))

    def get_reference_groups(self, dataset: Dataset) -> dict[str, str]:
        """Sensitive column → the group compared with, without confidential columns."""
        return masking.reference_groups_for(dataset, self._hidden(dataset))

    def _hidden(self, dataset: Dataset) -> frozenset[str]:
        return masking.hidden_columns(dataset, self.context.get("may_see", False))


class DatasetDetail(DatasetAnswer):
    """A data set with what its columns hold; what the key's owner may not see is left out.

    Columns with `"hidden": true` have their values held back. `preview` has null for hidden cells, and `withheld` says
    why there are no rows at all.
    """

    profile = serializers.SerializerMethodField()
    validation = serializers.SerializerMethodField()
    schema = serializers.SerializerMethodField()
    preview = serializers.SerializerMethodField()

    class Meta(DatasetAnswer.Meta):
        fields = (*DatasetAnswer.Meta.fields, "profile", "validation", "schema", "preview")

    def get_profile(self, dataset: Dataset) -> dict[str, Any]:
        """Missing, distinct, ranges, histogram, commonest values; class balance and group sizes."""
        return masking.profile_for(dataset, self.context["may_see"])

    def get_validation(self, dataset: Dataset) -> dict[str, Any]:
        """Each check of each column with its failing rows; empty when there is no schema."""
        return masking.validation_for(dataset, self.context["may_see"])

    def get_schema(self, dataset: Dataset) -> dict[str, Any]:
        """What the rows must hold; empty when nothing was asked."""
        return masking.schema_for(dataset, self.context["may_see"])

    def get_preview(self, dataset: Dataset) -> dict[str, Any]:
        """The first rows."""
        return masking.preview_for(dataset, self.context["may_see"])


@extend_schema_field(OpenApiTypes.STR)
class PairsField(serializers.Field[dict[str, str], Any, Any, Any]):
    """`column=value`, once or repeated, or one JSON object."""

    def get_value(self, dictionary: Mapping[Any, Any]) -> Any:
        """Every value that came under this name."""
        if self.field_name not in dictionary:
            return serializers.empty
        several = getattr(dictionary, "getlist", None)
        return several(self.field_name) if several else dictionary[self.field_name]

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Column → value. Raises ValidationError."""
        given = [data] if isinstance(data, str) else data
        if isinstance(given, list) and len(given) == 1 and str(given[0]).lstrip().startswith("{"):
            try:
                given = json.loads(given[0])
            except (ValueError, RecursionError) as error:
                raise serializers.ValidationError(f"This is not JSON: {error}.") from error
        pairs = given.items() if isinstance(given, dict) else map(self._pair, map(str, given))
        return {self._text(column): self._text(value) for column, value in pairs if column}

    def _pair(self, text: str) -> tuple[str, str]:
        column, equals, value = text.partition("=")
        if text.strip() and not (equals and column.strip() and value.strip()):
            raise serializers.ValidationError(f"Write {text[:80]} as column=value.")
        return column.strip(), value.strip()

    def _text(self, value: Any) -> str:
        if not isinstance(value, str | int) or "\0" in str(value) or len(str(value)) > 120:
            raise serializers.ValidationError("Columns and values are short texts.")
        return str(value)


@extend_schema_field(OpenApiTypes.STR)
class TextOrFileField(serializers.Field[str, Any, Any, Any]):
    """YAML or JSON as text, or as a file."""

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises Invalid for a file that is none."""
        if isinstance(data, UploadedFile):
            return schema_text(data)
        if not isinstance(data, str):
            raise serializers.ValidationError("Send text or a file.")
        return data


class DatasetGiven(serializers.Serializer[Any]):
    """A new data set."""

    file = serializers.FileField(help_text="CSV in UTF-8 with a header, or Parquet")
    name = serializers.CharField(max_length=64)
    version = serializers.CharField(max_length=40)
    role = serializers.CharField(max_length=20)
    label = serializers.CharField(  # type: ignore[assignment]  # a field's own label is text
        max_length=120, allow_blank=True, default=""
    )
    positive = serializers.CharField(max_length=120, allow_blank=True, default="")
    prediction = serializers.CharField(max_length=120, allow_blank=True, default="")
    score = serializers.CharField(max_length=120, allow_blank=True, default="")
    sensitive = serializers.ListField(
        child=serializers.CharField(max_length=120, allow_blank=True), default=list
    )
    reference_groups = PairsField(
        default=dict,
        help_text="column=value, repeated, or a JSON object: the group that others are compared with",
    )
    classification = serializers.ChoiceField(choices=Classification.choices, default=Classification.INTERNAL)
    legal_basis = serializers.CharField(max_length=300, allow_blank=True, default="")
    confidential = serializers.ListField(
        child=serializers.CharField(max_length=120, allow_blank=True),
        default=list,
        help_text="Columns whose values only the owner, risk and compliance officers may see",
    )
    schema = TextOrFileField(
        default="", help_text="What the rows must hold, in YAML or JSON: a text or a file"
    )
    infer_schema = serializers.BooleanField(
        default=False,
        help_text="Without a schema: warn where the rows differ from what the version before held",
    )
    description = serializers.CharField(max_length=5000, allow_blank=True, default="")
