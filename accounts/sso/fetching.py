"""Talking to an identity provider that the operator named: no redirect, little time, few bytes."""

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

from accounts.refusals import Unavailable
from accounts.sso.configuration import Provider, is_secure
from audit.posting import read_within

SECONDS = 8
MOST_BYTES = 256 * 1024


class Unreachable(Unavailable):
    """The provider gives no answer that could be used; the text is a sentence that says why."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def fetch(
    provider: Provider,
    address: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] = {},
) -> dict[str, Any]:
    """The JSON object at the address: by GET, or by POST where there is a form. Raises Unreachable."""
    if not is_secure(address):
        raise Unreachable("{provider} names an address that is not https.", provider=provider.name)
    body = urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(address, body, {"Accept": "application/json", **headers})
    authorities = str(provider.ca_file) if provider.ca_file else None
    secure = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authorities))
    opener = urllib.request.build_opener(_NoRedirect, secure)
    try:
        with opener.open(request, timeout=SECONDS) as response:
            content = read_within(response, most=MOST_BYTES, seconds=SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            raise Unreachable(
                "{provider} answered {code}{error}.",
                provider=provider.name,
                code=error.code,
                error=_said(error),
            ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(
            "{provider} did not answer ({kind}).", provider=provider.name, kind=type(error).__name__
        ) from error
    try:
        found = json.loads(content[:MOST_BYTES])
    except ValueError as error:
        raise Unreachable("{provider} answered something that is no JSON.", provider=provider.name) from error
    if not isinstance(found, dict):
        raise Unreachable("{provider} answered something that is no JSON object.", provider=provider.name)
    return found


def basic(name: str, secret: str) -> str:
    """The Authorization header of a client (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(name)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _said(error: urllib.error.HTTPError) -> str:
    """The error code of OAuth in the answer, such as " (invalid_grant)"."""
    try:
        found = json.loads(error.read(2000)).get("error", "")
    except (ValueError, AttributeError, OSError):
        return ""
    return f" ({found})" if isinstance(found, str) and found.isidentifier() else ""
