"""Bodies that a signature covers: read as they came, and never more than such a message has."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from accounts.problems import Problem


class Raw(BaseParser):
    """Leaves the body alone: the signature is over its very bytes."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        return {}


def whole_body(request: Request, *, most: int, sender: str) -> bytes:
    """The bytes as they came. Raises Problem for more than the sender would send."""
    limit = f"A message of {sender} has at most {most // 1024} KiB."
    too_large = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit)
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > most:
            raise too_large
        return request._request.body
    except RequestDataTooBig as error:
        raise too_large from error
