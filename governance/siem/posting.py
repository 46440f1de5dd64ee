"""One POST to an address that somebody named, for whatever leaves by HTTP: judged, pinned, no redirect, little time."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from evaluations.scoring.connection import Answer, TooLarge, opened, post
from registry.addresses import BadAddress, Place, resolve


class Undelivered(Exception):
    """The other side did not confirm; the text says why. It may have some of it all the same."""


@contextmanager
def in_words(seconds: float) -> Iterator[None]:
    """Whatever goes wrong on the way becomes Undelivered."""
    try:
        yield
    except BadAddress as error:
        raise Undelivered(str(error)) from error
    except TimeoutError as error:
        raise Undelivered(f"It did not confirm within {seconds:g} s.") from error
    except (OSError, http.client.HTTPException, TooLarge) as error:
        raise Undelivered(f"{type(error).__name__}: {error}".rstrip(": ")) from error


def posted(
    place: Place, body: bytes, headers: Mapping[str, str], *, private: bool, ca_file: str, seconds: float
) -> Answer:
    """What it answers, whatever that is; a redirect is an answer. `private` lets it be in the private network."""
    connection = opened(place, resolve(place, private=private), ca_file)
    try:
        return post(connection, place.target, body, headers, seconds)
    finally:
        connection.close()


def refused(answer: Answer) -> str:
    """Why an answer is no confirmation; "" where it is one, which is from 200 to 299."""
    if 200 <= answer.status < 300:
        return ""
    said = answer.body[:120].decode(errors="replace").replace("\0", "").strip()
    return f"It answered {answer.status} {answer.reason}. {said}".strip()
