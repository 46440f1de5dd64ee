"""A version's scoring endpoint by API."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from evaluations.endpoints.actions import remove_endpoint, set_endpoint
from evaluations.endpoints.rules import FIELDS, EndpointEntry, digest_of
from evaluations.endpoints.scoring import endpoint_of
from evaluations.models import EndpointAnswers, EndpointBody, ScoringEndpoint
from registry.access import refuse_unless_editor, version_for_reader

PATH_HELP = "names and numbers with dots between them"


class EndpointGiven(serializers.Serializer[Any]):
    """Where a version's predictions are asked for, and how."""

    url = serializers.CharField(max_length=300, help_text="https")
    answers = serializers.ChoiceField(EndpointAnswers.choices)
    body = serializers.ChoiceField(EndpointBody.choices, default=EndpointBody.INSTANCES)
    answers_path = serializers.CharField(
        max_length=120, allow_blank=True, default="", help_text=f"To the list of answers; {PATH_HELP}"
    )
    prediction_path = serializers.CharField(
        max_length=120, allow_blank=True, default="", help_text="From one answer to the label or number"
    )
    score_path = serializers.CharField(
        max_length=120, allow_blank=True, default="", help_text="From one answer to the probability"
    )
    columns = serializers.ListField(child=serializers.CharField(max_length=120), default=list)
    batch_size = serializers.IntegerField(default=100)
    requests_per_second = serializers.FloatField(default=10.0)
    timeout_seconds = serializers.FloatField(default=30.0)
    retries = serializers.IntegerField(default=4)
    header = serializers.CharField(max_length=60, default="Authorization")
    secret_name = serializers.CharField(
        max_length=100,
        allow_blank=True,
        default="",
        help_text="A variable COUNTERSIGN_ENDPOINT_… that holds the origin it is for, a space, the header's value",
    )


class EndpointAnswer(serializers.ModelSerializer[ScoringEndpoint]):
    """The endpoint as it stands; `digest` is what runs name."""

    digest = serializers.SerializerMethodField()
    defined_by = serializers.CharField(source="defined_by.username")

    class Meta:
        model = ScoringEndpoint
        fields = (*FIELDS, "digest", "defined_by", "defined_at")

    def get_digest(self, endpoint: ScoringEndpoint) -> str:
        """Of the settings."""
        return digest_of(endpoint)


class Endpoint(KeyView):
    """The scoring endpoint of a version."""

    scopes: ClassVar[dict[str, str]] = {
        "GET": Scope.EVALUATIONS_READ,
        "PUT": Scope.EVALUATIONS_WRITE,
        "DELETE": Scope.EVALUATIONS_WRITE,
    }

    @extend_schema(operation_id="endpoints_retrieve", responses=EndpointAnswer)
    def get(self, request: Request, slug: str, version: str) -> Response:
        """What is set; 404 when nothing is."""
        known = endpoint_of(version_for_reader(self.key.owner, slug, version))
        if known is None:
            raise Http404(f"Version {version} has no scoring endpoint.")
        return Response(EndpointAnswer(known).data)

    @extend_schema(
        operation_id="endpoints_update",
        request=EndpointGiven,
        responses={200: EndpointAnswer, 201: EndpointAnswer},
    )
    def put(self, request: Request, slug: str, version: str) -> Response:
        """Set it; what is left out has its default. The key's owner must be on the model's team."""
        found = version_for_reader(self.key.owner, slug, version)
        refuse_unless_editor(self.key.owner, found.model)
        given = EndpointGiven(data=request.data)
        given.is_valid(raise_exception=True)
        endpoint, fresh = set_endpoint(
            version=found,
            entry=EndpointEntry(**given.validated_data),
            user=self.key.owner,
            actor=self.actor,
            at=timezone.now(),
        )
        status = HTTPStatus.CREATED if fresh else HTTPStatus.OK
        return Response(EndpointAnswer(endpoint).data, status=status)

    @extend_schema(operation_id="endpoints_destroy", responses={204: None})
    def delete(self, request: Request, slug: str, version: str) -> Response:
        """Ask there no more."""
        found = version_for_reader(self.key.owner, slug, version)
        refuse_unless_editor(self.key.owner, found.model)
        remove_endpoint(version=found, actor=self.actor, at=timezone.now())
        return Response(status=HTTPStatus.NO_CONTENT)
