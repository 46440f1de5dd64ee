"""New versions."""

from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.refusals import Invalid
from registry import actions
from registry.access import dataset_for_reader, model_for_reader
from registry.api.common import Standings, checked
from registry.models import Dataset, ModelVersion, RegisteredModel
from registry.shapes.versions import VersionAnswer, VersionGiven, VersionUpload
from registry.uploads import PathsParser, sent_files


class ModelVersions(Standings):
    """New versions of one model."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.REGISTRY_WRITE}
    parser_classes = (JSONParser, PathsParser)

    @extend_schema(
        operation_id="versions_create",
        request={"application/json": VersionGiven, "multipart/form-data": VersionUpload},
        responses={201: VersionAnswer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Register a version from files, from MLflow, or by its predictions only."""
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
        ways = [bool(files), "mlflow_uri" in given, given["predictions_only"]]
        if sum(ways) > 1:
            raise Invalid("Send files, or mlflow_uri, or predictions_only: one of them.")
        who: dict[str, Any] = {
            "model": model,
            "version": given["version"],
            "registrant": self.key.owner,
            "actor": self.actor,
            "at": timezone.now(),
        }
        trained_on = self._trained_on(given)
        if given["predictions_only"]:
            return actions.register_predictions_only(**who)
        if "mlflow_uri" in given:
            return actions.register_from_mlflow(mlflow_uri=given["mlflow_uri"], trained_on=trained_on, **who)
        paths = request.data.getlist("paths") if hasattr(request.data, "getlist") else []
        return actions.register_upload(
            files=sent_files(files, paths),
            trained_on=trained_on,
            parameters=given["parameters"],
            code_repository=given["code_repository"],
            code_commit=given["code_commit"],
            **who,
        )

    def _trained_on(self, given: dict[str, Any]) -> Dataset | None:
        if "trained_on" not in given:
            return None
        name, _, version = given["trained_on"].partition("@")
        try:
            return dataset_for_reader(self.key.owner, name, version)
        except Http404 as missing:
            raise Invalid(
                str(missing), "Register it first; write it as name@version.", field="trained_on"
            ) from None
