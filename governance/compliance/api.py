"""`frameworks` and `coverage` for machines, to read: people conclude in the browser."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.compliance.access import framework_for_reader
from governance.compliance.coverage import STATES, Standing
from governance.compliance.framework import LEVELS, Framework
from governance.compliance.library import checklists, frameworks
from governance.compliance.queries import coverage_of
from registry.access import model_for_reader
from registry.api.common import checked

STATE_CHOICES = [(state, word) for state, (_, word) in STATES.items()]


class FrameworkRow(serializers.Serializer[Any]):
    """A framework that counts now."""

    id = serializers.CharField()
    name = serializers.CharField()
    issuer = serializers.CharField()
    version = serializers.CharField()
    state = serializers.CharField()
    confidence = serializers.CharField()
    licence = serializers.CharField()
    digest = serializers.CharField()
    controls = serializers.SerializerMethodField()

    def get_controls(self, row: Framework) -> int:
        """How many."""
        return len(row.controls)


class FrameworkRows(serializers.Serializer[Any]):
    """All of them, by name."""

    results = FrameworkRow(many=True)


class ControlAnswer(serializers.Serializer[Any]):
    """What a framework asks for. `role`: provider, deployer, both or empty."""

    id = serializers.CharField()
    ref = serializers.CharField()
    group = serializers.CharField()
    level = serializers.ChoiceField([*LEVELS, "team"])
    title = serializers.CharField()
    evidence = serializers.ListField(child=serializers.CharField())
    role = serializers.CharField(allow_blank=True)


class DateAnswer(serializers.Serializer[Any]):
    """From when a part of it holds."""

    what = serializers.CharField()
    applies = serializers.CharField()
    sure = serializers.CharField(allow_blank=True)
    was = serializers.CharField(allow_blank=True)


class FrameworkAnswer(FrameworkRow):
    """A framework with its controls and what is known of its status."""

    note = serializers.CharField(allow_blank=True)
    dates = DateAnswer(many=True)
    sources = serializers.ListField(child=serializers.CharField(), source="source")
    controls = ControlAnswer(many=True)  # type: ignore[assignment]


class CoverageGiven(serializers.Serializer[Any]):
    """Which model, and what of it."""

    model = serializers.CharField(max_length=64)
    framework = serializers.CharField(max_length=64, required=False, default="")
    state = serializers.ChoiceField(STATE_CHOICES, required=False, default="")


class ConclusionAnswer(serializers.Serializer[Any]):
    """What a person concluded, and why it no longer counts where it does not."""

    verdict = serializers.CharField()
    rationale = serializers.CharField()
    by = serializers.CharField(source="by.username")
    at = serializers.DateTimeField()
    until = serializers.DateField()


class ControlStanding(serializers.Serializer[Any]):
    """How a control stands. `state` is never "satisfied" unless a person concluded so."""

    framework = serializers.CharField()
    control = serializers.CharField()
    ref = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(STATE_CHOICES)
    evidence = serializers.DictField(
        child=serializers.ChoiceField(["present", "stale", "missing"]),
        help_text="Kind of evidence → whether it is there",
    )
    conclusion = ConclusionAnswer(allow_null=True)
    outdated = serializers.ListField(child=serializers.CharField())


class AppliesAnswer(serializers.Serializer[Any]):
    """Whether a framework applies to the model, why, and counts by state where it does."""

    framework = serializers.CharField()
    applies = serializers.BooleanField()
    why = serializers.CharField()
    by_hand = serializers.BooleanField()
    counts = serializers.DictField(child=serializers.IntegerField())


class CoverageAnswer(serializers.Serializer[Any]):
    """One model under the frameworks that apply to it. `version` is the one whose evidence counts."""

    model = serializers.CharField()
    version = serializers.CharField(allow_null=True)
    frameworks = AppliesAnswer(many=True)
    controls = ControlStanding(many=True)


class Frameworks(KeyView):
    """What ships, and what was brought in."""

    scopes: ClassVar = {"GET": Scope.REGISTRY_READ}

    @extend_schema(operation_id="frameworks_list", responses=FrameworkRows)
    def get(self, request: Request) -> Response:
        """Every framework that counts now."""
        return Response(FrameworkRows({"results": list(frameworks().values())}).data)


class OneFramework(KeyView):
    """One framework."""

    scopes: ClassVar = {"GET": Scope.REGISTRY_READ}

    @extend_schema(
        operation_id="frameworks_retrieve",
        responses={200: FrameworkAnswer, 404: OpenApiResponse(description="No such framework")},
    )
    def get(self, request: Request, slug: str) -> Response:
        """With its controls."""
        return Response(FrameworkAnswer(framework_for_reader(self.key.owner, slug)).data)


class Coverage(KeyView):
    """How a model stands."""

    scopes: ClassVar = {"GET": Scope.REPORTS_READ}

    @extend_schema(
        operation_id="coverage_retrieve",
        parameters=[
            OpenApiParameter("model", str, required=True),
            OpenApiParameter("framework", str),
            OpenApiParameter("state", str, enum=list(STATES)),
        ],
        responses={200: CoverageAnswer, 404: OpenApiResponse(description="No such model or framework")},
    )
    def get(self, request: Request) -> Response:
        """Which frameworks apply to a model, and how each of their controls stands."""
        given = checked(CoverageGiven(data=request.query_params))
        model = model_for_reader(self.key.owner, given["model"])
        only = framework_for_reader(self.key.owner, given["framework"]).id if given["framework"] else ""
        known = {**frameworks(), **checklists()}
        covered = coverage_of([model], today=timezone.now().date(), known=known)[0]
        told = {
            "model": model.slug,
            "version": covered.record.version.version if covered.record.version else None,
            "frameworks": [
                {
                    "framework": name,
                    "applies": answer.applies,
                    "why": answer.why,
                    "by_hand": answer.decided is not None,
                    "counts": summary.counts if (summary := covered.summary(name)) else {},
                }
                for name, answer in covered.applicable.items()
                if only in ("", name)
            ],
            "controls": [
                _told(name, row)
                for name, rows in covered.standings.items()
                if only in ("", name)
                for row in rows
                if given["state"] in ("", row.state)
            ],
        }
        return Response(CoverageAnswer(told).data)


def _told(framework: str, row: Standing) -> dict[str, Any]:
    return {
        "framework": framework,
        "control": row.control.id,
        "ref": row.control.ref,
        "title": row.control.title,
        "state": row.state,
        "evidence": {held.kind: held.state for held in row.held},
        "conclusion": row.conclusion,
        "outdated": row.outdated,
    }
