"""Versions: new ones, and what is known about one."""

from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import BoundedJSONParser, KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from registry import actions
from registry.about import About
from registry.access import dataset_for_reader, model_for_reader, upload_for_owner, version_for_reader
from registry.api.common import Standings, checked
from registry.models import Dataset, ModelVersion, RegisteredModel
from registry.queries import manifest_of
from registry.shapes.versions import VersionAnswer, VersionGiven, VersionUpload, WholeVersionAnswer
from registry.tracking_stores import store_named
from registry.uploads import PathsParser, sent_files

AS_GIVEN = (
    "parameters",
    "hyperparameters",
    "training_metrics",
    "random_seed",
    "python_version",
    "requirements",
    "code_repository",
    "code_commit",
)


class ModelVersions(Standings):
    """New versions of one model."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.REGISTRY_WRITE}
    parser_classes = (BoundedJSONParser, PathsParser)

    @extend_schema(
        operation_id="versions_create",
        request={"application/json": VersionGiven, "multipart/form-data": VersionUpload},
        responses={201: VersionAnswer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Register a version from files, from an upload, from MLflow, or by its predictions only."""
        model = model_for_reader(self.key.owner, slug)
        given = checked(VersionGiven(data=request.data))
        version = self._register(request, model, given)
        standing = dict(self.standing([model]).get(slug, {})) | {"status": self.status_of(version)}
        answer = VersionAnswer(version, context={"standing": standing})
        return Response(answer.data, status=201)

    def status_of(self, version: ModelVersion) -> str:
        """The status of a version that was just registered."""
        return "draft"

    def _register(self, request: Request, model: RegisteredModel, given: dict[str, Any]) -> ModelVersion:
        files = [file for _, group in request.FILES.lists() for file in group]
        ways = [bool(files), "mlflow_uri" in given, given["predictions_only"], "upload" in given]
        if sum(ways) > 1:
            raise Invalid("Send files, or upload, or mlflow_uri, or predictions_only: one of them.")
        who: dict[str, Any] = {
            "model": model,
            "version": given["version"],
            "registrant": self.key.owner,
            "actor": self.actor,
            "at": timezone.now(),
            "about": self._about(model, given),
        }
        if given["predictions_only"]:
            return actions.register_predictions_only(**who)
        if "mlflow_uri" in given:
            store = store_named(given["mlflow_server"])
            return actions.register_from_mlflow(mlflow_uri=given["mlflow_uri"], store=store, **who)
        if "upload" in given:
            return actions.register_pieces(upload=upload_for_owner(self.key.owner, given["upload"]), **who)
        paths = request.data.getlist("paths") if hasattr(request.data, "getlist") else []
        return actions.register_upload(files=sent_files(files, paths), **who)

    def _about(self, model: RegisteredModel, given: dict[str, Any]) -> About:
        said = {name: given[name] for name in AS_GIVEN}
        return About(
            trained_on=self._dataset(given["trained_on"], "trained_on") if "trained_on" in given else None,
            evaluated_on=[self._dataset(ref, "evaluated_on") for ref in given["evaluated_on"]],
            parent=self._parent(model, given["parent"]) if given["parent"] else None,
            **said,
        )

    def _dataset(self, ref: str, field: str) -> Dataset:
        name, _, version = ref.partition("@")
        try:
            return dataset_for_reader(self.key.owner, name, version)
        except Http404 as missing:
            raise Invalid(str(missing), "Register it first; write it as name@version.", field=field) from None

    def _parent(self, model: RegisteredModel, name: str) -> ModelVersion:
        try:
            return version_for_reader(self.key.owner, model.slug, name)
        except Http404 as missing:
            raise Invalid(str(missing), "Name a version of the same model.", field="parent") from None


class ModelVersionView(Standings):
    """One version."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_READ}

    @extend_schema(operation_id="versions_retrieve", responses=WholeVersionAnswer)
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Everything that is known about it: how it was made, its files, what its signature proves."""
        found = version_for_reader(self.key.owner, slug, version)
        standing = dict(self.standing([found.model]).get(slug, {})) | {"status": self.status_of(found)}
        return Response(WholeVersionAnswer(found, context={"standing": standing}).data)

    def status_of(self, version: ModelVersion) -> str:
        """The word for its life. Overridden where it is known."""
        return "draft"


class ModelVersionManifest(KeyView):
    """The files of one version as OpenSSF Model Signing lists them."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_READ}

    @extend_schema(operation_id="versions_manifest", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str, version: str) -> Response:
        """The in-toto statement that a signature over these files signs, unsigned."""
        found = version_for_reader(self.key.owner, slug, version)
        return Response(manifest_of(found))
