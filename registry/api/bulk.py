"""Many models in one call."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MIB, KeyView
from registry.api.common import checked
from registry.importing import MOST_ROWS, bring_in


class ManyGiven(serializers.Serializer[Any]):
    """Models to create or to change, by their slug."""

    models = serializers.ListField(
        child=serializers.DictField(), max_length=MOST_ROWS, help_text="Each as POST or PATCH takes it"
    )
    dry_run = serializers.BooleanField(default=False, help_text="Say what would happen, and keep nothing")


class OutcomeAnswer(serializers.Serializer[Any]):
    """What became of one model."""

    number = serializers.IntegerField(help_text="Its place in the call, from 1")
    slug = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["created", "changed", "unchanged", "problem"])
    said = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)


class ManyAnswer(serializers.Serializer[Any]):
    """What became of all of them. `applied` is true only when every one was kept."""

    applied = serializers.BooleanField()
    outcomes = OutcomeAnswer(many=True)


class Upsert(KeyView):
    """Create or change up to a thousand models: all of them or none."""

    largest_json: ClassVar = {
        "PUT": 32 * MIB
    }  # a thousand entries, each with every text as long as it may be

    @extend_schema(
        operation_id="models_upsert", request=ManyGiven, responses={200: ManyAnswer, 422: ManyAnswer}
    )
    def put(self, request: Request) -> Response:
        """200 when all were kept, or a dry run found no problem; 422 with the problems, and nothing is kept."""
        given = checked(ManyGiven(data=request.data))
        brought = bring_in(
            given["models"],
            owner=self.key.owner,
            may_change=lambda model: True,  # the key's scope says so, as for PATCH
            may_change_team=lambda model: True,
            trial=given["dry_run"],
            actor=self.actor,
            at=timezone.now(),
        )
        answer = ManyAnswer({"applied": brought.applied, "outcomes": brought.outcomes}).data
        return Response(answer, status=422 if brought.counts["problem"] else 200)
