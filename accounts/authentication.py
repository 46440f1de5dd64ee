"""How API calls prove who they are: bearer keys with scopes."""

from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.actions import touch_key
from accounts.keys import key_for
from accounts.models import ApiKey
from accounts.refusals import NotAllowed

if TYPE_CHECKING:
    from rest_framework.views import APIView


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`. Sessions do not open the API, so it needs no CSRF token."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed("Send the key as: Authorization: Bearer KEY")
        key = key_for(words[1].decode("latin-1"))
        now = timezone.now()
        if key is None or not key.is_live(now):
            raise AuthenticationFailed("This key is unknown, revoked or expired.")
        touch_key(key=key, at=now)
        return key, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """The view names the scope of each method in `scopes`, or several of which one will do; else it is closed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        key: object = request.user
        if not isinstance(key, ApiKey):
            return False
        scopes: dict[str, str | tuple[str, ...]] = getattr(view, "scopes", {})
        needed = scopes.get(request.method or "")
        if needed is None:
            return request.method == "OPTIONS"
        enough = (needed,) if isinstance(needed, str) else needed
        if not set(enough) & set(key.scopes):
            raise NotAllowed(
                "This key lacks the scope {names}.",
                "An administrator can make a key that has it.",
                names=" or ".join(enough),
            )
        return True


class KeyThrottle(SimpleRateThrottle):
    """So many calls a minute for each key."""

    scope = "key"

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        key: object = request.user
        return f"throttle-{key.prefix}" if isinstance(key, ApiKey) else None
