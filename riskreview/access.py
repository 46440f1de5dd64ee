"""Fetching is the permission check. Everybody who is logged in reads reviews; the actions refuse the rest."""

from django.http import Http404

from accounts.models import User
from registry.models import RegisteredModel
from riskreview.evidence import VERSION_RELATIONS
from riskreview.models import Condition, Review, SignOff, TierAssessment


def review_for_reader(user: User, pk: int) -> Review:
    """The review with all that judging it reads. Raises Http404."""
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    found = Review.objects.select_related("opened_by", *related).filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no review {pk}.")
    return found


def signoff_for_reader(user: User, pk: int) -> SignOff:
    """The signature with its review. Raises Http404."""
    rows = SignOff.objects.select_related("review__version__model__owner", "signer")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no sign-off {pk}.")
    return found


def condition_for_reader(user: User, pk: int) -> Condition:
    """The condition with its review. Raises Http404."""
    rows = Condition.objects.select_related("signoff__review__version__model__owner")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no condition {pk}.")
    return found


def assessment_for_reader(user: User, model: RegisteredModel, pk: int) -> TierAssessment:
    """One set of answers of a model. Raises Http404."""
    found = model.tier_assessments.select_related("assessed_by", "confirmed_by").filter(pk=pk).first()
    if found is None:
        raise Http404(f"{model.name} has no such answers.")
    return found
