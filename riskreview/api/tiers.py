"""`tiering` and `models/{slug}/tier`: the questionnaire, and where a model's tier stands. Read only: people answer."""

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from registry.access import model_for_reader
from riskreview.access import questionnaire_for_reader
from riskreview.api.shapes import QuestionnaireAnswer, TierAnswer
from riskreview.tiering.queries import standing_of
from riskreview.tiering.questionnaires import in_force, questions_of

READ: dict[str, str] = {"GET": Scope.REGISTRY_READ}
LONGEST_HISTORY = 200


class ActiveQuestionnaire(KeyView):
    """The questionnaire that is answered now."""

    scopes: ClassVar[dict[str, str]] = READ

    @extend_schema(operation_id="questionnaire_active", responses=QuestionnaireAnswer)
    def get(self, request: Request) -> Response:
        """Questions, weights, bands, matrix and overrides."""
        found = in_force().questions
        return Response(QuestionnaireAnswer(found, context={"in_force": found.digest}).data)


class QuestionnaireByVersion(KeyView):
    """One version of it, in force or not."""

    scopes: ClassVar[dict[str, str]] = READ

    @extend_schema(operation_id="questionnaire_retrieve", responses=QuestionnaireAnswer)
    def get(self, request: Request, version: int) -> Response:
        """The same of any version."""
        active = in_force().questions
        found = active
        if version != active.version:
            found = questions_of(questionnaire_for_reader(self.key.owner, version))
        return Response(QuestionnaireAnswer(found, context={"in_force": active.digest}).data)


class ModelTier(KeyView):
    """The tier of one model."""

    scopes: ClassVar[dict[str, str]] = READ

    @extend_schema(operation_id="models_tier", responses=TierAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """What counts, since when, until when, what changed since, and the history."""
        model = model_for_reader(self.key.owner, slug)
        rows = model.tier_assessments.select_related("assessed_by", "confirmed_by")
        history = list(rows[:LONGEST_HISTORY])
        row = standing_of(model, history[0] if history else None, in_force().questions.months, timezone.now())
        return Response(TierAnswer(row, context={"history": history}).data)
