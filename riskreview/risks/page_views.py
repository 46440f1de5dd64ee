"""One risk: what it is, how it is rated and treated, who accepted it, and each step that changes it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import User
from accounts.refusals import Conflict, Invalid
from policy.risk_catalogue import load_catalogue
from registry.models import Lifecycle
from riskreview.models import Risk, RiskState
from riskreview.risks.accepting import (
    accept_risk,
    acceptance_asked,
    reason_against_withdrawing,
    reasons_against_accepting,
    role_asked,
    withdraw_acceptance,
)
from riskreview.risks.access import may_assess, may_hand_over, reason_against_closing, risk_for_reader
from riskreview.risks.assessing import rate_risk, treat_risk
from riskreview.risks.closing import close_risk, reopen_risk
from riskreview.risks.forms import AcceptForm, HandOverForm, RatingForm, ReasonForm, TreatmentForm, rating_of
from riskreview.risks.handover import hand_over_risks
from riskreview.risks.proposing import finding_url
from riskreview.risks.rows import show
from riskreview.risks.scales import current_scales


@require_GET
def risk(request: UserRequest, pk: int) -> HttpResponse:
    """The risk with its history."""
    return _page(request, risk_for_reader(request.user, pk))


@require_POST
def rate(request: UserRequest, pk: int) -> HttpResponse:
    """Rate it before and after controls."""
    found = risk_for_reader(request.user, pk)
    form = RatingForm(request.POST, scales=current_scales())

    def act(given: dict[str, Any]) -> str:
        rated = rate_risk(
            risk=found,
            inherent=form.rating("inherent"),
            residual=form.rating("residual"),
            note=given["note"],
            rater=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        ended = found.state == RiskState.ACCEPTED and rated.state != RiskState.ACCEPTED
        return f"R-{pk} is rated.{' Its acceptance ended with the old rating.' if ended else ''}"

    return _acted(request, found, "rating", form, act)


@require_POST
def treat(request: UserRequest, pk: int) -> HttpResponse:
    """Say what is done about it."""
    found = risk_for_reader(request.user, pk)

    def act(given: dict[str, Any]) -> str:
        treat_risk(risk=found, treater=request.user, actor=actor_of(request), at=timezone.now(), **given)
        return f"The treatment of R-{pk} is kept."

    return _acted(request, found, "treatment", TreatmentForm(request.POST), act)


@require_POST
def assign(request: UserRequest, pk: int) -> HttpResponse:
    """Give it to another owner."""
    found = risk_for_reader(request.user, pk)

    def act(given: dict[str, Any]) -> str:
        owner: User = given["owner"]
        changed = hand_over_risks(
            risks=[found],
            owner=owner,
            note=given["note"],
            changer=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        return f"R-{pk} now belongs to {owner}." if changed else f"R-{pk} belongs to {owner} already."

    return _acted(request, found, "owner", HandOverForm(request.POST), act)


@require_POST
def accept(request: UserRequest, pk: int) -> HttpResponse:
    """Accept what remains."""
    found = risk_for_reader(request.user, pk)

    def act(given: dict[str, Any]) -> str:
        accepted = accept_risk(
            risk=found,
            reason=given["reason"],
            until=given["until"],
            acceptor=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        return f"You accepted R-{pk} as {accepted.accepted_level} until {given['until']:%-d %b %Y}."

    return _acted(request, found, "acceptance", AcceptForm(request.POST), act)


@require_POST
def withdraw(request: UserRequest, pk: int) -> HttpResponse:
    """Take an acceptance back."""
    found = risk_for_reader(request.user, pk)

    def act(given: dict[str, Any]) -> str:
        withdraw_acceptance(
            risk=found, user=request.user, actor=actor_of(request), at=timezone.now(), **given
        )
        return f"R-{pk} is not accepted any more."

    return _acted(request, found, "withdrawal", ReasonForm(request.POST), act)


@require_POST
def close(request: UserRequest, pk: int) -> HttpResponse:
    """Take it out of the register."""
    found = risk_for_reader(request.user, pk)

    def act(given: dict[str, Any]) -> str:
        close_risk(risk=found, closer=request.user, actor=actor_of(request), at=timezone.now(), **given)
        return f"R-{pk} is closed."

    return _acted(request, found, "closing", ReasonForm(request.POST), act)


@require_POST
def reopen(request: UserRequest, pk: int) -> HttpResponse:
    """Put it back."""
    found = risk_for_reader(request.user, pk)

    def act(given: dict[str, Any]) -> str:
        reopen_risk(risk=found, opener=request.user, actor=actor_of(request), at=timezone.now(), **given)
        return f"R-{pk} is open again."

    return _acted(request, found, "reopening", ReasonForm(request.POST), act)


def _acted(
    request: UserRequest, risk: Risk, name: str, form: forms.Form, act: Callable[[dict[str, Any]], str]
) -> HttpResponse:
    """Do it and say so, or show the page with what is wrong beside the form that was sent."""
    if not form.is_valid():
        return _page(request, risk, sent={name: form}, status=400)
    try:
        said = act(form.cleaned_data)
    except (Invalid, Conflict) as refused:
        return _page(request, risk, sent={name: form}, status=complain(form, refused))
    messages.success(request, said)
    return redirect("riskreview:risk", risk.pk)


def _page(
    request: UserRequest, risk: Risk, *, sent: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    now, scales, user = timezone.now(), current_scales(), request.user
    in_use = risk.model.lifecycle != Lifecycle.RETIRED
    asked = acceptance_asked(risk, scales, now.date())
    row = show(risk, scales, at=now)
    fresh = {
        "rating": RatingForm(scales=scales, initial=rating_of(risk)),
        "treatment": TreatmentForm(
            initial={"treatment": risk.treatment, "controls": risk.controls, "review_on": risk.review_on}
        ),
        "owner": HandOverForm(),
        "acceptance": AcceptForm(initial={"until": asked.latest if asked else None}),
        "withdrawal": ReasonForm(auto_id="withdraw_%s"),
        "closing": ReasonForm(auto_id="close_%s"),
        "reopening": ReasonForm(auto_id="reopen_%s"),
    }
    known = load_catalogue().risks.get(risk.catalogue_id)
    context = {
        "risk": risk,
        "row": row,
        "model": risk.model,
        "scales": scales,
        "forms": fresh | (sent or {}),
        "sent": next(iter(sent or {}), ""),
        "known": known,
        "category": load_catalogue().categories.get(risk.category, risk.category),
        "runs": list(risk.runs.select_related("version__model", "dataset").defer("result", "log")),
        "findings": [(finding, finding_url(finding)) for finding in risk.findings.all()],
        "may_assess": in_use and not risk.is_closed and may_assess(user, risk.model, risk),
        "may_reopen": in_use and risk.is_closed and may_assess(user, risk.model, risk),
        "may_hand_over": in_use and not risk.is_closed and may_hand_over(user, risk),
        "asked": asked,
        "asked_role": role_asked(asked) if asked else "",
        "why_not_accept": reasons_against_accepting(user, risk, asked) if asked else [],
        "why_not_withdraw": reason_against_withdrawing(user, risk) if risk.accepted_role else "",
        "why_not_close": reason_against_closing(user, risk),
        "in_use": in_use,
    }
    return render(request, "riskreview/risk.html", context, status=status)
