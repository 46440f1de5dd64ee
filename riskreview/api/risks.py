"""`risks` for machines, to read: people rate, treat and accept them in the browser."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from policy.risk_scales import RISK_LEVELS, Rating
from registry.api.common import PAGES, checked
from registry.pagination import CursorPages, page_of
from riskreview.models import Treatment
from riskreview.risks.access import risk_for_reader
from riskreview.risks.queries import RiskFilters, narrowed
from riskreview.risks.rows import Score, Shown, show, shown
from riskreview.risks.scales import current_scales

STATES = (("open", "Open"), ("accepted", "Accepted"), ("expired", "Acceptance expired"), ("closed", "Closed"))


class RatingAnswer(serializers.Serializer[Any]):
    """Likelihood × impact, 1 to 5 each, and what the scales call the product."""

    likelihood = serializers.IntegerField()
    impact = serializers.IntegerField()
    score = serializers.IntegerField()
    level = serializers.ChoiceField(RISK_LEVELS)


class RiskAnswer(serializers.Serializer[Any]):
    """A risk. A rating is null until somebody gave it; `accepted_until` is when an acceptance ends by itself."""

    id = serializers.IntegerField(source="risk.pk")
    model = serializers.CharField(source="risk.model.slug")
    catalogue_id = serializers.SerializerMethodField()
    category = serializers.CharField(source="risk.category")
    title = serializers.CharField(source="risk.title")
    description = serializers.CharField(source="risk.description")
    inherent = serializers.SerializerMethodField()
    residual = serializers.SerializerMethodField()
    treatment = serializers.ChoiceField(Treatment.choices, source="risk.treatment", allow_blank=True)
    controls = serializers.ListField(child=serializers.CharField(), source="risk.control_list")
    state = serializers.ChoiceField(STATES)
    owner = serializers.CharField(source="risk.owner.username")
    review_on = serializers.DateField(source="risk.review_on")
    overdue = serializers.BooleanField()
    accepted_by = serializers.SerializerMethodField()
    accepted_until = serializers.DateTimeField(source="risk.accepted_until", allow_null=True)
    raised_at = serializers.DateTimeField(source="risk.raised_at")
    changed_at = serializers.DateTimeField(source="risk.changed_at")

    def get_catalogue_id(self, row: Shown) -> str | None:
        """Its name in the catalogue; null for a risk of one's own."""
        return row.risk.catalogue_id or None

    @extend_schema_field(RatingAnswer(allow_null=True))
    def get_inherent(self, row: Shown) -> dict[str, Any] | None:
        """Before controls."""
        return _rating(row.risk.inherent, row.inherent)

    @extend_schema_field(RatingAnswer(allow_null=True))
    def get_residual(self, row: Shown) -> dict[str, Any] | None:
        """After controls."""
        return _rating(row.risk.residual, row.residual)

    def get_accepted_by(self, row: Shown) -> str | None:
        """The user name; null while nobody bears it."""
        return row.risk.accepted_by.username if row.risk.accepted_by else None


def _rating(rating: Rating | None, found: Score) -> dict[str, Any] | None:
    if rating is None:
        return None
    told = {"likelihood": rating[0], "impact": rating[1], "score": found.value, "level": found.level}
    return dict(RatingAnswer(told).data)


class RiskGiven(serializers.Serializer[Any]):
    """What the list is narrowed to."""

    model = serializers.CharField(required=False, max_length=64)
    owner = serializers.CharField(required=False, max_length=150)
    state = serializers.ChoiceField(STATES, required=False)
    level = serializers.ChoiceField((*RISK_LEVELS, "unrated"), required=False)
    treatment = serializers.ChoiceField(Treatment.choices, required=False)
    overdue = serializers.BooleanField(required=False, default=False)


FILTERS = [
    *(OpenApiParameter(name, str) for name in ("model", "owner")),
    OpenApiParameter("state", str, enum=[name for name, _ in STATES]),
    OpenApiParameter("level", str, enum=[*RISK_LEVELS, "unrated"], description="After controls"),
    OpenApiParameter("treatment", str, enum=Treatment.values),
    OpenApiParameter("overdue", bool, description="Only what was to be looked at again before today"),
    *PAGES,
]


class Risks(KeyView):
    """The register."""

    scopes: ClassVar = {"GET": Scope.RISKS_READ}

    @extend_schema(operation_id="risks_list", parameters=FILTERS, responses=page_of(RiskAnswer))
    def get(self, request: Request) -> Response:
        """Newest first; closed ones too, unless a state is asked for."""
        given = checked(RiskGiven(data=request.query_params))
        review = "overdue" if given.pop("overdue") else ""
        filters = RiskFilters(**({"state": ""} | given), review=review)
        now, scales = timezone.now(), current_scales()
        rows = narrowed(filters, scales, self.key.owner, at=now).select_related(
            "model", "owner", "accepted_by"
        )
        pages = CursorPages()
        page = pages.paginate_queryset(rows.order_by("-pk"), request, view=self) or []
        return pages.get_paginated_response(RiskAnswer(shown(page, scales, at=now), many=True).data)


class OneRisk(KeyView):
    """One risk."""

    scopes: ClassVar = {"GET": Scope.RISKS_READ}

    @extend_schema(
        operation_id="risks_retrieve",
        responses={200: RiskAnswer, 404: OpenApiResponse(description="No such risk")},
    )
    def get(self, request: Request, pk: int) -> Response:
        """As it stands."""
        found = risk_for_reader(self.key.owner, pk)
        return Response(RiskAnswer(show(found, current_scales(), at=timezone.now())).data)
