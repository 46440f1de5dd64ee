"""What can be done with one run by API, and the published schema of a result."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import KeyView
from accounts.models import Scope
from evaluations.access import run_by_uuid
from evaluations.actions import cancel_evaluation
from evaluations.api import EvaluationAnswer
from evaluations.comparing import compare_runs
from evaluations.result_schema import RESULT_SCHEMA
from registry.api.common import checked

NOT_FOUND = OpenApiResponse(description="No such run")
LOG = inline_serializer(
    "EvaluationLog",
    {"status": serializers.CharField(), "step": serializers.CharField(), "log": serializers.CharField()},
)


class EvaluationCancel(KeyView):
    """Stopping a run."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.EVALUATIONS_WRITE}

    @extend_schema(
        operation_id="evaluations_cancel",
        request=None,
        responses={
            200: EvaluationAnswer,
            404: NOT_FOUND,
            409: OpenApiResponse(description="It has ended already"),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Stop a run that has not ended; its worker notices within a second or two."""
        cancel_evaluation(run=run_by_uuid(self.key.owner, pk), user=None, actor=self.actor, at=timezone.now())
        return Response(EvaluationAnswer(run_by_uuid(self.key.owner, pk)).data, status=HTTPStatus.OK)


class EvaluationLog(KeyView):
    """What a run tells."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.EVALUATIONS_READ}

    @extend_schema(operation_id="evaluations_log", responses={200: LOG, 404: NOT_FOUND})
    def get(self, request: Request, pk: str) -> Response:
        """The steps of the run and what the model and its libraries wrote; the last 64 KB, while it works too."""
        run = run_by_uuid(self.key.owner, pk)
        return Response({"status": run.status, "step": run.step, "log": run.log})


class WithQuestion(serializers.Serializer[Any]):
    """The other run."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`with` is a word of Python's own."""
        return {"with": serializers.UUIDField()}


class EvaluationCompare(KeyView):
    """Two runs side by side."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.EVALUATIONS_READ}

    @extend_schema(
        operation_id="evaluations_compare",
        parameters=[OpenApiParameter("with", OpenApiTypes.UUID, required=True, description="The other run")],
        responses={
            200: OpenApiTypes.OBJECT,
            404: NOT_FOUND,
            409: OpenApiResponse(description="Of another kind, or without a result"),
        },
    )
    def get(self, request: Request, pk: str) -> Response:
        """What differed between this run (a) and the other one (b), then each figure with its difference."""
        other = checked(WithQuestion(data=request.query_params))["with"]
        return Response(
            compare_runs(run_by_uuid(self.key.owner, pk), run_by_uuid(self.key.owner, other)).as_json()
        )


class ResultSchema(APIView):
    """The schema that every result keeps to; public, as the OpenAPI document is."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(operation_id="evaluation_result_schema", responses=OpenApiTypes.OBJECT, auth=[])
    def get(self, request: HttpRequest) -> Response:
        """JSON Schema 2020-12 of an evaluation's `result`."""
        return Response({"$id": request.build_absolute_uri(), **RESULT_SCHEMA})
