"""Maturity of teams for machines."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.compliance.library import maturity_models
from governance.compliance.maturity.reached import maturity_of
from governance.compliance.maturity.teams import teams


class TeamAnswer(serializers.Serializer[Any]):
    """A team. `reached` is by people's conclusions, `supported` by evidence alone; ids of the model's levels."""

    team = serializers.CharField()
    models = serializers.ListField(child=serializers.CharField())
    reached = serializers.CharField()
    supported = serializers.CharField()


class MaturityAnswer(serializers.Serializer[Any]):
    """Every team, by the maturity model that counts."""

    framework = serializers.CharField()
    version = serializers.CharField()
    results = TeamAnswer(many=True)


class Maturity(KeyView):
    """How mature each team's operations are."""

    scopes: ClassVar = {"GET": Scope.REPORTS_READ}

    @extend_schema(operation_id="maturity_retrieve", responses=MaturityAnswer)
    def get(self, request: Request) -> Response:
        """Levels by team."""
        model = next(iter(maturity_models().values()))
        rows = [
            {
                "team": row.team,
                "models": [record.model.slug for record in row.records],
                "reached": row.reached.id,
                "supported": row.supported.id,
            }
            for row in maturity_of(list(teams(self.key.owner).values()), model, today=timezone.now().date())
        ]
        told = {"framework": model.id, "version": model.version, "results": rows}
        return Response(MaturityAnswer(told).data)
