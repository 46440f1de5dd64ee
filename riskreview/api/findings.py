"""`findings`: what was found wrong. Pipelines raise and follow them; the steps are for people, in the browser."""

from typing import Any, ClassVar

from django.db.models import prefetch_related_objects
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope, User
from accounts.refusals import Invalid
from evaluations.access import run_by_uuid
from registry.access import model_for_reader, version_for_reader
from registry.api.common import PAGES, checked
from registry.pagination import CursorPages, page_of
from registry.sight import seen_by
from riskreview.access import finding_for_reader
from riskreview.findings.forms import ORIGINS
from riskreview.findings.raising import raise_finding
from riskreview.models import (
    OPEN_FINDINGS,
    Finding,
    FindingOrigin,
    FindingState,
    IncidentKind,
    Severity,
    StepKind,
)

FIELDS = {
    "model": "model__slug",
    "version": "version__version",
    "owner": "owner__username",
    "state": "state",
    "severity": "severity",
    "origin": "origin",
}
EXAMPLE = OpenApiExample(
    "From a pipeline's own check",
    {
        "model": "credit-default",
        "version": "3",
        "severity": "medium",
        "origin": "validation",
        "title": "Reject codes differ between batch and real time",
        "description": "12 of 5,000 compared decisions carry another reason in the nightly batch.",
    },
    request_only=True,
)
PROBLEMS: dict[int, Any] = {
    400: OpenApiResponse(description="Malformed, or something in it makes no sense"),
    403: OpenApiResponse(description="The key lacks the scope, or its owner may not raise findings here"),
    404: OpenApiResponse(description="No such model, version, run or finding"),
}


class StepAnswer(serializers.Serializer[Any]):
    """One step."""

    kind = serializers.ChoiceField(StepKind.choices)
    by = serializers.SerializerMethodField()
    at = serializers.DateTimeField()
    note = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)

    def get_by(self, step: Any) -> str | None:
        """The user name; null for the scheduler."""
        return step.by.username if step.by else None


class FindingAnswer(serializers.Serializer[Any]):
    """A finding."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    model = serializers.CharField(source="model.slug")
    version = serializers.SerializerMethodField()
    title = serializers.CharField()
    description = serializers.CharField()
    severity = serializers.ChoiceField(Severity.choices)
    origin = serializers.ChoiceField(FindingOrigin.choices)
    state = serializers.ChoiceField(FindingState.choices)
    overdue = serializers.SerializerMethodField()
    owner = serializers.CharField(source="owner.username")
    raised_by = serializers.CharField(source="raised_by.username")
    raised_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    ended_at = serializers.DateTimeField(allow_null=True)
    check = serializers.CharField(source="check_failed")
    incident_kinds = serializers.ListField(
        child=serializers.ChoiceField(IncidentKind.choices),
        allow_null=True,
        help_text="Of an incident: what it led to; null while nobody has said",
    )
    known_on = serializers.DateField(allow_null=True, help_text="Null: known since it was raised")

    def get_version(self, finding: Finding) -> str | None:
        """Null: every version."""
        return finding.version.version if finding.version else None

    def get_overdue(self, finding: Finding) -> bool:
        """Whether its date has passed while it stands."""
        return finding.is_overdue(timezone.now().date())


class WholeFindingAnswer(FindingAnswer):
    """A finding with everything that was said and done about it."""

    response = serializers.CharField()
    answer = serializers.CharField()
    evidence = serializers.CharField()
    override_reason = serializers.CharField()
    steps = StepAnswer(many=True)


class FindingGiven(serializers.Serializer[Any]):
    """A new finding. Without `version` it stands against every version; without `owner` the model's owner answers."""

    model = serializers.CharField(max_length=64)
    version = serializers.CharField(max_length=40, required=False)
    severity = serializers.ChoiceField(Severity.choices)
    origin = serializers.ChoiceField(ORIGINS)
    title = serializers.CharField(max_length=160)
    description = serializers.CharField(max_length=5_000)
    owner = serializers.CharField(max_length=150, required=False)
    due_on = serializers.DateField(required=False)
    run = serializers.UUIDField(required=False)
    incident_kinds = serializers.ListField(
        child=serializers.ChoiceField(IncidentKind.choices),
        required=False,
        default=list,
        help_text="Of an incident: what it led to. Left out, the shortest period of each law counts",
    )
    known_on = serializers.DateField(
        required=False, help_text="Of an incident: since when it is known; legal periods count from it"
    )


class FindingFilters(serializers.Serializer[Any]):
    """What the list is narrowed to."""

    model = serializers.CharField(required=False, max_length=64)
    version = serializers.CharField(required=False, max_length=40)
    owner = serializers.CharField(required=False, max_length=150)
    state = serializers.ChoiceField(FindingState.choices, required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    origin = serializers.ChoiceField(FindingOrigin.choices, required=False)
    open = serializers.BooleanField(required=False, allow_null=True, default=None)
    overdue = serializers.BooleanField(required=False, allow_null=True, default=None)


FILTERS = [
    *(OpenApiParameter(name, str) for name in ("model", "version", "owner")),
    OpenApiParameter("state", str, enum=FindingState.values),
    OpenApiParameter("severity", str, enum=Severity.values),
    OpenApiParameter("origin", str, enum=FindingOrigin.values),
    OpenApiParameter("open", bool, description="Only what stands, or only what does not"),
    OpenApiParameter("overdue", bool, description="Only what stands after its date, or the rest"),
    *PAGES,
]


class Findings(KeyView):
    """The register; a new finding."""

    scopes: ClassVar = {"GET": Scope.FINDINGS_READ, "POST": Scope.FINDINGS_WRITE}

    @extend_schema(operation_id="findings_list", parameters=FILTERS, responses=page_of(FindingAnswer))
    def get(self, request: Request) -> Response:
        """Newest first."""
        given = checked(FindingFilters(data=request.query_params))
        rows = Finding.objects.select_related("model", "version", "owner", "raised_by")
        rows = rows.filter(seen_by(self.key.owner, "model"))
        rows = rows.filter(**{field: given[name] for name, field in FIELDS.items() if name in given})
        standing = rows.filter(state__in=OPEN_FINDINGS)
        late = standing.filter(due_on__lt=timezone.now().date())
        for name, held in (("open", standing), ("overdue", late)):
            if given[name] is not None:
                pks = held.values("pk")
                rows = rows.filter(pk__in=pks) if given[name] else rows.exclude(pk__in=pks)
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(FindingAnswer(page, many=True).data)

    @extend_schema(
        operation_id="findings_create",
        request=FindingGiven,
        examples=[EXAMPLE],
        responses={201: WholeFindingAnswer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Raise one in the name of the key's owner, who must be allowed to. The table of due dates gives its date."""
        given = checked(FindingGiven(data=request.data))
        reader = self.key.owner
        model = model_for_reader(reader, given["model"])
        version = version_for_reader(reader, model.slug, given["version"]) if "version" in given else None
        made = raise_finding(
            model=model,
            version=version,
            origin=given["origin"],
            severity=given["severity"],
            title=given["title"],
            description=given["description"],
            owner=_owner(given["owner"]) if "owner" in given else model.owner,
            due_on=given.get("due_on"),
            run=run_by_uuid(reader, given["run"]) if "run" in given else None,
            incident_kinds=given["incident_kinds"],
            known_on=given.get("known_on"),
            raiser=reader,
            actor=self.actor,
            at=timezone.now(),
        )
        return Response(
            WholeFindingAnswer(made).data, status=201, headers={"Location": f"{request.path}/{made.pk}"}
        )


def _owner(username: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is None:
        raise Invalid(f'There is nobody called "{username}".', "Send a user name.", field="owner")
    return found


class OneFinding(KeyView):
    """One finding."""

    scopes: ClassVar = {"GET": Scope.FINDINGS_READ}

    @extend_schema(operation_id="findings_retrieve", responses={200: WholeFindingAnswer, 404: PROBLEMS[404]})
    def get(self, request: Request, pk: int) -> Response:
        """With every step, oldest first."""
        found = finding_for_reader(self.key.owner, pk)
        prefetch_related_objects([found], "steps__by")
        return Response(WholeFindingAnswer(found).data)
