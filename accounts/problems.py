"""RFC 9457 problem documents: the one shape of every error that the API answers."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.access import request_id
from accounts.refusals import Conflict, Invalid, NoRoom, NotAllowed, Refusal, Unavailable, is_full

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"


class Problem(Refusal):
    """An error with a status of its own choosing."""

    def __init__(self, status: HTTPStatus, reason: str, remedy: str = "", **members: object) -> None:
        super().__init__(reason, remedy)
        self.status = status
        self.members = members


def problem(status: HTTPStatus, detail: str, **members: object) -> Response:
    """A problem document."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    body.update({name: value for name, value in members.items() if value})
    return Response(body, status=status.value, content_type=CONTENT_TYPE)


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler: every foreseen error becomes a problem document."""
    response = _response(error)
    if response is None:
        return None
    if isinstance(error, exceptions.APIException):
        if wait := getattr(error, "wait", None):  # Throttled: seconds until the next call may come
            response["Retry-After"] = str(int(wait) + 1)
        if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            response["WWW-Authenticate"] = "Bearer"
    response.data["instance"] = f"urn:request:{request_id(context['request'])}"
    return response


def _response(error: Exception) -> Response | None:
    match error:
        case Problem():
            return problem(error.status, str(error), remedy=error.remedy, **error.members)
        case Invalid():
            return problem(HTTPStatus.BAD_REQUEST, str(error), remedy=error.remedy, field=error.field)
        case Conflict():
            return problem(HTTPStatus.CONFLICT, str(error), remedy=error.remedy)
        case NotAllowed():
            return problem(HTTPStatus.FORBIDDEN, str(error), remedy=error.remedy)
        case Unavailable():
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), remedy=error.remedy)
        case UnreadablePostError():
            return problem(
                HTTPStatus.BAD_REQUEST, "The body broke off before its end.", remedy="Send it again."
            )
        case Refusal():
            return problem(HTTPStatus.CONFLICT, str(error), remedy=error.remedy)
        case exceptions.ValidationError():
            return problem(HTTPStatus.BAD_REQUEST, _sentence(error.detail), errors=error.detail)
        case exceptions.APIException():
            return problem(HTTPStatus(error.status_code), str(error.detail))
        case Http404():
            return problem(HTTPStatus.NOT_FOUND, str(error) or "There is nothing here.")
        case PermissionDenied():
            return problem(HTTPStatus.FORBIDDEN, "This is not for you.")
        case OSError() if is_full(error):
            log.error("A disk is full: %s", error)
            full = NoRoom()
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(full), remedy=full.remedy)
        case OperationalError() | InterfaceError():
            log.error("The database did not answer: %s", error)
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The database did not answer. Nothing was decided.",
                remedy="Ask again in a moment.",
            )
    return None


def _sentence(detail: Any) -> str:
    """The first complaint of a validation error, with the field that it is about."""
    if isinstance(detail, dict):
        field, inner = next(iter(detail.items()))
        return _sentence(inner) if field == "non_field_errors" else f"{field}: {_sentence(inner)}"
    if isinstance(detail, list):
        return _sentence(detail[0])
    return str(detail)
