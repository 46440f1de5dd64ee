"""`GET versions`, and the tier and status of models: what the registry alone cannot know."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.portfolio.models import InventoryRow
from governance.portfolio.search import matching
from governance.portfolio.standing import Standing, standing_of, standings
from governance.portfolio.upkeep import catch_up
from registry import api as registry
from registry.models import RUNNING, Deployment, ModelVersion, RegisteredModel
from registry.pagination import CursorPages, page_of
from registry.sight import seen_by
from riskreview.evidence import UNREAD, VERSION_RELATIONS


class VersionRow(serializers.Serializer[Any]):
    """A version as lists show it."""

    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    status = serializers.CharField()
    tier = serializers.CharField(allow_blank=True)
    artifact_digest = serializers.CharField(source="version.artifact_digest")
    registered_at = serializers.DateTimeField(source="version.registered_at")
    gate = serializers.DictField(child=serializers.CharField(), source="answers")


FILTERS = [
    OpenApiParameter("model", str),
    OpenApiParameter("status", str),
    OpenApiParameter("environment", str, description="Only versions deployed there now"),
    OpenApiParameter("page_size", int),
    OpenApiParameter("cursor", str),
]


STANDING_FILTERS = ("tier", "status", "stage")
CAUGHT_UP_AT_ONCE = 200


class Versions(KeyView):
    """Every version with its status, tier and digest."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_READ}

    @extend_schema(operation_id="versions_list", parameters=FILTERS, responses=page_of(VersionRow))
    def get(self, request: Request) -> Response:
        """Newest first; `status` is derived from the evidence as it stands, and filters within a page's walk."""
        rows = ModelVersion.objects.select_related("model", *VERSION_RELATIONS).defer(*UNREAD)
        rows = rows.filter(seen_by(self.key.owner, "model"))
        if slug := request.query_params.get("model"):
            rows = rows.filter(model__slug=slug)
        if environment := request.query_params.get("environment"):
            here = Deployment.objects.filter(RUNNING, environment=environment)
            rows = rows.filter(pk__in=here.values("version"))
        if status := request.query_params.get("status"):
            wanted = [row.version.pk for row in _standing(list(rows)) if row.status == status]
            rows = rows.filter(pk__in=wanted)
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(VersionRow(_standing(page or []), many=True).data)


def _standing(versions: Sequence[ModelVersion]) -> list[Standing]:
    return standings(versions, at=timezone.now())


class _KnowsStanding(registry.Standings):
    """Adds what the evidence says to the registry's answers."""

    def standing(self, models: Sequence[RegisteredModel]) -> Mapping[str, Mapping[str, str | None]]:
        """Slug → tier and status of the newest version, and stage; a model without versions has its lifecycle."""
        asked = [model.pk for model in models]
        catch_up(at=timezone.now(), limit=len(asked), among=asked)
        rows = InventoryRow.objects.filter(pk__in=asked).select_related("model")
        return {
            row.model.slug: {"tier": row.tier or None, "status": row.status or None, "stage": row.stage}
            for row in rows
        }


class Models(_KnowsStanding, registry.Models):
    """Every model; a new one."""

    def narrowed(
        self, rows: QuerySet[RegisteredModel], given: Mapping[str, str]
    ) -> QuerySet[RegisteredModel]:
        """The registry's filters, those of the inventory, and words in `q`."""
        rows = super().narrowed(rows, given)
        asked = {f"inventory_row__{name}": given[name] for name in STANDING_FILTERS if given.get(name)}
        if not asked and not given.get("q"):
            return rows
        catch_up(at=timezone.now(), limit=CAUGHT_UP_AT_ONCE)
        if given.get("q"):
            rows = rows.filter(pk__in=matching(InventoryRow.objects.all(), given["q"]).values("pk"))
        return rows.filter(**asked)


class Model(_KnowsStanding, registry.Model):
    """One model."""


class ModelVersions(_KnowsStanding, registry.ModelVersions):
    """New versions of one model."""

    def status_of(self, version: ModelVersion) -> str:
        """From the evidence, as everywhere."""
        return standing_of(version, at=timezone.now()).status


class OneVersion(_KnowsStanding, registry.ModelVersionView):
    """One version."""

    def status_of(self, version: ModelVersion) -> str:
        """From the evidence, as everywhere."""
        return standing_of(version, at=timezone.now()).status
