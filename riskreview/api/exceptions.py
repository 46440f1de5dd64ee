"""`waivers` and `break-glass` for machines, to read: people grant them, with their password, never a key."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from registry.api.common import PAGES, checked
from registry.models import Environment
from registry.pagination import CursorPages, page_of
from riskreview.exceptions.queries import break_glass_seen, break_glass_views, waiver_views, waivers_seen
from riskreview.models import BreakGlass, BreakGlassState, Waiver, WaiverState

READERS = (Scope.AUDIT_READ, Scope.GATE)


class ApprovalAnswer(serializers.Serializer[Any]):
    """One person's word, in one role."""

    role = serializers.CharField()
    person = serializers.CharField(source="person.username")
    at = serializers.DateTimeField()


class WaiverAnswer(serializers.Serializer[Any]):
    """One waiver. `live`: granted, and neither revoked nor past its last day."""

    id = serializers.IntegerField(source="pk")
    model = serializers.CharField(source="model.slug")
    version = serializers.CharField(source="version.version")
    whole_model = serializers.BooleanField()
    environment = serializers.ChoiceField(Environment.choices)
    requirement = serializers.CharField()
    title = serializers.CharField()
    tier = serializers.CharField()
    state = serializers.ChoiceField(WaiverState.choices)
    live = serializers.SerializerMethodField()
    why = serializers.CharField()
    controls = serializers.CharField()
    last_day = serializers.DateField()
    requested_by = serializers.CharField(source="requested_by.username")
    requested_at = serializers.DateTimeField()
    approvals = ApprovalAnswer(many=True, source="approvals.all")
    granted_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_reason = serializers.CharField(allow_blank=True)

    def get_live(self, row: Waiver) -> bool:
        """Whether it counts now, as far as its own dates go."""
        return row.is_live(self.context["at"])


class BreakGlassAnswer(serializers.Serializer[Any]):
    """One emergency. `live`: open now."""

    id = serializers.IntegerField(source="pk")
    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    environment = serializers.ChoiceField(Environment.choices)
    state = serializers.ChoiceField(BreakGlassState.choices)
    live = serializers.SerializerMethodField()
    reason = serializers.CharField()
    hours = serializers.IntegerField()
    unmet = serializers.ListField(child=serializers.CharField())
    people = ApprovalAnswer(many=True, source="people.all")
    requested_at = serializers.DateTimeField()
    began_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_reason = serializers.CharField(allow_blank=True)
    finding = serializers.IntegerField(source="finding_id", allow_null=True)

    def get_live(self, row: BreakGlass) -> bool:
        """Whether it opens the gate now, as far as its own dates go."""
        return row.is_live(self.context["at"])


class ExceptionFilters(serializers.Serializer[Any]):
    """What either list is narrowed to."""

    model = serializers.CharField(required=False, max_length=64)
    version = serializers.CharField(required=False, max_length=40)
    environment = serializers.ChoiceField(Environment.choices, required=False)
    live = serializers.BooleanField(required=False, allow_null=True, default=None)


FILTERS = [
    *(OpenApiParameter(name, str) for name in ("model", "version")),
    OpenApiParameter("environment", str, enum=Environment.values),
    OpenApiParameter("live", bool, description="Only what counts now, or only the rest"),
    *PAGES,
]


class Waivers(KeyView):
    """Waivers, newest first."""

    scopes: ClassVar = {"GET": READERS}

    @extend_schema(operation_id="waivers_list", parameters=FILTERS, responses=page_of(WaiverAnswer))
    def get(self, request: Request) -> Response:
        """Every waiver that was asked for. A waiver of the whole model is listed under the version it was asked on."""
        given = checked(ExceptionFilters(data=request.query_params))
        now = timezone.now()
        rows = waivers_seen(self.key.owner).select_related("model", "version", "requested_by")
        fields = {"model": "model__slug", "version": "version__version", "environment": "environment"}
        rows = rows.filter(**{field: given[name] for name, field in fields.items() if name in given})
        if given["live"] is not None:
            live = waiver_views(now)["live"]
            rows = rows.filter(live) if given["live"] else rows.exclude(live)
        pages = CursorPages()
        page = pages.paginate_queryset(rows.prefetch_related("approvals__person"), request, view=self)
        return pages.get_paginated_response(WaiverAnswer(page, many=True, context={"at": now}).data)


class BreakGlasses(KeyView):
    """Emergencies, newest first."""

    scopes: ClassVar = {"GET": READERS}

    @extend_schema(operation_id="break_glass_list", parameters=FILTERS, responses=page_of(BreakGlassAnswer))
    def get(self, request: Request) -> Response:
        """Every break-glass that was asked for, with who took responsibility and the finding that followed."""
        given = checked(ExceptionFilters(data=request.query_params))
        now = timezone.now()
        rows = break_glass_seen(self.key.owner).select_related("version__model")
        fields = {
            "model": "version__model__slug",
            "version": "version__version",
            "environment": "environment",
        }
        rows = rows.filter(**{field: given[name] for name, field in fields.items() if name in given})
        if given["live"] is not None:
            live = break_glass_views(now)["live"]
            rows = rows.filter(live) if given["live"] else rows.exclude(live)
        pages = CursorPages()
        page = pages.paginate_queryset(rows.prefetch_related("people__person"), request, view=self)
        return pages.get_paginated_response(BreakGlassAnswer(page, many=True, context={"at": now}).data)
