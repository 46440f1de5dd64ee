"""Who reads, rates, closes and hands over risks. Whoever sees the model reads its risks."""

from django.http import Http404

from accounts.access import require_role
from accounts.models import Role, User
from accounts.refusals import NotAllowed
from registry.access import STOPPERS, may_edit
from registry.models import RegisteredModel
from registry.sight import seen_by
from riskreview.involvement import involved_in
from riskreview.models import Risk

ASSESSORS = (Role.VALIDATOR, Role.RISK_OFFICER)
KEEPERS_OF_SCALES = (Role.RISK_OFFICER, Role.ADMINISTRATOR)


def risk_for_reader(user: User, pk: int) -> Risk:
    """The risk with its model and people. Raises Http404."""
    related = ("model__owner", "owner", "raised_by", "accepted_by", "closed_by")
    found = Risk.objects.select_related(*related).filter(seen_by(user, "model"), pk=pk).first()
    if found is None:
        raise Http404(f"There is no risk R-{pk}.")
    return found


def may_assess(user: User, model: RegisteredModel, risk: Risk | None = None) -> bool:
    """Whether the person adds, rates and treats risks: the model's team, validators, risk officers, a risk's owner."""
    own = risk is not None and risk.owner_id == user.pk
    return own or user.holds(*ASSESSORS) or may_edit(user, model)


def refuse_unless_assessor(user: User, model: RegisteredModel, risk: Risk | None = None) -> None:
    """Raises NotAllowed for everybody else."""
    if not may_assess(user, model, risk):
        raise NotAllowed(
            f"Only the team of {model.name}, a validator or a risk officer keeps its risks.",
            f"Ask {model.owner.name}, who owns the model.",
        )


def reason_against_closing(user: User, risk: Risk) -> str:
    """Why this person may not close the risk; empty when they may. Nobody who answers for it declares it gone."""
    if not user.holds(*ASSESSORS):
        return "Only a validator or a risk officer closes a risk."
    if risk.owner_id == user.pk:
        return "You own this risk, so somebody else closes it."
    part = involved_in(risk.model).get(user.username)
    return f"{part} So somebody else closes its risks." if part else ""


def may_hand_over(user: User, risk: Risk) -> bool:
    """Whether the person gives the risk to another owner: its owner, the model's team, risk and compliance officers."""
    return risk.owner_id == user.pk or user.holds(*STOPPERS) or may_edit(user, risk.model)


def refuse_unless_keeper_of_scales(user: User) -> None:
    """Only risk officers and administrators change what a rating means."""
    require_role(user, *KEEPERS_OF_SCALES, to="change the scales of risks")
