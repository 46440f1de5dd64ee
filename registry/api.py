"""The registry's calls. A key acts by its scopes; its owner stands in the record as the person behind it.

Tier and status are judged above the registry: the roof subclasses these views and overrides `standing`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope, User
from accounts.refusals import Invalid
from registry import actions
from registry.access import dataset_for_reader, model_for_reader, models_for_reader, version_for_reader
from registry.models import Dataset, ModelVersion, RegisteredModel
from registry.pagination import CursorPages, page_of
from registry.serializers import (
    DatasetAnswer,
    DatasetGiven,
    DeploymentAnswer,
    DeploymentGiven,
    ModelAnswer,
    ModelGiven,
    Standing,
    VersionAnswer,
    VersionGiven,
    VersionUpload,
)
from registry.uploads import PathsParser, sent_files

READ_WRITE: dict[str, str] = {
    "GET": Scope.REGISTRY_READ,
    "POST": Scope.REGISTRY_WRITE,
    "PATCH": Scope.REGISTRY_WRITE,
}
PAGES = [OpenApiParameter("page_size", int), OpenApiParameter("cursor", str)]
MODEL_FILTERS = ("slug", "kind", "business_line", "lifecycle")
DATASET_FILTERS = ("name", "version", "role", "digest")


class Standings(KeyView):
    """A view whose answers carry tier and status."""

    def standing(self, models: Sequence[RegisteredModel]) -> Standing:
        """Slug → {"tier", "status"}. Overridden where both are known."""
        return {}


class Models(Standings):
    """Every model; a new one."""

    scopes: ClassVar[dict[str, str]] = READ_WRITE

    @extend_schema(
        operation_id="models_list",
        parameters=[*(OpenApiParameter(name, str) for name in (*MODEL_FILTERS, "owner")), *PAGES],
        responses=page_of(ModelAnswer),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = self.narrowed(models_for_reader(self.key.owner), request.query_params)
        pages = CursorPages()
        page = pages.paginate_queryset(rows.prefetch_related("developers"), request, view=self) or []
        answer = ModelAnswer(page, many=True, context={"standing": self.standing(page)})
        return pages.get_paginated_response(answer.data)

    def narrowed(
        self, rows: QuerySet[RegisteredModel], given: Mapping[str, str]
    ) -> QuerySet[RegisteredModel]:
        """The rows that the filters leave. The roof adds the filters on tier and status."""
        wanted = {name: given[name] for name in MODEL_FILTERS if given.get(name)}
        if given.get("owner"):
            wanted["owner__username"] = given["owner"]
        return rows.filter(**wanted)

    @extend_schema(operation_id="models_create", request=ModelGiven, responses={201: ModelAnswer})
    def post(self, request: Request) -> Response:
        """Enter a model into the inventory."""
        given = _checked(ModelGiven(data=request.data))
        owner = _person(given.pop("owner", self.key.owner.username), "owner")
        developers = [_person(name, "developers") for name in given.pop("developers")]
        model = actions.create_model(
            **given, owner=owner, developers=developers, actor=self.actor, at=timezone.now()
        )
        answer = ModelAnswer(model, context={"standing": self.standing([model])})
        return Response(answer.data, status=201, headers={"Location": f"{request.path}/{model.slug}"})


class Model(Standings):
    """One model."""

    scopes: ClassVar[dict[str, str]] = READ_WRITE

    @extend_schema(operation_id="models_retrieve", responses=ModelAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Show it."""
        return self._answer(model_for_reader(self.key.owner, slug))

    @extend_schema(operation_id="models_update", request=ModelGiven(partial=True), responses=ModelAnswer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change the fields given. The slug stays."""
        model = model_for_reader(self.key.owner, slug)
        given = _checked(ModelGiven(data=request.data, partial=True))
        if given.pop("slug", slug) != slug:
            raise Invalid("A model keeps its slug for life.", "Leave slug out.", field="slug")
        fields = {
            name: getattr(model, name) for name in ("name", "purpose", "decides", "business_line", "kind")
        }
        owner = _person(given.pop("owner"), "owner") if "owner" in given else model.owner
        names = given.pop("developers", None)
        developers = (
            list(model.developers.all()) if names is None else [_person(name, "developers") for name in names]
        )
        changed = actions.change_model(
            model=model,
            **(fields | given),
            owner=owner,
            developers=developers,
            actor=self.actor,
            at=timezone.now(),
        )
        return self._answer(changed)

    def _answer(self, model: RegisteredModel) -> Response:
        return Response(ModelAnswer(model, context={"standing": self.standing([model])}).data)


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
        given = _checked(VersionGiven(data=request.data))
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


class Datasets(KeyView):
    """Every data set; a new one."""

    scopes: ClassVar[dict[str, str]] = READ_WRITE
    parser_classes = (PathsParser,)

    @extend_schema(
        operation_id="datasets_list",
        parameters=[*(OpenApiParameter(name, str) for name in DATASET_FILTERS), *PAGES],
        responses=page_of(DatasetAnswer),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        given = request.query_params
        rows = Dataset.objects.select_related("owner")
        rows = rows.filter(**{name: given[name] for name in DATASET_FILTERS if given.get(name)})
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(DatasetAnswer(page, many=True).data)

    @extend_schema(
        operation_id="datasets_create",
        request={"multipart/form-data": DatasetGiven},
        responses={201: DatasetAnswer},
    )
    def post(self, request: Request) -> Response:
        """Register a table once its columns hold what they are said to mean."""
        given = _checked(DatasetGiven(data=request.data))
        dataset = actions.register_dataset(**given, owner=self.key.owner, actor=self.actor, at=timezone.now())
        return Response(DatasetAnswer(dataset).data, status=201)


class Deployments(KeyView):
    """What pipelines say they have deployed."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.REGISTRY_WRITE}

    @extend_schema(
        operation_id="deployments_create", request=DeploymentGiven, responses={201: DeploymentAnswer}
    )
    def post(self, request: Request) -> Response:
        """Note a deployment; what ran there of the same model has ended."""
        given = _checked(DeploymentGiven(data=request.data))
        version = version_for_reader(self.key.owner, given["model"], given["version"])
        self.refuse_unless_decided(version, given["environment"], given["decision_id"])
        deployment = actions.record_deployment(
            version=version,
            environment=given["environment"],
            decision_id=given["decision_id"],
            actor=self.actor,
            at=timezone.now(),
        )
        return Response(DeploymentAnswer(deployment).data, status=201)

    def refuse_unless_decided(self, version: ModelVersion, environment: str, decision_id: str) -> None:
        """The roof, which knows the gate's decisions, refuses one that does not fit."""


def _checked(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _person(username: str, field: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is None:
        raise Invalid(f"There is nobody with the user name {username}.", field=field)
    return found
