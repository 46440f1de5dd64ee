"""How versions look in the API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from registry.models import ArtifactFile, ModelVersion


class FileAnswer(serializers.ModelSerializer[ArtifactFile]):
    """One line of the manifest."""

    class Meta:
        model = ArtifactFile
        fields = ("path", "size", "sha256")


class VersionAnswer(serializers.ModelSerializer[ModelVersion]):
    """A version as it was just registered."""

    model = serializers.CharField(source="model.slug")
    status = serializers.SerializerMethodField()
    tier = serializers.SerializerMethodField()
    format = serializers.CharField(source="artifact_format")
    trained_on = serializers.SerializerMethodField()
    registered_by = serializers.CharField(source="registered_by.username")
    files = FileAnswer(many=True)

    class Meta:
        model = ModelVersion
        fields = (
            "model",
            "version",
            "status",
            "tier",
            "artifact_digest",
            "source",
            "source_uri",
            "format",
            "size",
            "signature",
            "parameters",
            "training_metrics",
            "code_repository",
            "code_commit",
            "trained_on",
            "registered_by",
            "registered_at",
            "files",
        )

    def get_status(self, version: ModelVersion) -> str:
        """A new version is a draft until something is measured or asked."""
        return self._standing().get("status") or "draft"

    def get_tier(self, version: ModelVersion) -> str | None:
        """The model's tier, null while there is none."""
        return self._standing().get("tier") or None

    def get_trained_on(self, version: ModelVersion) -> str | None:
        """`name@version`."""
        return str(version.trained_on) if version.trained_on else None

    def _standing(self) -> Mapping[str, str]:
        standing: Mapping[str, str] = self.context.get("standing", {})
        return standing


class VersionGiven(serializers.Serializer[Any]):
    """A new version: files beside these fields, or `mlflow_uri`, or `predictions_only`."""

    version = serializers.CharField(max_length=40)
    mlflow_uri = serializers.CharField(max_length=400, required=False)
    predictions_only = serializers.BooleanField(default=False)
    trained_on = serializers.CharField(max_length=110, required=False, help_text="A data set as name@version")
    parameters = serializers.JSONField(default=dict)
    code_repository = serializers.CharField(max_length=300, allow_blank=True, default="")
    code_commit = serializers.CharField(max_length=64, allow_blank=True, default="")

    def validate_parameters(self, value: object) -> dict[str, Any]:
        """An object; in multipart it comes as JSON text."""
        if not isinstance(value, dict):
            raise serializers.ValidationError("Give an object of names and values.")
        return value


class VersionUpload(VersionGiven):
    """The same as multipart; for the OpenAPI document."""

    files = serializers.ListField(
        child=serializers.FileField(), help_text="Each file of the model, or one .zip of them"
    )
    paths = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="One path for each file, if names are not enough",
    )
