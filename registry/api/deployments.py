"""Deployments."""

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from registry import actions
from registry.access import version_for_reader
from registry.api.common import checked
from registry.models import ModelVersion
from registry.shapes.deployments import DeploymentAnswer, DeploymentGiven


class Deployments(KeyView):
    """What pipelines say they have deployed."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.REGISTRY_WRITE}

    @extend_schema(
        operation_id="deployments_create", request=DeploymentGiven, responses={201: DeploymentAnswer}
    )
    def post(self, request: Request) -> Response:
        """Note a deployment; what ran there of the same model has ended."""
        given = checked(DeploymentGiven(data=request.data))
        version = version_for_reader(self.key.owner, given["model"], given["version"])
        self.refuse_unless_decided(version, given["environment"], given["decision_id"])
        deployment = actions.record_deployment(
            version=version,
            environment=given["environment"],
            decision_id=given["decision_id"],
            actor=self.actor,
            at=timezone.now(),
        )
        return Response(DeploymentAnswer(deployment).data, status=201)

    def refuse_unless_decided(self, version: ModelVersion, environment: str, decision_id: str) -> None:
        """The roof, which knows the gate's decisions, refuses one that does not fit."""
