"""Models."""

from collections.abc import Mapping
from typing import ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.refusals import Invalid
from registry import actions
from registry.access import model_for_reader, models_for_reader
from registry.api.common import PAGES, READ_WRITE, Standings, checked, person
from registry.models import RegisteredModel
from registry.pagination import CursorPages, page_of
from registry.shapes.models import ModelAnswer, ModelGiven

MODEL_FILTERS = ("slug", "kind", "business_line", "lifecycle")


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
        given = checked(ModelGiven(data=request.data))
        owner = person(given.pop("owner", self.key.owner.username), "owner")
        developers = [person(name, "developers") for name in given.pop("developers")]
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
        given = checked(ModelGiven(data=request.data, partial=True))
        if given.pop("slug", slug) != slug:
            raise Invalid("A model keeps its slug for life.", "Leave slug out.", field="slug")
        fields = {
            name: getattr(model, name) for name in ("name", "purpose", "decides", "business_line", "kind")
        }
        owner = person(given.pop("owner"), "owner") if "owner" in given else model.owner
        names = given.pop("developers", None)
        developers = (
            list(model.developers.all()) if names is None else [person(name, "developers") for name in names]
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
