"""Who says what deploys where on GitHub, and sees what it asked: administrators."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import User
from governance.pipelines.access import refuse_unless_administrator, rule_for_administrator
from governance.protection.models import Guard, Question


def guard_for_administrator(user: User, name: str, pk: int) -> Guard:
    """The guard of this rule. Raises NotAllowed, Http404."""
    return get_object_or_404(rule_for_administrator(user, name).guards, pk=pk)


def questions_for_administrator(user: User) -> QuerySet[Question]:
    """Everything that GitHub asked lately. Raises NotAllowed."""
    refuse_unless_administrator(user)
    return Question.objects.select_related("decision__version__model")


def question_for_administrator(user: User, pk: UUID) -> Question:
    """One question. Raises NotAllowed, Http404."""
    return get_object_or_404(questions_for_administrator(user), pk=pk)
