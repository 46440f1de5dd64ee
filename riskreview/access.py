"""Fetching is the permission check. Whoever sees the model reads what is said about it; the actions refuse the rest."""

from django.http import Http404

from accounts.models import User
from registry.models import RegisteredModel
from registry.sight import seen_by
from riskreview.evidence import VERSION_RELATIONS
from riskreview.models import (
    Activation,
    BreakGlass,
    Comment,
    Condition,
    Delegation,
    Finding,
    PolicyPack,
    QuestionnaireVersion,
    Review,
    ReviewAssignment,
    SignOff,
    Simulation,
    TierAssessment,
    Waiver,
)

LONGEST_NUMBER = 9


def review_for_reader(user: User, pk: int) -> Review:
    """The review with all that judging it reads. Raises Http404."""
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    rows = Review.objects.select_related("opened_by", "closed_by", *related)
    found = rows.filter(seen_by(user, "version__model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no review {pk}.")
    return found


def signoff_for_reader(user: User, pk: int) -> SignOff:
    """The signature with its review. Raises Http404."""
    rows = SignOff.objects.select_related("review__version__model__owner", "signer", "acting_for")
    found = rows.filter(seen_by(user, "review__version__model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no sign-off {pk}.")
    return found


def comment_for_reader(user: User, pk: int) -> Comment:
    """What somebody said in a review. Raises Http404."""
    rows = Comment.objects.select_related("author", "parent", "review__version__model__owner")
    found = rows.filter(seen_by(user, "review__version__model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no comment {pk}.")
    return found


def assignment_for_reader(user: User, pk: int) -> ReviewAssignment:
    """Who is to answer a review in a role. Raises Http404."""
    rows = ReviewAssignment.objects.select_related("person", "review__version__model__owner")
    found = rows.filter(seen_by(user, "review__version__model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no assignment {pk}.")
    return found


def delegation_for_reader(user: User, pk: int) -> Delegation:
    """A role that somebody lent. Raises Http404."""
    found = Delegation.objects.select_related("holder", "deputy").filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no delegation {pk}.")
    return found


def condition_for_reader(user: User, pk: int) -> Condition:
    """The condition with its review. Raises Http404."""
    rows = Condition.objects.select_related("owner", "signoff__review__version__model__owner")
    found = rows.filter(seen_by(user, "signoff__review__version__model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no condition {pk}.")
    return found


def finding_for_reader(user: User, pk: int) -> Finding:
    """The finding with the people on it. Raises Http404."""
    rows = Finding.objects.select_related(
        *("model__owner", "version__model", "version__registered_by", "run__dataset", "evidence_run"),
        *("owner", "raised_by", "remediated_by", "verified_by", "overridden_by"),
    )
    found = rows.defer("run__result", "evidence_run__result").filter(seen_by(user, "model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no finding {pk}.")
    return found


def assessment_for_reader(user: User, model: RegisteredModel, pk: int) -> TierAssessment:
    """One set of answers of a model. Raises Http404."""
    found = model.tier_assessments.select_related("assessed_by", "confirmed_by").filter(pk=pk).first()
    if found is None:
        raise Http404(f"{model.name} has no such answers.")
    return found


def waiver_for_reader(user: User, pk: int) -> Waiver:
    """The waiver with its version. Raises Http404."""
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    rows = Waiver.objects.select_related(
        "model__owner", "requested_by", "ended_by", "version__model", *related
    )
    found = rows.prefetch_related("approvals__person").filter(seen_by(user, "model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no waiver {pk}.")
    return found


def break_glass_for_reader(user: User, pk: int) -> BreakGlass:
    """The break-glass with its version. Raises Http404."""
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    rows = BreakGlass.objects.select_related(
        "requested_by", "ended_by", "finding", "version__model", *related
    )
    found = rows.prefetch_related("people__person").filter(seen_by(user, "version__model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no break-glass {pk}.")
    return found


def pack_for_reader(user: User, name: str, version: int) -> PolicyPack:
    """The pack as it was imported. Raises Http404."""
    found = PolicyPack.objects.filter(name=name, version=version).first()
    if found is None:
        raise Http404(f"There is no policy pack {name} version {version}.")
    return found


def kept_pack_for_reader(user: User, text: str) -> PolicyPack | None:
    """The pack that NAME@VERSION names; without a name the one in force, if any. Raises Http404."""
    if not text:
        return PolicyPack.objects.filter(active=True).first()
    name, _, version = text.partition("@")
    if not version.isascii() or not version.isdigit() or len(version) > LONGEST_NUMBER:
        raise Http404(f"There is no policy pack {text}. Write NAME@VERSION.")
    return pack_for_reader(user, name, int(version))


def simulation_for_reader(user: User, pk: int) -> Simulation:
    """The impact preview with its packs. Raises Http404."""
    rows = Simulation.objects.select_related("pack", "against", "requested_by")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no impact preview {pk}.")
    return found


def activation_for_reader(user: User, pk: int) -> Activation:
    """The wish to activate a pack. Raises Http404."""
    rows = Activation.objects.select_related("pack", "asked_by", "decided_by", "simulation")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no such wish to activate a pack: {pk}.")
    return found


def questionnaire_for_reader(user: User, version: int) -> QuestionnaireVersion:
    """One version of the tier questionnaire. Raises Http404."""
    rows = QuestionnaireVersion.objects.select_related("made_by", "activated_by")
    found = rows.filter(version=version).first()
    if found is None:
        raise Http404(f"There is no version {version} of the questionnaire.")
    return found
