"""Where MLflow's registry webhook knocks."""

from http import HTTPStatus
from typing import Any, NoReturn

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from accounts.access import request_id
from accounts.problems import Problem
from accounts.signed_bodies import Raw, whole_body
from audit.actor import Actor
from governance.tracking.hooks import DELIVERY, SIGNATURE, TIME, NotGenuine, read_message
from governance.tracking.rounds import wake_for
from registry.access import connected_server
from registry.actions.sync_runs import Replayed, refuse_delivery, take_delivery
from registry.models import TrackingServer
from registry.tracking_stores import hook_secret

MOST_BYTES = 256 * 1024


class HookThrottle(SimpleRateThrottle):
    """So many messages a minute for each server and sender."""

    scope = "mlflow_hook"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        name = str(view.kwargs.get("server", ""))[:40]
        return f"throttle-mlflow-{name}-{request.META.get('REMOTE_ADDR', '')}"  # headers would be the sender's word


class EventTaken(serializers.Serializer[Any]):
    """The round that the message has asked for; null when it asks for none."""

    run = serializers.IntegerField(allow_null=True)


class Events(APIView):
    """Messages of MLflow's model registry, proven by their signature: neither a session nor a key opens this."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (HookThrottle,)
    parser_classes = (Raw,)

    @extend_schema(
        operation_id="mlflow_events_create",
        auth=[],
        request={"application/json": OpenApiTypes.OBJECT},
        parameters=[
            OpenApiParameter(SIGNATURE, str, OpenApiParameter.HEADER, description="v1,… as MLflow signs"),
            OpenApiParameter(DELIVERY, str, OpenApiParameter.HEADER),
            OpenApiParameter(TIME, str, OpenApiParameter.HEADER, description="Seconds since 1970"),
        ],
        responses={
            202: EventTaken,
            401: OpenApiResponse(description="Not signed by this server, too old, or sent before"),
        },
    )
    def post(self, request: Request, server: str) -> Response:
        """Take a message: new versions of the model that it names come in by a round."""
        found, now = _server(server), timezone.now()
        try:
            message = read_message(
                request.headers,
                whole_body(request, most=MOST_BYTES, sender="MLflow"),
                secret=hook_secret(found),
                at=now,
            )
            run = take_delivery(server=found, delivery_id=message.delivery_id, wanted=message.wanted, at=now)
        except (NotGenuine, Replayed) as problem:
            self._refuse(request, found, str(problem))
        except ValueError as problem:
            raise Problem(HTTPStatus.BAD_REQUEST, "The message is not JSON as MLflow writes it.") from problem
        if run is not None:
            wake_for(run)
        return Response({"run": run.pk if run is not None else None}, status=202)

    def _refuse(self, request: Request, server: TrackingServer, reason: str) -> NoReturn:
        actor = Actor("anonymous", "Somebody not logged in", "nothing", request_id(request._request))
        refuse_delivery(server=server, reason=reason, actor=actor, at=timezone.now())
        raise Problem(
            HTTPStatus.UNAUTHORIZED, reason, "Compare the secret on the server's page with MLflow's."
        )


def _server(name: str) -> TrackingServer:
    """The server, if it is connected. Strangers are not told which are: nobody has signed with a secret of this one."""
    try:
        return connected_server(name)
    except Http404:
        raise Problem(HTTPStatus.UNAUTHORIZED, "The message is not signed by a connected server.") from None
