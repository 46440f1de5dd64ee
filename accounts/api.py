"""The base of every view of the API."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.views import APIView

from accounts.access import actor_of_key
from accounts.models import ApiKey
from accounts.parsing import ShallowJSON
from accounts.problems import Problem
from audit.actor import Actor

MIB = 1024**2
LARGEST_JSON = 5 * MIB


class BoundedJSONParser(BaseParser):
    """JSON as far as the view's `largest_json` goes.

    No JSONParser by descent: REST framework reads the body of those whole, up to one limit for every call, and what is
    larger is answered as if it were malformed.
    """

    media_type = JSONParser.media_type

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value. What is announced as too large is not even read; what is not announced is counted."""
        context = parser_context or {}
        view, request = context.get("view"), context.get("request")
        most, announced = LARGEST_JSON, ""
        if isinstance(view, KeyView) and request is not None:
            most = view.largest_json.get(request.method, LARGEST_JSON)
            announced = request.META.get("CONTENT_LENGTH") or ""
        if announced.isdecimal() and int(announced) > most:
            raise _too_large(most)
        body = bytearray()
        while piece := stream.read(min(MIB, most + 1 - len(body))):
            body += piece
            if len(body) > most:
                raise _too_large(most)
        return ShallowJSON().parse(BytesIO(body), media_type, parser_context)


def _too_large(most: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {most // MIB} MiB, the most that this call takes.",
        "Send less at once, in several calls.",
    )


class KeyView(APIView):
    """A view of the API: `scopes` maps methods to the scope they need, or to several of which one will do.

    `largest_json` maps methods that take larger bodies than the others to the bytes that they take.
    """

    scopes: ClassVar[Mapping[str, str | tuple[str, ...]]] = {}
    parser_classes: Sequence[type[BaseParser]] = (BoundedJSONParser,)
    largest_json: ClassVar[Mapping[str, int]] = {}

    @property
    def key(self) -> ApiKey:
        """The key that asks."""
        user: Any = self.request.user
        if not isinstance(user, ApiKey):
            raise AuthenticationFailed("Send the key as: Authorization: Bearer KEY")
        return user

    @property
    def actor(self) -> Actor:
        """Who is asking, for the record."""
        return actor_of_key(self.key, self.request._request)


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the OpenAPI document about bearer keys."""

    target_class = "accounts.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
