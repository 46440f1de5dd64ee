"""How versions look in the API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from registry.models import ArtifactFile, ModelVersion


def an_object(value: object) -> dict[str, Any]:
    """What came as a JSON object. Raises ValidationError for anything else."""
    if not isinstance(value, dict):
        raise serializers.ValidationError("Give an object of names and values.")
    return value


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
    evaluated_on = serializers.SerializerMethodField()
    parent = serializers.CharField(source="parent.version", default=None)  # type: ignore[assignment]
    signing = serializers.JSONField(help_text="What the OpenSSF model signature among the files proves")
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
            "hyperparameters",
            "random_seed",
            "training_metrics",
            "flavors",
            "python_version",
            "requirements",
            "code_repository",
            "code_commit",
            "trained_on",
            "evaluated_on",
            "parent",
            "run_id",
            "signing",
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

    def get_evaluated_on(self, version: ModelVersion) -> list[str]:
        """Each as `name@version`."""
        return [str(dataset) for dataset in version.evaluated_on.all()]

    def _standing(self) -> Mapping[str, str]:
        standing: Mapping[str, str] = self.context.get("standing", {})
        return standing


class WholeVersionAnswer(VersionAnswer):
    """Everything that is known about a version."""

    run = serializers.JSONField(help_text="The MLflow run as it was when the version was registered")
    card_revision = serializers.SerializerMethodField()

    class Meta(VersionAnswer.Meta):
        fields = (  # type: ignore[assignment]
            *VersionAnswer.Meta.fields,
            "run",
            "card_revision",
            "verified_at",
            "artifact_problem",
        )

    def get_card_revision(self, version: ModelVersion) -> int | None:
        """The number of the card as last saved, null while there is none."""
        card = version.cards.first()
        return card.number if card else None


class VersionGiven(serializers.Serializer[Any]):
    """A new version: files beside these fields, or `upload`, or `mlflow_uri`, or `predictions_only`."""

    version = serializers.CharField(max_length=40)
    upload = serializers.UUIDField(required=False, help_text="An upload in pieces that is complete")
    mlflow_uri = serializers.CharField(max_length=400, required=False)
    mlflow_server = serializers.CharField(
        max_length=40,
        default="",
        allow_blank=True,
        help_text="A connected tracking server; the default store if left out",
    )
    predictions_only = serializers.BooleanField(default=False)
    trained_on = serializers.CharField(max_length=110, required=False, help_text="A data set as name@version")
    evaluated_on = serializers.ListField(
        child=serializers.CharField(max_length=110),
        default=list,
        max_length=50,
        help_text="Data sets as name@version",
    )
    parent = serializers.CharField(  # type: ignore[assignment]
        max_length=40,
        allow_blank=True,
        default="",
        help_text="The version of the same model it was made from",
    )
    parameters = serializers.JSONField(default=dict)
    hyperparameters = serializers.JSONField(
        default=dict, help_text="An object; with mlflow_uri the run's parameters when left out"
    )
    training_metrics = serializers.JSONField(
        default=dict, help_text="An object of names and numbers; goes before the run's own"
    )
    random_seed = serializers.IntegerField(
        allow_null=True,
        default=None,
        min_value=-(2**63),
        max_value=2**63 - 1,
        help_text="Read from random_seed, random_state or seed among the hyperparameters when left out",
    )
    python_version = serializers.CharField(
        max_length=20, allow_blank=True, default="", help_text="Read from the files when left out"
    )
    requirements = serializers.ListField(
        child=serializers.CharField(allow_blank=True, max_length=100_000),
        default=list,
        max_length=1_000,
        help_text="As pip takes them; read from the files when left out",
    )
    code_repository = serializers.CharField(max_length=300, allow_blank=True, default="")
    code_commit = serializers.CharField(max_length=64, allow_blank=True, default="")

    def validate_parameters(self, value: object) -> dict[str, Any]:
        """An object; in multipart it comes as JSON text."""
        return an_object(value)

    def validate_hyperparameters(self, value: object) -> dict[str, Any]:
        """The same."""
        return an_object(value)

    def validate_training_metrics(self, value: object) -> dict[str, Any]:
        """The same."""
        return an_object(value)


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
