"""Conditions as obligations: the list of them, saying how one was met, and verifying that."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from riskreview.access import condition_for_reader
from riskreview.models import Condition
from riskreview.reviews.conditions import meet_condition, verify_condition
from riskreview.reviews.queries.obligations import VIEWS, counts, obligations
from riskreview.reviews.views.signing import certificates_page


@require_GET
def obligation_list(request: UserRequest) -> HttpResponse:
    """Who owes what by when."""
    return _list(request)


def _list(request: UserRequest, status: int = 200, **more: Any) -> HttpResponse:
    now = timezone.now()
    asked = request.POST.get("view") or request.GET.get("view", "")
    view = asked if asked in dict(VIEWS) else "mine"
    numbers = counts(request.user, at=now)
    tabs = [
        {"label": label, "href": f"?view={name}", "count": numbers[name], "current": name == view}
        for name, label in VIEWS
    ]
    context = {
        "rows": obligations(request.user, view, at=now),
        "tabs": tabs,
        "view": view,
        "today": now.date(),
        **more,
    }
    return render(request, "riskreview/obligations.html", context, status=status)


@require_POST
def condition_met(request: UserRequest, pk: int) -> HttpResponse:
    """Say how a condition was met."""
    condition = condition_for_reader(request.user, pk)
    try:
        meet_condition(
            condition=condition,
            note=request.POST.get("note", ""),
            evidence=request.POST.get("evidence", ""),
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _refused(request, condition, refused)
    messages.success(request, "The condition is met, as you say. Its signer is told, and verifies it.")
    return _back(request, condition)


@require_POST
def condition_verify(request: UserRequest, pk: int) -> HttpResponse:
    """Accept that a condition is met, or send it back."""
    condition = condition_for_reader(request.user, pk)
    accepted = request.POST.get("answer") != "back"
    try:
        verify_condition(
            condition=condition,
            accepted=accepted,
            note=request.POST.get("note", ""),
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _refused(request, condition, refused)
    messages.success(request, "Verified." if accepted else "Sent back. It is owed again, by its date.")
    return _back(request, condition)


def _refused(request: UserRequest, condition: Condition, refused: Invalid | Conflict) -> HttpResponse:
    """The page it came from, with what was typed."""
    status = 409 if isinstance(refused, Conflict) else 400
    more = {
        "failed_condition": condition.pk,
        "problem": f"{refused} {refused.remedy}".strip(),
        "typed": request.POST.get("note", ""),
        "typed_evidence": request.POST.get("evidence", ""),
    }
    if request.POST.get("view"):
        return _list(request, status, **more)
    return certificates_page(request, condition.signoff.review.version, status, **more)


def _back(request: UserRequest, condition: Condition) -> HttpResponse:
    if view := request.POST.get("view"):
        response = redirect("riskreview:obligations")
        response["Location"] += f"?view={view if view in dict(VIEWS) else 'mine'}"
        return response
    version = condition.signoff.review.version
    return redirect("riskreview:signoffs", version.model.slug, version.version)
