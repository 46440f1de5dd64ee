"""The base of every view of the API."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.views import APIView

from accounts.access import actor_of_key
from accounts.models import ApiKey
from audit.actor import Actor


class KeyView(APIView):
    """A view of the API: `scopes` maps methods to the scope they need, or to several of which one will do."""

    scopes: ClassVar[Mapping[str, str | tuple[str, ...]]] = {}

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
