"""How cards look in the API."""

from typing import Any

from rest_framework import serializers

from policy.cards import load_card_schema
from registry.actions.cards import LONGEST_SECTION


class Reference(serializers.Serializer[Any]):
    """A measured value that the text names, as it stands today."""

    reference = serializers.CharField(help_text="As written: {{ performance.roc_auc }}")
    text = serializers.CharField(
        allow_null=True, help_text="Null when nothing was measured; `problem` says why"
    )
    problem = serializers.CharField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    dataset = serializers.CharField(allow_null=True)
    run = serializers.IntegerField(allow_null=True)


class CardAnswer(serializers.Serializer[Any]):
    """A revision of a card: the text as written, and what its references stand for today."""

    format = serializers.CharField()
    schema = serializers.CharField()
    model = serializers.CharField()
    version = serializers.CharField()
    revision = serializers.IntegerField()
    digest = serializers.CharField()
    author = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    saved_at = serializers.DateTimeField()
    sections = serializers.DictField(child=serializers.CharField())
    references = Reference(many=True)


class CardGiven(serializers.Serializer[Any]):
    """The whole card: sections that are left out are empty."""

    sections = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=LONGEST_SECTION + 1),
        help_text=f"Markdown by section: {', '.join(section.id for section in load_card_schema().sections)}",
    )
    note = serializers.CharField(max_length=200, allow_blank=True, default="")
