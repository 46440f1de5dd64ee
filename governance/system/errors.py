"""Error pages; below /api/ they are problem documents, because a pipeline reads no HTML."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from accounts.access import request_id
from accounts.problems import CONTENT_TYPE

DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request could not be read.",
    HTTPStatus.FORBIDDEN: "This is not for you.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something broke on our side. Nothing was decided; this is not an allow.",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _answer(request, HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _answer(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _answer(request, HTTPStatus.NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def _answer(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    if not request.path.startswith("/api/"):
        return render(request, f"{status.value}.html", status=status.value)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": DETAILS[status],
        "instance": f"urn:request:{request_id(request)}",
    }
    return JsonResponse(body, status=status.value, content_type=CONTENT_TYPE)
