"""Requests, statements and tasks as spans; audit/spans.py says what they may tell."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse

from audit.asked import request_now
from audit.spans import on, span

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STATEMENT = re.compile(r"\s*(?P<verb>[A-Za-z]{2,12})")
TABLE = re.compile(r'(?:FROM|INTO|UPDATE)\s+"?(?P<table>[a-z_0-9]{1,80})"?', re.IGNORECASE)
Handler = Callable[[HttpRequest], HttpResponse]


class Traced:
    """Each request is a span, with its statements below it. A trace goes on from a proxy of ours only."""

    def __init__(self, get_response: Handler) -> None:
        if not on():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        method = request.method if request.method in METHODS else "_OTHER"
        parent = request.headers.get("traceparent", "")[:64] if settings.TRUST_REQUEST_IDS else ""
        with (
            span(f"{method}", kind="server", parent=parent, http__request__method=f"{method}") as held,
            statements(),
        ):
            held.tell(countersign__request_id=request_now())
            response = self.get_response(request)
            if request.resolver_match:
                route = f"/{request.resolver_match.route}"
                held.rename(f"{method} {route}")
                held.tell(http__route=route)
            held.tell(http__response__status_code=response.status_code)
            if response.status_code >= 500:
                held.failed(str(response.status_code))
            return response


@contextmanager
def statements() -> Iterator[None]:
    """Each statement in the block is a span: its verb and its table, never its text or values."""
    if not on():
        yield
        return
    with connection.execute_wrapper(_traced):
        yield


def _traced(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    text = str(sql)
    verb, table = STATEMENT.match(text), TABLE.search(text)
    words = [verb["verb"].upper() if verb else "SQL", table["table"] if table else ""]
    facts = {"db__operation__name": words[0], "db__collection__name": words[1]}
    with span(
        " ".join(words).strip(),
        kind="client",
        db__system__name=context["connection"].vendor,
        **{name: value for name, value in facts.items() if value},
    ):
        return execute(sql, params, many, context)
