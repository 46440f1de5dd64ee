"""How data sets look in the API."""

from typing import Any

from rest_framework import serializers

from registry.models import Dataset


class DatasetAnswer(serializers.ModelSerializer[Dataset]):
    """A data set."""

    owner = serializers.CharField(source="owner.username")

    class Meta:
        model = Dataset
        fields = (
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
            "size",
            "description",
            "owner",
            "registered_at",
        )


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
    description = serializers.CharField(max_length=5000, allow_blank=True, default="")
