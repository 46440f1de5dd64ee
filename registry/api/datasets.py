"""Data sets."""

from typing import Any, ClassVar

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from registry import actions
from registry.access import dataset_for_downloader, dataset_for_reader, may_see_confidential
from registry.api.common import PAGES, READ_WRITE, checked
from registry.models import Dataset
from registry.pagination import CursorPages, page_of
from registry.queries import HEAVY
from registry.shapes.datasets import DatasetAnswer, DatasetDetail, DatasetGiven
from registry.storage import opened_dataset
from registry.uploads import PathsParser

DATASET_FILTERS = ("name", "version", "role", "classification", "digest")


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
        rows = Dataset.objects.select_related("owner").defer(*HEAVY)
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
        given: dict[str, Any] = checked(DatasetGiven(data=request.data))
        given["infer_schema_from_previous"] = given.pop("infer_schema")
        dataset = actions.register_dataset(**given, owner=self.key.owner, actor=self.actor, at=timezone.now())
        return Response(DatasetAnswer(dataset).data, status=201)


class DatasetVersion(KeyView):
    """One version of a data set."""

    scopes: ClassVar[dict[str, str]] = READ_WRITE

    @extend_schema(operation_id="datasets_retrieve", responses=DatasetDetail)
    def get(self, request: Request, name: str, version: str) -> Response:
        """With profile, validation report, schema and preview, as far as the key's owner may see them."""
        found = dataset_for_reader(self.key.owner, name, version)
        context = {"may_see": may_see_confidential(self.key.owner, found)}
        return Response(DatasetDetail(found, context=context).data)


class DatasetFile(KeyView):
    """The file of one version."""

    scopes: ClassVar[dict[str, str]] = READ_WRITE

    @extend_schema(
        operation_id="datasets_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponseBase:
        """As it was registered; each download is recorded."""
        found = dataset_for_downloader(self.key.owner, name, version)
        file = opened_dataset(found)
        actions.record_dataset_download(dataset=found, actor=self.actor, at=timezone.now())
        return FileResponse(
            file, as_attachment=True, filename=found.filename, content_type="application/octet-stream"
        )
