"""`oscal/…` for machines: the same documents as from the pages."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api import KeyView
from accounts.models import Scope
from governance.compliance.access import framework_for_reader
from governance.compliance.oscal.taking import take_components, take_results
from registry.access import model_for_reader, models_for_reader
from registry.api.common import checked
from registry.models import Lifecycle

DOCUMENT = OpenApiResponse(OpenApiTypes.OBJECT, description="An OSCAL document (JSON)")


class ComponentsAsked(serializers.Serializer[Any]):
    """Of which model; of all in use where none is named."""

    model = serializers.CharField(max_length=64, required=False, default="")


class ResultsAsked(serializers.Serializer[Any]):
    """Which model under which framework."""

    model = serializers.CharField(max_length=64)
    framework = serializers.CharField(max_length=64)


class Components(KeyView):
    """Models and the controls that they meet."""

    scopes: ClassVar = {"GET": Scope.REPORTS_READ}

    @extend_schema(
        operation_id="oscal_component_definition",
        parameters=[OpenApiParameter("model", str, description="Only this model")],
        responses={200: DOCUMENT, 404: OpenApiResponse(description="No such model")},
    )
    def get(self, request: Request) -> HttpResponse:
        """An OSCAL component definition of the models in use and the organisation's programme. It is on the record."""
        slug = checked(ComponentsAsked(data=request.query_params))["model"]
        models = models_for_reader(self.key.owner).order_by("name", "pk")
        if slug:
            models = models.filter(pk=model_for_reader(self.key.owner, slug).pk)
        else:
            models = models.exclude(lifecycle=Lifecycle.RETIRED)
        return take_components(models, {"model": slug} if slug else {}, actor=self.actor, at=timezone.now())


class Results(KeyView):
    """A model under a framework."""

    scopes: ClassVar = {"GET": Scope.REPORTS_READ}

    @extend_schema(
        operation_id="oscal_assessment_results",
        parameters=[
            OpenApiParameter("model", str, required=True),
            OpenApiParameter("framework", str, required=True),
        ],
        responses={
            200: DOCUMENT,
            404: OpenApiResponse(description="No such model or framework, or it does not apply"),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """OSCAL assessment results of a model under a framework that applies to it. It is on the record."""
        given = checked(ResultsAsked(data=request.query_params))
        model = model_for_reader(self.key.owner, given["model"])
        framework = framework_for_reader(self.key.owner, given["framework"])
        return take_results(model, framework, actor=self.actor, at=timezone.now())
