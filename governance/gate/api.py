"""`POST /api/v1/gate/decisions`: the one question that a pipeline asks before it deploys."""

from typing import Any, ClassVar

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.authentication import KeyAuthentication
from accounts.models import Scope
from accounts.problems import Problem
from audit.attestation import SIGSTORE_BUNDLE, sigstore_bundle
from audit.canonical import canonical
from governance.gate.access import decision_for_reader, locked_version_asked_for, record_miss
from governance.gate.actions import decide_on_locked
from governance.gate.askers import Asker, AskerThrottle, MayAsk, asker_of
from governance.gate.idempotency import Remembered, StillAnswering, once
from governance.gate.models import GateDecision
from governance.gate.serializers import DecisionAnswer, GateQuestion, document
from governance.gate.timing import timed
from governance.pipelines.authentication import PipelineAuthentication

PROBLEMS: dict[int, Any] = {
    400: OpenApiResponse(description="Malformed: problem document"),
    401: OpenApiResponse(
        description="No key or token, or one that is unknown, revoked, expired or used before"
    ),
    403: OpenApiResponse(description="The key lacks the scope gate, or no rule lets this pipeline ask"),
    404: OpenApiResponse(description="Unknown model, version or environment"),
    409: OpenApiResponse(description="The digest differs, or the same Idempotency-Key is in flight"),
    422: OpenApiResponse(description="Idempotency-Key used with another body"),
    429: OpenApiResponse(description="Too many calls"),
    503: OpenApiResponse(description="Could not decide: this is not an allow"),
}


class Decisions(KeyView):
    """Ask the gate."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.GATE}
    authentication_classes = (PipelineAuthentication, KeyAuthentication)
    permission_classes = (MayAsk,)
    throttle_classes = (AskerThrottle,)

    @extend_schema(
        operation_id="gate_decide",
        request=GateQuestion,
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
        responses={200: DecisionAnswer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Judge a version for an environment. Anything but 200 with `decision` = `allow` means: do not deploy."""
        question = GateQuestion(data=request.data)
        question.is_valid(raise_exception=True)
        with timed() as answer:
            decision = self._answered(request, question.validated_data)
            answer.word = decision.decision
        return Response(document(decision))

    def _answered(self, request: Request, asked: dict[str, Any]) -> GateDecision:
        token, now = request.headers.get("Idempotency-Key", ""), timezone.now()
        asker = asker_of(request, asked, call_key=token, at=now)
        with once(asker=asker, token=token, body=asked, at=now) as remembered:
            return remembered.decision or self._decide(asked, remembered, asker)

    def _decide(self, asked: dict[str, Any], remembered: Remembered, asker: Asker) -> GateDecision:
        """Decision and remembered answer stand or fall together, so that a retry never gets a second opinion."""
        try:
            with transaction.atomic():
                decision = decide_on_locked(
                    locked_version_asked_for(asked, asker),
                    environment=asked["environment"],
                    context=asked["context"],
                    dry_run=asked["dry_run"],
                    actor=asker.actor,
                    pipeline=asker.claims,
                )
                remembered.keep(decision)
        except StillAnswering:
            raise
        except Problem as missing:
            record_miss(asked, missing, asker=asker, at=timezone.now())
            raise
        return decision


class DecisionDetail(KeyView):
    """One decision of the gate."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.GATE}

    @extend_schema(operation_id="gate_decision", responses={200: DecisionAnswer, 404: PROBLEMS[404]})
    def get(self, request: Request, pk: str) -> Response:
        """The decision with its grounds, as it was given."""
        return Response(document(decision_for_reader(self.key.owner, pk)))


class DecisionBundle(KeyView):
    """The attestation of one decision, for the tools of Sigstore."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.GATE}

    @extend_schema(
        operation_id="gate_decision_bundle",
        responses={(200, SIGSTORE_BUNDLE): OpenApiTypes.OBJECT, 404: PROBLEMS[404]},
    )
    def get(self, request: Request, pk: str) -> HttpResponse:
        """The attestation as a Sigstore bundle v0.3. 404 where the gate signed nothing, as in a dry run."""
        decision = decision_for_reader(self.key.owner, pk)
        if decision.attestation is None:
            raise Http404("This decision is not signed.")
        return HttpResponse(canonical(sigstore_bundle(decision.attestation)), content_type=SIGSTORE_BUNDLE)
