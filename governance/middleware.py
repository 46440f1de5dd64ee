"""A name for each request, and refusals turned into pages that say what to do."""

import logging
import re
import uuid
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal, Unavailable

log = logging.getLogger("countersign.request")
ACCEPTABLE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
Handler = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Each request has an id: the proxy's when it sent a sane one, else a new one. It goes back with the answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-ID", "")
        name = offered if ACCEPTABLE_ID.match(offered) else uuid.uuid4().hex
        request.META["countersign.request_id"] = name
        response = self.get_response(request)
        response["X-Request-ID"] = name
        return response


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
        return render(request, "refusal.html", {"reason": str(error), "remedy": error.remedy}, status=status)
