"""The tier of a use: the questionnaire, its score while one answers, the confirmation, the history."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid
from policy.questionnaire import Tier
from policy.tiering import Fitting, assess
from registry.access import may_edit, model_for_editor, model_for_reader
from registry.models import RegisteredModel
from riskreview.access import assessment_for_reader
from riskreview.models import TierAssessment
from riskreview.tiering.answers import answers_of, differences
from riskreview.tiering.assessing import (
    QuestionnaireReplaced,
    UseMoved,
    assess_tier,
    confirm_tier,
    floor_of,
    part_of_confirmer,
    reason_against_confirming,
)
from riskreview.tiering.forms import ConfirmForm, TierForm, given_before, given_elsewhere, initial_of
from riskreview.tiering.queries import TierRow, standing_of
from riskreview.tiering.questionnaires import in_force, questions_answered
from riskreview.tiering.score import Score, score_of
from riskreview.tiering.use import use_digest

HISTORY_SHOWN = 10
UNSEEN = "none"
"""The digest of a use that was never shown: a form that names none confirms nothing."""


@require_http_methods(["GET", "POST"])
def tier(request: UserRequest, slug: str) -> HttpResponse:
    """Read the tier, answer anew, or see what the answers would give before they are kept."""
    if request.method == "GET":
        return _page(request, model_for_reader(request.user, slug))
    model = model_for_editor(request.user, slug)
    questionnaire = in_force().questions
    if request.POST.get("questionnaire", questionnaire.digest) != questionnaire.digest:
        return _replaced(request, model)
    form = TierForm(request.POST, questionnaire=questionnaire)
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
            questionnaire_digest=questionnaire.digest,
        )
    except QuestionnaireReplaced:
        return _replaced(request, model)
    except (Invalid, Conflict) as refused:
        return _page(request, model, form=form, status=complain(form, refused))
    messages.success(request, f"The answers give {given.computed_tier}. A risk officer confirms it.")
    return redirect("riskreview:tier", slug)


@require_POST
def preview(request: UserRequest, slug: str) -> HttpResponse:
    """The score of the answers as they stand in the form. Nothing is kept."""
    model = model_for_reader(request.user, slug)
    questionnaire = in_force().questions
    replaced = request.POST.get("questionnaire", questionnaire.digest) != questionnaire.digest
    form = TierForm(request.POST, questionnaire=questionnaire)
    score = _score(form) if not replaced and form.is_valid() else None
    context = {"score": score, "model": model, "live": True, "replaced": replaced}
    return render(request, "riskreview/tier_score.html", context)


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
            seen_use=form.cleaned_data["use"] or UNSEEN,
        )
    except UseMoved as refused:
        model = model_for_reader(request.user, slug)
        form = ConfirmForm(request.POST.dict() | {"use": use_digest(model)})
        form.is_valid()
        return _page(request, model, confirm_form=form, status=complain(form, refused))
    except (Invalid, Conflict) as refused:
        return _page(request, model, confirm_form=form, status=complain(form, refused))
    messages.success(request, f"{confirmed.tier.capitalize()} is confirmed for {model.name}.")
    return redirect("riskreview:tier", slug)


@require_GET
def tier_answers(request: UserRequest, slug: str, pk: int) -> HttpResponse:
    """One set of answers as it was given, and what it changed against the one before or another one."""
    model = model_for_reader(request.user, slug)
    shown = assessment_for_reader(request.user, model, pk)
    others = list(model.tier_assessments.exclude(pk=pk).select_related("assessed_by", "confirmed_by"))
    asked = request.GET.get("against", "")
    before = next((row for row in others if row.pk < pk), None)
    if asked.isdigit():
        before = assessment_for_reader(request.user, model, int(asked))
    context = {
        "model": model,
        "shown": shown,
        "before": before,
        "others": others,
        "answers": answers_of(shown),
        "differences": differences(before, shown) if before else [],
        "floor": floor_of(shown),
    }
    return render(request, "riskreview/tier_answers.html", context)


def _replaced(request: UserRequest, model: RegisteredModel) -> HttpResponse:
    """The answers come back in the form of the questionnaire that is in force now; nothing was kept."""
    questionnaire = in_force().questions
    given = given_elsewhere(request.POST.dict(), questionnaire)
    form = TierForm(initial=initial_of(given), questionnaire=questionnaire)
    return _page(request, model, form=form, given=given, replaced=True, status=409)


def _score(form: TierForm) -> Score:
    return score_of(form.questionnaire, assess(form.questionnaire, form.answers, form.flags))


def _page(
    request: UserRequest,
    model: RegisteredModel,
    *,
    form: TierForm | None = None,
    given: Fitting | None = None,
    scored: Score | None = None,
    confirm_form: ConfirmForm | None = None,
    replaced: bool = False,
    status: int = 200,
) -> HttpResponse:
    history = list(model.tier_assessments.select_related("assessed_by", "confirmed_by")[:HISTORY_SHOWN])
    newest = history[0] if history else None
    if newest is not None:
        newest.model = model  # known already
    questionnaire = in_force().questions
    given = given or given_before(newest, questionnaire)
    form = form or TierForm(initial=initial_of(given), questionnaire=questionnaire)
    row = standing_of(model, newest, questionnaire.months, timezone.now())
    context = {
        "model": model,
        "newest": newest,
        "row": row,
        "history": history,
        "form": form,
        "questionnaire": questionnaire,
        "given": given,
        "void": part_of_confirmer(newest) if newest else "",
        "unasked": [item.name for item in questionnaire.questions if item.id not in given.answers],
        "moved_on": newest is not None and newest.questionnaire_version != questionnaire.version,
        "replaced": replaced,
        "score": scored or _kept(newest),
        "live": scored is not None,
        "may_edit": may_edit(request.user, model),
        "answers": answers_of(newest) if newest else None,
        **_confirmation(request.user, row, confirm_form),
    }
    return render(request, "riskreview/tier.html", context, status=status)


def _kept(newest: TierAssessment | None) -> Score | None:
    """The score of the answers that are kept, by the questionnaire that they answered, if that is kept too."""
    asked = questions_answered(newest) if newest else None
    if newest is None or asked is None:
        return None
    return score_of(asked, assess(asked, newest.answers, newest.flags))


def _confirmation(user: User, row: TierRow, form: ConfirmForm | None) -> dict[str, Any]:
    """What the risk officer's panel needs; nothing for everybody else."""
    newest = row.assessment
    if newest is None or not user.holds(Role.RISK_OFFICER):
        return {"officer": False}
    floor = floor_of(newest)
    lowest = floor[0].order if floor else 1
    return {
        "officer": True,
        "again": newest.is_confirmed
        and (row.state in ("changed", "due", "overdue") or bool(part_of_confirmer(newest))),
        "why_not": reason_against_confirming(user, newest),
        "floor": floor,
        "confirm_form": form
        or ConfirmForm(initial={"assessment": newest.pk, "tier": newest.tier, "use": use_digest(row.model)}),
        "tiers": [
            {"value": tier.value, "below": tier.order < lowest, "proposed": tier == newest.computed_tier}
            for tier in Tier
        ],
    }
