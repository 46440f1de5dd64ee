"""The tier of a use: the questionnaire, its score while one answers, the confirmation."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid
from policy.tiering import Assessment, Tier, assess
from registry.access import may_edit, model_for_editor, model_for_reader
from registry.models import RegisteredModel
from registry.views.complaints import complain
from riskreview.access import assessment_for_reader
from riskreview.actions import assess_tier, confirm_tier
from riskreview.actions.tiering import floor_of, reason_against_confirming
from riskreview.models import TierAssessment
from riskreview.tier_forms import ConfirmForm, TierForm, initial_of

HISTORY_SHOWN = 10


@require_http_methods(["GET", "POST"])
def tier(request: UserRequest, slug: str) -> HttpResponse:
    """Read the tier, answer anew, or see what the answers would give before they are kept."""
    if request.method == "GET":
        return _page(request, model_for_reader(request.user, slug))
    model = model_for_editor(request.user, slug)
    form = TierForm(request.POST)
    if not form.is_valid():
        return _page(request, model, form=form, status=400)
    if "preview" in request.POST:
        return _page(request, model, form=form, scored=_score(form))
    try:
        given = assess_tier(
            model=model,
            answers=form.answers,
            flags=form.flags,
            assessor=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _page(request, model, form=form, status=complain(form, refused))
    messages.success(request, f"The answers give {given.computed_tier}. A risk officer confirms it.")
    return redirect("riskreview:tier", slug)


@require_POST
def preview(request: UserRequest, slug: str) -> HttpResponse:
    """The score of the answers as they stand in the form. Nothing is kept."""
    model = model_for_reader(request.user, slug)
    form = TierForm(request.POST)
    scored = _score(form) if form.is_valid() else None
    return render(request, "riskreview/tier_score.html", {"scored": scored, "model": model, "live": True})


@require_POST
def confirm(request: UserRequest, slug: str) -> HttpResponse:
    """A risk officer stands behind a tier."""
    model = model_for_reader(request.user, slug)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, model, confirm_form=form, status=400)
    assessment = assessment_for_reader(request.user, model, form.cleaned_data["assessment"])
    try:
        confirmed = confirm_tier(
            assessment=assessment,
            tier=form.cleaned_data["tier"],
            rationale=form.cleaned_data["rationale"],
            officer=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _page(request, model, confirm_form=form, status=complain(form, refused))
    messages.success(request, f"{confirmed.tier.capitalize()} is confirmed for {model.name}.")
    return redirect("riskreview:tier", slug)


def _score(form: TierForm) -> Assessment:
    return assess(form.questionnaire, form.answers, form.flags)


def _page(
    request: UserRequest,
    model: RegisteredModel,
    *,
    form: TierForm | None = None,
    scored: Assessment | None = None,
    confirm_form: ConfirmForm | None = None,
    status: int = 200,
) -> HttpResponse:
    history = list(model.tier_assessments.select_related("assessed_by", "confirmed_by")[:HISTORY_SHOWN])
    newest = history[0] if history else None
    if newest is not None:
        newest.model = model  # known already
    form = form or TierForm(initial=initial_of(newest))
    context = {
        "model": model,
        "newest": newest,
        "history": history,
        "form": form,
        "questionnaire": form.questionnaire,
        "scored": scored or _kept(form, newest),
        "live": scored is not None,
        "may_edit": may_edit(request.user, model),
        **_confirmation(request.user, newest, confirm_form),
    }
    return render(request, "riskreview/tier.html", context, status=status)


def _kept(form: TierForm, newest: TierAssessment | None) -> Assessment | None:
    """The score of the answers that are kept, by today's questionnaire if it is still the one they answered."""
    if newest is None or newest.questionnaire_digest != form.questionnaire.digest:
        return None
    return assess(form.questionnaire, newest.answers, newest.flags)


def _confirmation(user: User, newest: TierAssessment | None, form: ConfirmForm | None) -> dict[str, Any]:
    """What the risk officer's panel needs; nothing for everybody else."""
    if newest is None or not user.holds(Role.RISK_OFFICER):
        return {"officer": False}
    floor = floor_of(newest)
    lowest = floor[0].order if floor else 1
    return {
        "officer": True,
        "why_not": reason_against_confirming(user, newest),
        "floor": floor,
        "confirm_form": form or ConfirmForm(initial={"assessment": newest.pk, "tier": newest.tier}),
        "tiers": [
            {"value": tier.value, "below": tier.order < lowest, "proposed": tier == newest.computed_tier}
            for tier in Tier
        ],
    }
