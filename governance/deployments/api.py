"""`deployments`: what pipelines put where. They report it; nothing is deployed from here."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.deployments.actions import report_deployment, report_finish, report_roll_back
from governance.lineage.sightings import versions_that_saw
from registry import actions
from registry.access import dataset_for_reader, deployment_for_reader
from registry.api.common import PAGES, checked
from registry.models import RUNNING, UNDECIDED, Deployment, DeploymentStatus, Environment, Strategy
from registry.pagination import CursorPages, page_of
from registry.shapes.deployments import (
    DeploymentAnswer,
    DeploymentGiven,
    NoteGiven,
    RollBackAnswer,
    RollBackGiven,
)
from registry.sight import seen_by

REPORTERS = (Scope.GATE, Scope.REGISTRY_WRITE)
READERS = (Scope.GATE, Scope.REGISTRY_READ)
SCOPES = {"GET": READERS, "POST": REPORTERS}
DECISION = "6f0f5b3e-8f5c-4a59-9a1e-0d6f2f4f7c11"
FIELDS = {"model": "version__model__slug", "version": "version__version"} | {
    name: name for name in ("environment", "strategy", "status")
}
EXAMPLES = [
    OpenApiExample("Live", {"decision": DECISION}, request_only=True),
    OpenApiExample(
        "A canary on its way",
        {"decision": DECISION, "strategy": "canary", "traffic_share": 0.1, "status": "started"},
        request_only=True,
    ),
    OpenApiExample(
        "Without a decision: recorded and flagged",
        {"model": "credit-default", "version": "3", "environment": "production", "strategy": "batch"},
        request_only=True,
    ),
]
PROBLEMS: dict[int, Any] = {
    400: OpenApiResponse(description="Malformed, or it is unclear which version and environment is meant"),
    404: OpenApiResponse(description="No such model, version or deployment"),
    409: OpenApiResponse(description="The shares of the traffic exceed 1, or its state does not allow this"),
}


class DeploymentFilters(serializers.Serializer[Any]):
    """What the list is narrowed to."""

    model = serializers.CharField(required=False, max_length=64)
    version = serializers.CharField(required=False, max_length=40)
    environment = serializers.ChoiceField(Environment.choices, required=False)
    strategy = serializers.ChoiceField(Strategy.choices, required=False)
    status = serializers.ChoiceField(DeploymentStatus.choices, required=False)
    running = serializers.BooleanField(required=False, allow_null=True, default=None)
    flagged = serializers.BooleanField(required=False, allow_null=True, default=None)
    dataset = serializers.CharField(required=False, max_length=110)


FILTERS = [
    *(OpenApiParameter(name, str) for name in ("model", "version")),
    OpenApiParameter("environment", str, enum=Environment.values),
    OpenApiParameter("strategy", str, enum=Strategy.values),
    OpenApiParameter("status", str, enum=DeploymentStatus.values),
    OpenApiParameter("running", bool, description="Only what runs now, or only what does not"),
    OpenApiParameter(
        "flagged", bool, description="Only what runs or starts without a valid decision, or the rest"
    ),
    OpenApiParameter(
        "dataset",
        str,
        description="A data set as name@version: only versions that were trained or measured on it, or made from one "
        "that was. With running=true: which deployed models saw this data?",
    ),
    *PAGES,
]


class Deployments(KeyView):
    """What runs where; a new report."""

    scopes: ClassVar = SCOPES

    @extend_schema(operation_id="deployments_list", parameters=FILTERS, responses=page_of(DeploymentAnswer))
    def get(self, request: Request) -> Response:
        """Newest first."""
        given = checked(DeploymentFilters(data=request.query_params))
        rows = Deployment.objects.filter(seen_by(self.key.owner, "version__model")).select_related(
            "version__model"
        )
        rows = rows.filter(**{field: given[name] for name, field in FIELDS.items() if name in given})
        for name, held in (("running", RUNNING), ("flagged", UNDECIDED)):
            if given[name] is not None:
                rows = rows.filter(held if given[name] else ~held)
        if "dataset" in given:
            name, _, number = given["dataset"].partition("@")
            seen = versions_that_saw(dataset_for_reader(self.key.owner, name, number))
            rows = rows.filter(version__in=seen)
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(DeploymentAnswer(page, many=True).data)

    @extend_schema(
        operation_id="deployments_create",
        request=DeploymentGiven,
        examples=EXAMPLES,
        responses={201: DeploymentAnswer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Report what was put where: `started`, `live` or `failed`.

        Scope `gate` or `registry:write`: the pipeline that may ask may also tell. What no valid decision carries is
        recorded too, answered with its `problem` and flagged until it ends. A real-time version that goes live ends
        what had any traffic of its model there; canaries and A/B arms run beside it, their shares at most 1 in sum;
        a batch ends the batch before it.
        """
        made = report_deployment(
            given=checked(DeploymentGiven(data=request.data)),
            reader=self.key.owner,
            actor=self.actor,
            at=timezone.now(),
        )
        where = f"{request.path}/{made.pk}"
        return Response(DeploymentAnswer(made).data, status=201, headers={"Location": where})


class OneDeployment(KeyView):
    """One deployment."""

    scopes: ClassVar = {"GET": READERS}

    @extend_schema(operation_id="deployments_retrieve", responses={200: DeploymentAnswer, 404: PROBLEMS[404]})
    def get(self, request: Request, pk: int) -> Response:
        """As it was reported."""
        return Response(DeploymentAnswer(deployment_for_reader(self.key.owner, pk)).data)


class Step(KeyView):
    """The next thing that a pipeline reports of a deployment."""

    scopes: ClassVar = {"POST": REPORTERS}
    act: ClassVar[Callable[..., Deployment]]

    def report(self, request: Request, pk: int) -> Response:
        """Do it."""
        note = checked(NoteGiven(data=request.data))["note"]
        found = deployment_for_reader(self.key.owner, pk)
        changed = type(self).act(deployment=found, note=note, actor=self.actor, at=timezone.now())
        return Response(DeploymentAnswer(changed).data)


class Finish(Step):
    """It is live."""

    act = staticmethod(report_finish)

    @extend_schema(
        operation_id="deployments_finish", request=NoteGiven, responses={200: DeploymentAnswer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """What was started is live. Saying so twice is the same as once.

        Its decision is looked at again: one that ran out since the start is answered as `problem`, and flagged.
        """
        return self.report(request, pk)


class Fail(Step):
    """It never went live."""

    act = staticmethod(actions.fail_deployment)

    @extend_schema(
        operation_id="deployments_fail",
        request=NoteGiven,
        examples=[OpenApiExample("Why", {"note": "Readiness probe timed out."}, request_only=True)],
        responses={200: DeploymentAnswer, **PROBLEMS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """What was started never went live; what ran before goes on."""
        return self.report(request, pk)


class End(Step):
    """It runs no longer."""

    act = staticmethod(actions.end_deployment)

    @extend_schema(
        operation_id="deployments_end", request=NoteGiven, responses={200: DeploymentAnswer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """What was live was taken down, and nothing took its place."""
        return self.report(request, pk)


class RollBack(KeyView):
    """It was taken back."""

    scopes: ClassVar = {"POST": REPORTERS}

    @extend_schema(
        operation_id="deployments_roll_back",
        request=RollBackGiven,
        examples=[
            OpenApiExample("Back to the version before", {"to": DECISION}, request_only=True),
            OpenApiExample("A canary that was taken out", {}, request_only=True),
        ],
        responses={200: RollBackAnswer, **PROBLEMS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """What was started or live was taken back. `to` is the gate's decision on the version that runs instead:

        ask the gate for it before you roll back. That version is recorded as a deployment of its own.
        """
        given = checked(RollBackGiven(data=request.data))
        held, restored = report_roll_back(
            deployment=deployment_for_reader(self.key.owner, pk),
            to=given["to"].strip(),
            reader=self.key.owner,
            note=given["note"],
            actor=self.actor,
            at=timezone.now(),
        )
        return Response(RollBackAnswer(held, context={"restored": restored}).data)
