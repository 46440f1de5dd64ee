"""`GET models/{slug}/compare`: what changed between two versions, for pipelines."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from governance.portfolio import comparing
from registry.access import model_for_reader, version_for_reader


class ChangeAnswer(serializers.Serializer[Any]):
    """One thing that differs."""

    name = serializers.CharField()
    kind = serializers.CharField(help_text="added, removed or changed")
    then = serializers.CharField(allow_blank=True)
    now = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class PartAnswer(serializers.Serializer[Any]):
    """One part of a version with what differs in it."""

    id = serializers.CharField()
    title = serializers.CharField()
    changes = ChangeAnswer(many=True, source="rows")
    unchanged = serializers.IntegerField(source="same", help_text="How many entries are the same")


class MeasuredAnswer(serializers.Serializer[Any]):
    """A figure with its interval, where it has one."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class FigureAnswer(serializers.Serializer[Any]):
    """One figure of both versions."""

    id = serializers.CharField()
    then = MeasuredAnswer()
    now = MeasuredAnswer()
    difference = serializers.FloatField(allow_null=True)
    intervals = serializers.CharField(
        allow_blank=True, help_text="apart, overlap, or empty without intervals"
    )


class FiguresAnswer(serializers.Serializer[Any]):
    """One measurement of both versions."""

    title = serializers.CharField()
    comparable = serializers.BooleanField(help_text="Whether both were measured on the same rows")
    note = serializers.CharField(allow_blank=True)
    rows = FigureAnswer(many=True)


class PieceAnswer(serializers.Serializer[Any]):
    """A run of text that stayed, came or went."""

    kind = serializers.CharField(help_text="same, added or removed")
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)


class SectionAnswer(serializers.Serializer[Any]):
    """A section of the card, word by word, with a little of the text around each change."""

    section = serializers.CharField(source="id")
    pieces = PieceAnswer(many=True)


class ComparisonAnswer(serializers.Serializer[Any]):
    """Everything that differs between two versions of a model."""

    model = serializers.CharField()
    then = serializers.CharField(help_text="The version asked for as `from`")
    now = serializers.CharField(help_text="The version asked for as `to`")
    figures = FiguresAnswer(many=True)
    parts = PartAnswer(many=True)
    card = SectionAnswer(many=True)
    unchanged = serializers.ListField(child=serializers.CharField(), help_text="What is the same, in words")


class CompareVersions(KeyView):
    """Two versions of one model."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_READ}

    @extend_schema(
        operation_id="versions_compare",
        parameters=[
            OpenApiParameter("from", str, required=True, description="A version"),
            OpenApiParameter("to", str, required=True, description="Another version of the same model"),
        ],
        responses=ComparisonAnswer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """What is different in `to`: figures, data, parameters, requirements, columns, files, card."""
        model = model_for_reader(self.key.owner, slug)
        names = [request.query_params.get(name, "")[:40] for name in ("from", "to")]
        for field, name in zip(("from", "to"), names, strict=True):
            if not name:
                raise Invalid(
                    f"{field} is missing.", f"Name two versions of {model.name}: ?from=1&to=2.", field=field
                )
        then, now = (version_for_reader(self.key.owner, slug, name) for name in names)
        found = comparing.compare(then, now)
        answer = ComparisonAnswer(
            {
                "model": slug,
                "then": then.version,
                "now": now.version,
                "figures": found.figures,
                "parts": found.parts,
                "card": found.card,
                "unchanged": found.unchanged,
            }
        )
        return Response(answer.data)
