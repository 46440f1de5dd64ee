"""Who says what deploys where on GitHub, and sees what it asked: administrators."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import User
from governance.pipelines.access import refuse_unless_administrator, rule_for_administrator
from governance.pipelines.models import TrustRule
from governance.protection.models import Guard, Question
from registry.sight import seen_by


def guard_for_administrator(user: User, name: str, pk: int) -> Guard:
    """The guard of this rule. Raises NotAllowed, Http404."""
    return get_object_or_404(guards_for_administrator(user, rule_for_administrator(user, name)), pk=pk)


def questions_for_administrator(user: User) -> QuerySet[Question]:
    """What GitHub asked lately, but for models that the person may not see. Raises NotAllowed."""
    refuse_unless_administrator(user)
    seen = seen_by(user, "decision__version__model")  # a question without a decision names no model of ours
    return Question.objects.filter(seen).select_related("decision__version__model")


def guards_for_administrator(user: User, rule: TrustRule) -> QuerySet[Guard]:
    """What a rule answers for, as far as the person may see the models. Raises NotAllowed."""
    refuse_unless_administrator(user)
    return rule.guards.filter(seen_by(user, "model"))


def question_for_administrator(user: User, pk: UUID) -> Question:
    """One question. Raises NotAllowed, Http404."""
    return get_object_or_404(questions_for_administrator(user), pk=pk)
