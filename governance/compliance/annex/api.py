"""The technical documentation of a version for machines."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.compliance.annex.document import told
from governance.compliance.annex.filling import annex_iv
from governance.compliance.coverage import STATES
from registry.access import version_for_reader


class LawAnswer(serializers.Serializer[Any]):
    """Which law asks for it, from when, how sure that is, and whether it applies to the model."""

    text = serializers.CharField()
    framework = serializers.CharField()
    version = serializers.CharField()
    state = serializers.CharField()
    confidence = serializers.CharField()
    checked = serializers.CharField(allow_blank=True)
    applies_from = serializers.CharField(allow_null=True)
    sure = serializers.CharField(allow_null=True, allow_blank=True)
    before_it_was_moved = serializers.CharField(allow_null=True)
    applies_to_this_model = serializers.BooleanField()
    why = serializers.CharField()
    note = serializers.CharField()


class GapAnswer(serializers.Serializer[Any]):
    """What is missing, and the page where it is filled."""

    text = serializers.CharField()
    place = serializers.CharField()
    href = serializers.CharField()


class GapOfPart(GapAnswer):
    """The same with the point that lacks it."""

    part = serializers.CharField()


class FactAnswer(serializers.Serializer[Any]):
    """A term and what the record says; empty: nothing."""

    term = serializers.CharField()
    value = serializers.CharField(allow_blank=True)
    href = serializers.CharField(allow_blank=True)


class BlockAnswer(serializers.Serializer[Any]):
    """A text in Markdown, facts, or a table, with where it is from."""

    kind = serializers.ChoiceField(["text", "facts", "table"])
    title = serializers.CharField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    href = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    facts = FactAnswer(many=True)
    headers = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    note = serializers.CharField(allow_blank=True)


class AnnexPartAnswer(serializers.Serializer[Any]):
    """One point of the Annex. `state` is how the control that asks for the same stands."""

    ref = serializers.CharField()
    title = serializers.CharField()
    control = serializers.CharField()
    state = serializers.ChoiceField([(state, word) for state, (_, word) in STATES.items()])
    conclusion = serializers.CharField(allow_null=True)
    gaps = GapAnswer(many=True)
    blocks = BlockAnswer(many=True)


class AnnexSectionAnswer(serializers.Serializer[Any]):
    """Points under one number."""

    id = serializers.CharField()
    title = serializers.CharField()
    parts = AnnexPartAnswer(many=True)


class AnnexAnswer(serializers.Serializer[Any]):
    """The whole document, gaps first, with the digest of all that it says."""

    document = serializers.CharField()
    name = serializers.CharField()
    model = serializers.CharField()
    version = serializers.CharField()
    artifact_digest = serializers.CharField()
    on = serializers.DateField()
    law = LawAnswer()
    gaps = GapOfPart(many=True)
    sections = AnnexSectionAnswer(many=True)
    digest = serializers.CharField()


class TechnicalDocumentation(KeyView):
    """Annex IV of the EU AI Act, filled from the record."""

    scopes: ClassVar = {"GET": Scope.REPORTS_READ}

    @extend_schema(
        operation_id="technical_documentation_retrieve",
        responses={200: AnnexAnswer, 404: OpenApiResponse(description="No such version")},
    )
    def get(self, request: Request, slug: str, version: str) -> Response:
        """As it stands today."""
        found = version_for_reader(self.key.owner, slug, version)
        return Response(told(annex_iv(found, self.key.owner, today=timezone.now().date())))
