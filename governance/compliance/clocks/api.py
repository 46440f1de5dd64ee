"""What is due by law, for machines."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.compliance.access import framework_for_reader
from governance.compliance.clocks.clock import KINDS
from governance.compliance.clocks.due import STATES, Due, due_of
from registry.access import model_for_reader
from registry.api.common import checked
from registry.models import RegisteredModel

STATE_CHOICES = [(state, word) for state, (_, word) in STATES.items()]


class DueGiven(serializers.Serializer[Any]):
    """Which model, and what of it."""

    model = serializers.CharField(max_length=64)
    framework = serializers.CharField(max_length=64, required=False, default="")
    state = serializers.ChoiceField(STATE_CHOICES, required=False, default="")


class DueAnswer(serializers.Serializer[Any]):
    """One clock. `start` and `until` are null where the record holds no start; `said` says why."""

    clock = serializers.CharField()
    framework = serializers.CharField()
    control = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(list(KINDS.items()))
    period = serializers.CharField()
    confidence = serializers.CharField()
    state = serializers.ChoiceField(STATE_CHOICES)
    said = serializers.CharField()
    about = serializers.CharField(allow_blank=True)
    start = serializers.DateField(allow_null=True)
    until = serializers.DateField(allow_null=True)


class DueAnswers(serializers.Serializer[Any]):
    """All of them, what needs somebody first."""

    model = serializers.CharField()
    results = DueAnswer(many=True)


class WhatIsDue(KeyView):
    """Legal clocks of a model."""

    scopes: ClassVar = {"GET": Scope.REPORTS_READ}

    @extend_schema(
        operation_id="due_retrieve",
        parameters=[
            OpenApiParameter("model", str, required=True),
            OpenApiParameter("framework", str),
            OpenApiParameter("state", str, enum=list(STATES)),
        ],
        responses={200: DueAnswers, 404: OpenApiResponse(description="No such model or framework")},
    )
    def get(self, request: Request) -> Response:
        """What is due, by which law, counted from what."""
        given = checked(DueGiven(data=request.query_params))
        model = model_for_reader(self.key.owner, given["model"])
        only = framework_for_reader(self.key.owner, given["framework"]).id if given["framework"] else ""
        rows = [
            _told(row)
            for row in due_of(RegisteredModel.objects.filter(pk=model.pk), today=timezone.now().date())
            if only in ("", row.framework.id) and given["state"] in ("", row.state)
        ]
        return Response(DueAnswers({"model": model.slug, "results": rows}).data)


def _told(row: Due) -> dict[str, Any]:
    return {
        "clock": row.clock.id,
        "framework": row.framework.id,
        "control": row.clock.control,
        "title": row.clock.title,
        "kind": row.clock.kind,
        "period": str(row.clock.period),
        "confidence": row.clock.confidence,
        "state": row.state,
        "said": row.said,
        "about": row.about,
        "start": row.start,
        "until": row.until,
    }
