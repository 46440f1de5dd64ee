"""Data sets."""

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from registry import actions
from registry.api.common import PAGES, READ_WRITE, checked
from registry.models import Dataset
from registry.pagination import CursorPages, page_of
from registry.shapes.datasets import DatasetAnswer, DatasetGiven
from registry.uploads import PathsParser

DATASET_FILTERS = ("name", "version", "role", "digest")


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
        given = checked(DatasetGiven(data=request.data))
        dataset = actions.register_dataset(**given, owner=self.key.owner, actor=self.actor, at=timezone.now())
        return Response(DatasetAnswer(dataset).data, status=201)
