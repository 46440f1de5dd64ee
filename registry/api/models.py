"""Models."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from registry.access import model_for_reader, models_for_reader
from registry.api.bulk import Upsert
from registry.api.common import PAGES, READ_WRITE, Standings, checked
from registry.api.etags import IF_MATCH, IF_NONE_MATCH, NOT_MODIFIED, refuse_unless_match, tagged
from registry.given import change_given, create_given
from registry.models import CustomField, RegisteredModel
from registry.pagination import CursorPages, page_of
from registry.shapes.models import FieldAnswer, ModelAnswer, ModelGiven

MODEL_FILTERS = ("slug", "kind", "business_line", "lifecycle", "origin", "team")
JUDGED_FILTERS = ("owner", "tag", "tier", "status", "stage", "q")


class Models(Upsert, Standings):
    """Every model; a new one."""

    scopes: ClassVar[dict[str, str]] = READ_WRITE

    @extend_schema(
        operation_id="models_list",
        parameters=[*(OpenApiParameter(name, str) for name in (*MODEL_FILTERS, *JUDGED_FILTERS)), *PAGES],
        responses=page_of(ModelAnswer),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = self.narrowed(models_for_reader(self.key.owner), request.query_params)
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, view=self) or []
        answer = ModelAnswer(page, many=True, context=self.answer_context(page))
        return pages.get_paginated_response(answer.data)

    def narrowed(
        self, rows: QuerySet[RegisteredModel], given: Mapping[str, str]
    ) -> QuerySet[RegisteredModel]:
        """The rows that the filters leave. The roof adds the filters on tier and status."""
        wanted = {name: given[name] for name in MODEL_FILTERS if given.get(name)}
        if given.get("owner"):
            wanted["owner__username"] = given["owner"]
        if given.get("tag"):
            wanted["tags__name"] = given["tag"]
        return rows.filter(**wanted)

    @extend_schema(operation_id="models_create", request=ModelGiven, responses={201: ModelAnswer})
    def post(self, request: Request) -> Response:
        """Enter a model into the inventory, with its dependencies and tags."""
        given = checked(ModelGiven(data=request.data))
        model = create_given(given, owner=self.key.owner, actor=self.actor, at=timezone.now())
        answer = ModelAnswer(model, context=self.answer_context([model]))
        return Response(answer.data, status=201, headers={"Location": f"{request.path}/{model.slug}"})


class Model(Standings):
    """One model."""

    scopes: ClassVar[dict[str, str]] = READ_WRITE

    @extend_schema(
        operation_id="models_retrieve",
        parameters=[IF_NONE_MATCH],
        responses={200: ModelAnswer, 304: NOT_MODIFIED},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Show it, with an ETag."""
        return tagged(request, self._told(model_for_reader(self.key.owner, slug)))

    @extend_schema(
        operation_id="models_update",
        parameters=[IF_MATCH],
        request=ModelGiven(partial=True),
        responses=ModelAnswer,
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change the fields given, if it is still as `If-Match` says. The slug stays."""
        model = model_for_reader(self.key.owner, slug)
        given = checked(ModelGiven(data=request.data, partial=True))
        if given.pop("slug", slug) != slug:
            raise Invalid("A model keeps its slug for life.", "Leave slug out.", field="slug")
        with transaction.atomic():
            held = RegisteredModel.objects.select_for_update(of=("self",)).get(pk=model.pk)
            refuse_unless_match(request, self._told(held))
            change_given(held, given, changer=self.key.owner, actor=self.actor, at=timezone.now())
        return tagged(request, self._told(model_for_reader(self.key.owner, slug)))

    def _told(self, model: RegisteredModel) -> dict[str, Any]:
        return dict(ModelAnswer(model, context=self.answer_context([model])).data)


class Fields(KeyView):
    """The fields that the organisation added to every model's entry."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_READ}

    @extend_schema(operation_id="fields_list", responses=FieldAnswer(many=True))
    def get(self, request: Request) -> Response:
        """In the order of the form, retired ones included."""
        return Response(FieldAnswer(CustomField.objects.all(), many=True).data)
