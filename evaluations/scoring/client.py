"""Asking an endpoint: not faster than it allows, again where it stumbles, and never where it is wrong."""

import http.client
import json
import random
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from evaluations.scoring.connection import MOST_BYTES, Answer, Pinned, TooLarge, opened, post
from evaluations.scoring.job import CannotScore, Endpoint
from registry.addresses import BadAddress, place_of, resolve

AGAIN = frozenset({408, 429, 500, 502, 503, 504})
LONGEST_WAIT = 120.0
FIRST_WAIT, LARGEST_WAIT = 0.5, 30.0
SHOWN = 160


class Client:
    """One endpoint; its name is resolved once, when the client is made. Raises CannotScore."""

    def __init__(self, endpoint: Endpoint, *, secret: str, allowed: frozenset[str], ca_file: str) -> None:
        self._endpoint = endpoint
        self._secret = secret
        self._headers = {endpoint.header: secret} if secret else {}
        try:
            self._place = place_of(endpoint.url, allowed)
            self.addresses = resolve(self._place, private=self._place.origin in allowed)
        except BadAddress as error:
            raise CannotScore(str(error)) from error
        self._ca_file = ca_file
        self._connection: Pinned | None = None
        self._next = 0.0
        self.requests = self.retried = 0
        self.waited = 0.0

    def ask(self, body: bytes) -> Any:
        """The JSON of the answer."""
        for attempt in range(self._endpoint.retries + 1):
            self._keep_to_the_rate()
            answer, problem = self._once(body)
            if answer is not None and answer.status == http.client.OK:
                return self._content(answer)
            if answer is not None and answer.status not in AGAIN:
                raise CannotScore(self._refusal(answer))
            if answer is not None:
                problem = self._refusal(answer)
            if attempt < self._endpoint.retries:
                self.retried += 1
                self._wait(self._pause(attempt, answer, problem))
        tries = self._endpoint.retries + 1
        raise CannotScore(f"{problem} It was asked {tries} times." if tries > 1 else problem)

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _once(self, body: bytes) -> tuple[Answer | None, str]:
        """An answer, or why there is none."""
        self.requests += 1
        seconds = self._endpoint.timeout_seconds
        try:
            if self._connection is None:
                self._connection = opened(self._place, self.addresses, self._ca_file)
            return post(self._connection, self._place.target, body, self._headers, seconds), ""
        except ssl.SSLCertVerificationError as error:
            raise CannotScore(
                f"The endpoint's certificate is not valid: {error.verify_message or error.reason}."
            ) from error
        except TooLarge as error:
            limit = MOST_BYTES // (1024 * 1024)
            raise CannotScore(f"The endpoint answered more than {limit} MB to one request.") from error
        except TimeoutError:
            self.close()
            return None, f"The endpoint did not answer within {seconds:g} seconds."
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return None, f"The endpoint cannot be reached ({type(error).__name__})."

    def _keep_to_the_rate(self) -> None:
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(self._next, now) + 1 / self._endpoint.requests_per_second

    def _pause(self, attempt: int, answer: Answer | None, problem: str) -> float:
        """Seconds until the next try: what Retry-After says, else twice as long each time with some chance in it."""
        asked = None if answer is None else retry_after(answer.headers, time.time())
        if asked is None:
            most = min(FIRST_WAIT * 2**attempt, LARGEST_WAIT)
            return random.uniform(most / 2, most)
        if asked > LONGEST_WAIT:
            raise CannotScore(
                f"{problem} It asks to wait {asked:.0f} seconds; the longest wait is {LONGEST_WAIT:g}."
            )
        return asked

    def _wait(self, seconds: float) -> None:
        self.waited += seconds
        time.sleep(seconds)

    def _refusal(self, answer: Answer) -> str:
        if 300 <= answer.status < 400:
            where = self._shown(answer.headers.get("location", "").encode())
            where = where or "another address"
            return f"The endpoint sends on to {where} ({answer.status}); redirects are not followed."
        said = self._shown(answer.body)
        told = f"The endpoint answered {answer.status} {answer.reason}".rstrip()
        return f"{told}: {said}." if said else f"{told}."

    def _shown(self, content: bytes) -> str:
        """The beginning of what was said, in one line and without the secret."""
        text = content[: 4 * SHOWN].decode(errors="replace")
        for part in {self._secret, *self._secret.split()} - {""}:
            text = text.replace(part, "…")
        return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:SHOWN]

    def _content(self, answer: Answer) -> Any:
        try:
            return json.loads(answer.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            said = f": {self._shown(answer.body)}" if answer.body else ""
            why = str(error) if isinstance(error, _NotFinite) else "no JSON"
            raise CannotScore(f"The endpoint's answer is {why}{said}") from error


class _NotFinite(ValueError):
    """JSON knows neither NaN nor infinity; some servers write them all the same."""


def _refuse_constant(name: str) -> NoReturn:
    raise _NotFinite(f"not usable, it holds {name}")


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that Retry-After asks for, as a number or as a date (RFC 9110, 10.2.3); None where it says nothing."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said[:9])
    try:
        return max(parsedate_to_datetime(said).timestamp() - now, 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
