"""Where GitHub knocks before a job may go on."""

from http import HTTPStatus
from typing import Any, NoReturn

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from accounts.problems import Problem
from accounts.signed_bodies import Raw, whole_body
from evaluations.wake import wake
from governance.protection.actions import take_question
from governance.protection.app import GitHubApp
from governance.protection.asked import DELIVERY, EVENT, SIGNATURE, NotGenuine, Unreadable, proven, read
from governance.protection.tasks import ANSWER_TASK

MOST_BYTES = 1024 * 1024


class HookThrottle(SimpleRateThrottle):
    """So many messages a minute for each sender."""

    scope = "github_hook"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return f"throttle-github-{request.META.get('REMOTE_ADDR', '')}"  # headers would be the sender's word


class QuestionTaken(serializers.Serializer[Any]):
    """The question that the message asks; null when it asks none."""

    question = serializers.UUIDField(allow_null=True)


class Events(APIView):
    """Messages of the GitHub App, proven by their signature: neither a session nor a key opens this."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (HookThrottle,)
    parser_classes = (Raw,)

    @extend_schema(
        operation_id="github_events_create",
        auth=[],
        request={"application/json": OpenApiTypes.OBJECT},
        parameters=[
            OpenApiParameter(SIGNATURE, str, OpenApiParameter.HEADER, description="sha256=… as GitHub signs"),
            OpenApiParameter(DELIVERY, str, OpenApiParameter.HEADER),
            OpenApiParameter(EVENT, str, OpenApiParameter.HEADER),
        ],
        responses={
            202: QuestionTaken,
            400: OpenApiResponse(description="Signed, and no question that can be answered"),
            401: OpenApiResponse(description="Not signed with the App's webhook secret"),
            409: OpenApiResponse(description="The delivery came before with another message"),
            413: OpenApiResponse(description="Too large"),
            429: OpenApiResponse(description="Too many messages"),
        },
    )
    def post(self, request: Request) -> Response:
        """Take a question about a deployment; a worker answers it on GitHub. Other messages ask nothing."""
        app, now = _app(), timezone.now()
        body = whole_body(request, most=MOST_BYTES, sender="GitHub")
        try:
            delivery = proven(request.headers, body, app.webhook_secret)
            asked = read(request.headers.get(EVENT, ""), body, api=app.api)
        except NotGenuine as problem:
            _refuse(str(problem))
        except Unreadable as problem:
            raise Problem(HTTPStatus.BAD_REQUEST, str(problem)) from problem
        if asked is None:
            return Response({"question": None}, status=202)
        question, new = take_question(delivery_id=delivery, body=body, asked=asked, at=now)
        if new:
            wake(ANSWER_TASK)
        return Response({"question": str(question.pk)}, status=202)


def _app() -> GitHubApp:
    """The App. Strangers are not told whether there is one."""
    app: GitHubApp | None = settings.GITHUB_APP
    if app is None:
        _refuse(f"{SIGNATURE} is not made with the App's webhook secret.")
    return app


def _refuse(reason: str) -> NoReturn:
    raise Problem(
        HTTPStatus.UNAUTHORIZED, reason, "Compare the App's webhook secret on GitHub with Countersign's."
    )
