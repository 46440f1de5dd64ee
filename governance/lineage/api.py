"""`GET lineage/{kind}/{key}`: what something came from and what came of it, as data."""

from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.lineage.access import FINDERS, start_for_reader
from governance.lineage.graph import KINDS, Graph
from governance.lineage.queries import lineage
from registry.api.common import checked

DIRECTIONS = ["upstream", "downstream", "both"]
DEEPEST = 20


class LineageAsked(serializers.Serializer[Any]):
    """How far, and which way."""

    direction = serializers.ChoiceField(DIRECTIONS, default="both")
    depth = serializers.IntegerField(min_value=1, max_value=DEEPEST, required=False, default=None)


class NodeAnswer(serializers.Serializer[Any]):
    """One thing."""

    id = serializers.CharField(help_text="kind:key")
    kind = serializers.ChoiceField(KINDS)
    key = serializers.CharField()
    title = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    state = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    url = serializers.CharField()


class EdgeAnswer(serializers.Serializer[Any]):
    """What came of something."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field of the answer, not of the framework
    target = serializers.CharField()
    what = serializers.CharField()


class LineageAnswer(serializers.Serializer[Any]):
    """A graph. `left_out` counts, by kind, older things that are not in it."""

    starts = serializers.ListField(child=serializers.CharField())
    nodes = NodeAnswer(many=True)
    edges = EdgeAnswer(many=True)
    left_out = serializers.DictField(child=serializers.IntegerField())


class Lineage(KeyView):
    """Upstream and downstream of anything."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_READ}

    @extend_schema(
        operation_id="lineage_retrieve",
        parameters=[
            OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(FINDERS)),
            OpenApiParameter(
                "key",
                OpenApiTypes.STR,
                OpenApiParameter.PATH,
                description="As in the addresses of the pages",
                examples=[
                    OpenApiExample("A version", "credit-default/3"),
                    OpenApiExample("A data set", "loans/2026H1"),
                    OpenApiExample("A deployment", "12"),
                ],
            ),
            OpenApiParameter("direction", str, enum=DIRECTIONS),
            OpenApiParameter(
                "depth",
                int,
                description=f"Steps from where it starts, 1 to {DEEPEST}; all of them if left out",
            ),
        ],
        responses={200: LineageAnswer, 404: OpenApiResponse(description="Nothing of that kind and key")},
    )
    def get(self, request: Request, kind: str, key: str) -> Response:
        """From cause to effect: data set, version, evaluation, review, decision, deployment.

        A version has its parents upstream and what was made from it downstream. Of evaluations, decisions and
        deployments that repeat, the newest of each kind and place is there; `left_out` counts the others.
        """
        asked = checked(LineageAsked(data=request.query_params))
        start = start_for_reader(self.key.owner, kind, key)
        graph = lineage(
            start, self.key.owner, direction=asked["direction"], depth=asked["depth"], at=timezone.now()
        )
        return Response(LineageAnswer(_document(graph)).data)


def _document(graph: Graph) -> dict[str, Any]:
    nodes = [
        {
            "id": node.id,
            "kind": node.kind,
            "key": node.key,
            "title": node.title,
            "note": node.note,
            "state": node.state,
            "at": node.at,
            "url": f"{settings.COUNTERSIGN_URL}{node.href}",
        }
        for node in graph.nodes
    ]
    edges = [{"source": edge.source, "target": edge.target, "what": edge.what} for edge in graph.edges]
    return {
        "starts": sorted(graph.starts),
        "nodes": nodes,
        "edges": edges,
        "left_out": dict(graph.left_out),
    }
