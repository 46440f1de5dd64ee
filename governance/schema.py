"""What the OpenAPI document says of every call: the problem documents that any of them may answer."""

from http import HTTPStatus
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
CONTENT_TYPE = "application/problem+json"
ANYBODY = {
    HTTPStatus.BAD_REQUEST: "Malformed",
    HTTPStatus.NOT_FOUND: "What is named is not there",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many calls; `Retry-After` says when to come again",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not possible just now",
}
WITH_A_KEY = {
    HTTPStatus.UNAUTHORIZED: "No key, or one that is unknown, revoked or expired",
    HTTPStatus.FORBIDDEN: "The key lacks the scope, or its owner may not do this",
}
WITH_A_BODY = {
    HTTPStatus.CONFLICT: "It does not fit what is there",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "A body of another type is asked for",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Understood, and not possible",
}
TEXT = {"type": "string"}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. Some problems have further members.",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": {**TEXT, "description": "What is wrong"},
        "remedy": {**TEXT, "description": "What to do about it"},
        "field": {**TEXT, "description": "The part of the body that it is about"},
        "instance": {**TEXT, "description": "The request's id, as logs and record name it"},
    },
    "required": ["type", "title", "status", "detail"],
}


def with_problems(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """The document, with the problems that each call may answer beside what it says itself."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for path in result["paths"].values():
        for method, call in path.items():
            if method in METHODS:
                _add(call)
    return result


def _add(call: dict[str, Any]) -> None:
    told = dict(ANYBODY)
    if call.get("security") != []:
        told |= WITH_A_KEY
    if "requestBody" in call:
        told |= WITH_A_BODY
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, text in told.items():
        call["responses"].setdefault(str(status.value), {"description": text})
    for number, answer in call["responses"].items():
        if int(number) >= HTTPStatus.BAD_REQUEST:
            answer.setdefault("content", content)
    call["responses"] = dict(sorted(call["responses"].items()))
