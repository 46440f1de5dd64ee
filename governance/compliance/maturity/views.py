"""Maturity by team: the level that each reached, its practices with their evidence, and what somebody concludes."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest
from accounts.models import User
from governance.compliance.forms import ConcludeForm, TakeBackForm
from governance.compliance.framework import Framework
from governance.compliance.library import maturity_models
from governance.compliance.maturity.reached import maturity_of
from governance.compliance.maturity.teams import teams
from governance.compliance.posted import concluded, taken_back
from governance.compliance.rules import why_not_conclude_on_team


@require_GET
def maturity(request: UserRequest) -> HttpResponse:
    """The level of each team, by what was concluded and by what the evidence would support."""
    model = _model()
    rows = maturity_of(list(teams(request.user).values()), model, today=timezone.now().date())
    return render(request, "compliance/maturity.html", {"rows": rows, "model_of": model})


@require_http_methods(["GET", "POST"])
def team_maturity(request: UserRequest, team: str) -> HttpResponse:
    """The practices of one team; a POST concludes on those that were ticked."""
    model, name = _model(), _team(request.user, team)
    form, ticked = (
        ConcludeForm(request.POST or None, auto_id="bulk_%s"),
        request.POST.getlist("control")[:500],
    )
    made, status = concluded(request, form, model, ticked, None, team=name)
    if made is not None:
        noun = "practice" if len(made) == 1 else "practices"
        messages.success(request, f"Concluded on {len(made)} {noun}. Each is on the record.")
        return redirect("compliance:team_maturity", team)
    found = maturity_of([name], model, today=timezone.now().date())[0]
    reason = why_not_conclude_on_team(request.user, found.records)
    context: dict[str, Any] = {
        "found": found,
        "model_of": model,
        "form": form if not reason else None,
        "reason": reason,
        "bound": form.is_bound,
        "ticked": set(ticked),
        "take_back": TakeBackForm(auto_id=False) if not reason else None,
    }
    return render(request, "compliance/team_maturity.html", context, status=status)


@require_POST
def team_take_back(request: UserRequest, team: str, control: str) -> HttpResponse:
    """Take a conclusion on a team back."""
    taken_back(request, _model(), control, None, _team(request.user, team))
    return redirect("compliance:team_maturity", team)


def _model() -> Framework:
    """The maturity model that counts: one of the organisation's own stands before what ships."""
    return next(iter(maturity_models().values()))


def _team(reader: User, slug: str) -> str:
    found = teams(reader).get(slug)
    if found is None:
        raise Http404(f"No model in use names a team {slug[:64]}.")
    return found
