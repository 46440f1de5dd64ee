"""How the registry looks in the API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from registry.models import ArtifactFile, Dataset, ModelKind, ModelVersion, RegisteredModel

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


class DeploymentGiven(serializers.Serializer[Any]):
    """What a pipeline put where, and under which decision."""

    model = serializers.CharField(max_length=64)
    version = serializers.CharField(max_length=40)
    environment = serializers.CharField(max_length=16)
    decision_id = serializers.CharField(max_length=40)


class DeploymentAnswer(serializers.Serializer[Any]):
    """A deployment as it was recorded."""

    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    environment = serializers.CharField()
    decision_id = serializers.CharField()
    reported_by = serializers.CharField()
    deployed_at = serializers.DateTimeField()
