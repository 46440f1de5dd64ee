"""Where a request comes from, as far as that can be known."""

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address of the browser. Behind a proxy of ours, what that proxy saw: the last one that it added."""
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        told = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if told:
            return told[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def browser_of(request: HttpRequest) -> str:
    """What the browser calls itself."""
    return request.headers.get("User-Agent", "")[:200]
