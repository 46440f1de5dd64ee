"""Posting to a place outside that the operator named: a witness, a time-stamping authority. No Django."""

import http.client
import urllib.error
import urllib.request
from contextlib import suppress
from time import monotonic
from urllib.parse import urlsplit

SECONDS = 10
LARGEST_ANSWER = 256 * 1024


class NotAnswered(RuntimeError):
    """The place did not do its part; the message says what happened."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The place is where it was set to be."""

    def redirect_request(self, *args: object) -> None:
        return None


def posted(address: str, body: bytes, headers: dict[str, str]) -> bytes:
    """What the place answers. Raises NotAnswered."""
    request = urllib.request.Request(address, data=body, headers=headers, method="POST")
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            raw = read_within(answer, most=LARGEST_ANSWER, seconds=SECONDS)
    except urllib.error.HTTPError as error:
        with suppress(OSError):
            error.close()
        raise NotAnswered(f"{shown(address)} answered {error.code}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotAnswered(f"{shown(address)} could not be reached: {error}") from error
    if len(raw) > LARGEST_ANSWER:
        raise NotAnswered(f"{shown(address)} answered more than any stamp has.")
    return raw


def read_within(answer: http.client.HTTPResponse, *, most: int, seconds: float) -> bytes:
    """The answer; one byte more than `most` where it is longer. Raises TimeoutError when it comes by the drop."""
    until, raw = monotonic() + seconds, b""
    while len(raw) <= most and (piece := answer.read1(most + 1 - len(raw))):
        raw += piece
        if monotonic() > until:
            raise TimeoutError(f"the answer was not complete within {seconds:g} s")
    return raw


def shown(place: str) -> str:
    """The place without what may be secret in it: name, password and query of an address."""
    parts = urlsplit(place)
    if parts.scheme not in ("http", "https"):
        return place[:300]
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"[:300]
