"""How an identity provider proves itself: a bearer token of its own. API keys do not open SCIM, nor it the API."""

from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.access import request_id
from accounts.scim.models import ScimToken
from accounts.scim.tokens import token_for
from audit.actor import Actor

if TYPE_CHECKING:
    from rest_framework.views import APIView


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`."""

    def authenticate(self, request: Request) -> tuple[ScimToken, None] | None:
        words = get_authorization_header(request).split()
        if len(words) != 2 or words[0].lower() != b"bearer":
            return None
        token = token_for(words[1].decode("latin-1"), timezone.now())
        if token is None:
            raise AuthenticationFailed("This token is unknown, revoked or expired.")
        return token, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsProvider(BasePermission):
    """Only an identity provider passes."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.user, ScimToken)


class TokenThrottle(SimpleRateThrottle):
    """So many calls a minute for each token."""

    scope = "scim"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        token: object = request.user
        return f"throttle-scim-{token.prefix}" if isinstance(token, ScimToken) else None


def actor_of(token: ScimToken, request: Request) -> Actor:
    """The provider as the record names it."""
    return Actor(
        token.ref, f"{token.name} (SCIM)", f"SCIM token {token.prefix}", request_id(request._request)
    )
