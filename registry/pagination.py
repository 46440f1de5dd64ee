"""Pages of API lists that stay right while rows are added: a cursor instead of an offset."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class CursorPages(CursorPagination):
    """`?page_size=&cursor=`, answered as `{"results": [...], "next": url or null}`, newest first.

    A view calls `paginate_queryset(rows, request, view=self)` and then `get_paginated_response(data)`. A
    subclass may set `ordering`, to fields that are unique together.
    """

    ordering = "-pk"
    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})


def page_of(row: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """What a page of these rows looks like, for the OpenAPI document."""
    return inline_serializer(
        f"{row.__name__}Page",
        {"results": row(many=True), "next": serializers.URLField(allow_null=True)},
    )
