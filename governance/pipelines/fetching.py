"""One GET to a CI server that an administrator named: pinned address, no redirect, little time, few bytes."""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings

from evaluations.scoring.connection import Pinned, opened
from registry.addresses import BadAddress, place_of, resolve

SECONDS = 5.0
MOST_ADDRESSES = 2
MOST_BYTES = 256 * 1024
HEADERS = {"Accept": "application/json", "User-Agent": "countersign"}


class Unfetchable(Exception):
    """There is no answer that could be used; the text is a sentence that says why."""


def fetch_json(url: str, headers: Mapping[str, str] = HEADERS) -> Any:
    """The JSON at the address. Raises Unfetchable."""
    allowed = settings.CI_ALLOW
    try:
        place = place_of(url, allowed)
        addresses = resolve(place, private=place.origin in allowed)[:MOST_ADDRESSES]
    except BadAddress as problem:
        raise Unfetchable(str(problem)) from problem
    connection = opened(place, addresses, settings.CI_CA, seconds=SECONDS)
    try:
        content = _get(connection, place.target, headers)
    except ssl.SSLCertVerificationError as error:
        raise Unfetchable(f"The certificate of {place.host} is not valid.") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unfetchable(f"{place.origin} did not answer ({type(error).__name__}).") from error
    finally:
        connection.close()
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unfetchable(f"{place.origin} answered something that is no JSON.") from error


def _get(connection: Pinned, target: str, headers: Mapping[str, str]) -> bytes:
    connection.connect()
    with _within(connection, SECONDS):
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        if 300 <= response.status < 400:
            raise Unfetchable(f"{connection.host} sends on to another address; redirects are not followed.")
        if response.status != http.client.OK:
            raise Unfetchable(f"{connection.host} answered {response.status}.")
        content = response.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Unfetchable(f"{connection.host} answered more than {MOST_BYTES // 1024} KiB.")
    return content


@contextmanager
def _within(connection: Pinned, seconds: float) -> Iterator[None]:
    """Hang up after so many seconds: a socket's own timeout begins anew with each byte."""
    held = connection.sock

    def hang_up() -> None:
        with suppress(OSError):
            socket.socket.shutdown(held, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
