"""Errors in SCIM's own form (RFC 7644, 3.12)."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, UnreadablePostError
from pydantic import ValidationError
from rest_framework import exceptions
from rest_framework.response import Response
from scim2_models import Error, SCIMException

from accounts.refusals import Conflict, Invalid, Refusal

log = logging.getLogger(__name__)


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler: every foreseen error as SCIM says it."""
    found = _said(error)
    if found is None:
        return None
    response = Response(found.model_dump(), status=found.status)
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        response["WWW-Authenticate"] = "Bearer"
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait) + 1)
    return response


def _said(error: Exception) -> Error | None:
    match error:
        case ValidationError():
            return Error.from_validation_errors(error)[0]
        case SCIMException():
            return error.to_error()
        case Invalid():
            return _error(HTTPStatus.BAD_REQUEST, _words(error), "invalidValue")
        case Conflict():
            return _error(HTTPStatus.CONFLICT, _words(error), "uniqueness")
        case Refusal():
            return _error(HTTPStatus.FORBIDDEN, _words(error))
        case exceptions.ParseError() | UnreadablePostError():
            return _error(HTTPStatus.BAD_REQUEST, "The body is no JSON.", "invalidSyntax")
        case exceptions.APIException():
            return _error(HTTPStatus(error.status_code), str(error.detail))
        case Http404():
            return _error(HTTPStatus.NOT_FOUND, str(error) or "There is nothing here.")
        case PermissionDenied():
            return _error(HTTPStatus.FORBIDDEN, "This is not for you.")
        case OperationalError():
            log.error("The database did not answer: %s", error)
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "The database did not answer. Nothing was changed.")
    return None


def _error(status: HTTPStatus, detail: str, kind: str | None = None) -> Error:
    return Error(status=status.value, detail=detail, scim_type=kind)


def _words(refusal: Refusal) -> str:
    return f"{refusal} {refusal.remedy}".strip()
