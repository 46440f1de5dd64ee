"""How a version stood at a moment in the past: as a page and by API, rebuilt from the record."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import UserRequest
from accounts.api import KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from audit.canonical import instant
from governance.gate.models import GateDecision
from governance.gate.serializers import PolicyAnswer, RequirementAnswer
from governance.portfolio.panels import environment_panels
from registry.access import version_for_reader
from registry.models import Environment, ModelVersion, RegisteredModel
from riskreview.evidence.past import AsOf, as_of
from riskreview.judgement import Judged


def moment_of(text: str, about: ModelVersion | RegisteredModel, *, now: datetime) -> datetime:
    """The moment that was asked for; without a zone it is meant in UTC. Raises Invalid."""
    try:
        found = parse_datetime(text.strip().replace(" ", "+") if "T" in text else text.strip())
    except ValueError:
        found = None
    if found is None:
        raise Invalid(
            f"{text[:40] or 'Nothing'} is no date and time.",
            "Write it like 2026-11-21T09:30:00Z.",
            field="at",
        )
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found > now:
        raise Invalid("That moment lies in the future.", "The record tells of what was.", field="at")
    what, since = (
        ("version", about.registered_at) if isinstance(about, ModelVersion) else ("model", about.created_at)
    )
    if found < since:
        registered = instant(since)[:19]
        raise Invalid(f"The {what} did not exist then.", f"It was registered at {registered}Z.", field="at")
    return found


@require_GET
def as_of_page(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """May it run, and why, as of a moment that the reader chooses."""
    found, now = version_for_reader(request.user, slug, version), timezone.now()
    chosen = request.GET.get("env", "")
    environment = chosen if chosen in Environment.values else Environment.PRODUCTION.value
    asked = request.GET.get("at", "")
    context: dict[str, Any] = {"version": found, "environment": environment, "asked": asked, "now": now}
    if not asked:
        return render(request, "portfolio/as_of.html", context)
    try:
        at = moment_of(asked, found, now=now)
    except Invalid as refused:
        return render(request, "portfolio/as_of.html", context | {"refused": refused}, status=400)
    then = as_of(found, at=at)
    context |= _panel(then, environment) | {
        "at": at,
        "told": f"How things stood at {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC; nothing here counts today.",
        "then": then,
        "signoffs": then.judged[environment].evidence.signoffs,
        "recorded": last_decision(found, environment, at),
    }
    return render(request, "portfolio/as_of.html", context)


def last_decision(version: ModelVersion, environment: str, at: datetime) -> GateDecision | None:
    """What the gate last answered before that moment."""
    rows = GateDecision.objects.filter(version=version, environment=environment, decided_at__lte=at)
    return rows.order_by("-decided_at").first()


def _panel(then: AsOf, environment: str) -> dict[str, Any]:
    names = [then.version.model.slug, then.version.version]
    address = reverse("portfolio:as_of", args=names)
    judged = then.judged[environment]
    return {
        "panels": environment_panels(
            then.judged, environment, lambda name: f"{address}?at={instant(then.at)}&env={name}"
        ),
        "policy_label": str(judged.policy) if judged.policy else "",
        "heading": f"{Environment(environment).label} would have answered {judged.verdict.decision}",
        "evidence_digest": judged.digest,
    }


class AsOfAnswer(serializers.Serializer[Any]):
    """How the gate would have answered for one environment at that moment."""

    environment = serializers.ChoiceField(Environment.choices)
    decision = serializers.ChoiceField(["allow", "deny"])
    basis = serializers.CharField()
    tier = serializers.CharField(allow_blank=True)
    summary = serializers.CharField()
    requirements = RequirementAnswer(many=True)
    policy = PolicyAnswer(allow_null=True)
    evidence_digest = serializers.CharField()
    review_open = serializers.BooleanField()
    recorded_decision = serializers.UUIDField(allow_null=True, help_text="The gate's last answer before then")


class AsOfDocument(serializers.Serializer[Any]):
    """A version as of a moment; `gaps` says what the record cannot tell and is shown as it is today."""

    model = serializers.CharField()
    version = serializers.CharField()
    at = serializers.DateTimeField()
    environments = AsOfAnswer(many=True)
    gaps = serializers.ListField(child=serializers.CharField())


class AsOfView(KeyView):
    """A version at a moment in the past."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_READ}

    @extend_schema(
        operation_id="version_as_of",
        parameters=[OpenApiParameter("at", datetime, required=True)],
        responses=AsOfDocument,
    )
    def get(self, request: Request, slug: str, version: str) -> Response:
        """The verdict for each environment, rebuilt from the record and judged by the policy of then."""
        found = version_for_reader(self.key.owner, slug, version)
        at = moment_of(request.query_params.get("at", ""), found, now=timezone.now())
        then = as_of(found, at=at)
        return Response(
            {
                "model": slug,
                "version": found.version,
                "at": instant(at),
                "environments": [
                    _answer(name, judged, last_decision(found, name, at))
                    for name, judged in then.judged.items()
                ],
                "gaps": list(then.gaps),
            }
        )


def _answer(environment: str, judged: Judged, recorded: GateDecision | None) -> dict[str, Any]:
    verdict, policy = judged.verdict, judged.policy
    return {
        "environment": environment,
        "decision": verdict.decision,
        "basis": verdict.basis,
        "tier": verdict.tier or "",
        "summary": verdict.summary,
        "requirements": RequirementAnswer(verdict.requirements, many=True).data,
        "policy": {"name": policy.name, "version": policy.version, "digest": policy.digest}
        if policy
        else None,
        "evidence_digest": judged.digest,
        "review_open": judged.evidence.review_open,
        "recorded_decision": str(recorded.pk) if recorded else None,
    }
