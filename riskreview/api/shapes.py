"""What the API says about tiers and the questionnaire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from policy.questionnaire import Questionnaire
from riskreview.models import TIERS, TierAssessment
from riskreview.tiering.queries import CHOICES, TierRow


class QuestionAnswer(serializers.Serializer[Any]):
    """One question."""

    id = serializers.CharField()
    axis = serializers.ChoiceField(["materiality", "inherent"])
    weight = serializers.IntegerField()
    question = serializers.CharField(source="text")
    help = serializers.CharField()
    note = serializers.CharField()
    answers = serializers.DictField(
        child=serializers.CharField(), help_text="0 (harmless) to 4 (worst) → words"
    )
    sources = serializers.ListField(child=serializers.CharField())


class FlagAnswer(serializers.Serializer[Any]):
    """A fact that is true of a use or not."""

    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()


class OverrideAnswer(serializers.Serializer[Any]):
    """A rule that lifts the tier to a floor."""

    id = serializers.CharField()
    floor = serializers.ChoiceField(TIERS)
    why = serializers.CharField()
    flags = serializers.ListField(child=serializers.CharField())
    unless = serializers.CharField(allow_null=True)
    when = serializers.DictField(child=serializers.IntegerField())
    effect = serializers.CharField()


class BandAnswer(serializers.Serializer[Any]):
    """A band of scores."""

    id = serializers.CharField()
    from_score = serializers.FloatField()


class QuestionnaireAnswer(serializers.Serializer[Questionnaire]):
    """One version of the questionnaire."""

    version = serializers.IntegerField()
    digest = serializers.CharField()
    active = serializers.SerializerMethodField()
    questions = QuestionAnswer(many=True)
    flags = FlagAnswer(many=True)
    overrides = OverrideAnswer(many=True)
    bands = BandAnswer(many=True)
    matrix = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField()),
        help_text="band of materiality → band of inherent risk → tier",
    )
    revalidate_after_months = serializers.DictField(child=serializers.IntegerField(), source="months")

    def get_active(self, found: Questionnaire) -> bool:
        """Whether it is the one that is answered now."""
        return bool(found.digest == self.context["in_force"])


class AssessmentAnswer(serializers.Serializer[TierAssessment]):
    """One set of answers and what became of it."""

    id = serializers.IntegerField(source="pk")
    tier = serializers.ChoiceField(TIERS)
    confirmed = serializers.BooleanField(source="is_confirmed")
    computed_tier = serializers.ChoiceField(TIERS)
    materiality = serializers.FloatField()
    inherent = serializers.FloatField()
    overrides = serializers.SerializerMethodField()
    explanation = serializers.CharField()
    answers = serializers.DictField(child=serializers.IntegerField())
    flags = serializers.ListField(child=serializers.CharField())
    questionnaire_version = serializers.IntegerField()
    questionnaire_digest = serializers.CharField()
    assessed_by = serializers.CharField(source="assessed_by.username")
    assessed_at = serializers.DateTimeField()
    confirmed_by = serializers.CharField(source="confirmed_by.username", default=None, allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    rationale = serializers.CharField()
    digest = serializers.CharField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_overrides(self, found: TierAssessment) -> list[str]:
        """Ids of the overrides that applied."""
        return [rule["id"] for rule in found.overrides]


class UseChangeAnswer(serializers.Serializer[Any]):
    """A field of the inventory entry that says something else than when the tier was confirmed."""

    field = serializers.CharField()
    was = serializers.CharField()
    now = serializers.CharField()


class TierAnswer(serializers.Serializer[TierRow]):
    """Where the tier of a model stands."""

    model = serializers.CharField(source="model.slug")
    tier = serializers.CharField(allow_blank=True, help_text="Empty without answers")
    state = serializers.ChoiceField(CHOICES)
    due = serializers.DateField(allow_null=True, help_text="When somebody has to look at it again")
    would_be = serializers.SerializerMethodField()
    use_changed = UseChangeAnswer(many=True, source="changes")
    current = AssessmentAnswer(source="assessment", allow_null=True)
    history = serializers.SerializerMethodField()

    def get_would_be(self, row: TierRow) -> str | None:
        """The tier that the questionnaire in force would give, where that is another one."""
        return (row.assessment.retier_to or None) if row.assessment else None

    @extend_schema_field(AssessmentAnswer(many=True))
    def get_history(self, row: TierRow) -> list[dict[str, Any]]:
        """Every set of answers and confirmation, newest first."""
        return [dict(AssessmentAnswer(item).data) for item in self.context["history"]]
