"""ETags: ask whether something is still what one has seen, and change it only if it is."""

import hashlib
from http import HTTPStatus

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.problems import Problem

IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="ETag of what you have; 304 if it still holds"
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="ETag of what you saw; 412 if it changed since"
)
NOT_MODIFIED = OpenApiResponse(description="What you have still holds")


def etag_of(data: object) -> str:
    """The strong tag of an answer: a digest of its JSON."""
    rendered: bytes = JSONRenderer().render(data)
    return f'"{hashlib.sha256(rendered).hexdigest()[:32]}"'


def tagged(request: Request, data: object) -> Response:
    """The answer with its tag; 304 without a body when the asker has it already."""
    tag = etag_of(data)
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if request.method == "GET" and ("*" in known or tag in known or f"W/{tag}" in known):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    return Response(data, headers={"ETag": tag})


def refuse_unless_match(request: Request, data: object) -> None:
    """Raises a 412 problem when `If-Match` names another state than this answer's."""
    given = request.headers.get("If-Match")
    if given is None:
        return
    wanted = parse_etags(given)
    if "*" not in wanted and etag_of(data) not in wanted:
        raise Problem(
            HTTPStatus.PRECONDITION_FAILED,
            "This is not what you saw any more: it changed since.",
            "Read it again, and send the change with its new ETag.",
        )
