"""A name for each request, a log line with it, and refusals turned into pages that say what to do."""

import logging
import re
import uuid
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.refusals import Conflict, Invalid, NoRoom, NotAllowed, Refusal, Unavailable, is_full
from audit.asked import on_behalf_of

log = logging.getLogger("countersign.answered")
ACCEPTABLE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
Handler = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Each request has an id: the proxy's, where one of ours stands in front and sent a sane one, else a new one.

    It goes back with the answer, and stands in the log lines, the messages to workers and the events of the request.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-ID", "") if settings.TRUST_REQUEST_IDS else ""
        name = offered if ACCEPTABLE_ID.match(offered) else uuid.uuid4().hex
        request.META["countersign.request_id"] = name
        began = perf_counter()
        with on_behalf_of(name):
            response = self.get_response(request)
            _tell(request, response, perf_counter() - began)
        response["X-Request-ID"] = name
        return response


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """One line for each request: its route rather than its address, which may hold what is nobody's business."""
    route = f"/{request.resolver_match.route}" if request.resolver_match else ""
    facts = {
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
    }
    log.info(
        "%s %s answered %d",
        request.method,
        route or "unknown address",
        response.status_code,
        extra={"facts": facts},
    )


class SpokenRefusals:
    """A refusal that a page did not show itself becomes a page of its own, with the reason and the remedy."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """An address with a NUL in it names nothing; PostgreSQL would refuse to look for it."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404("An address cannot hold a NUL character.")
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OSError) and is_full(error):
            log.error("A disk is full: %s", error)
            error = NoRoom()
        if not isinstance(error, Refusal):
            return None
        match error:
            case NotAllowed():
                status = 403
            case Invalid():
                status = 400
            case Conflict():
                status = 409
            case Unavailable():
                status = 503
            case _:
                status = 409
        return render(
            request, "refusal.html", {"reason": error.told(), "remedy": error.advice()}, status=status
        )
