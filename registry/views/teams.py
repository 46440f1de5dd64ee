"""Who sees a model, and the teams that its being closed rests on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from registry import actions
from registry.access import model_for_reader
from registry.forms.teams import TeamForm, VisibilityForm
from registry.models import Team
from registry.queries import models_by_team
from registry.sight import is_closed, people_by_ground, reasons_to_see
from registry.team_access import (
    may_change_teams,
    may_close,
    model_for_closer,
    refuse_unless_keeper_of_teams,
    team_for_reader,
    teams_for_reader,
)
from registry.views.sending import sent


@require_http_methods(["GET", "POST"])
def visibility(request: UserRequest, slug: str) -> HttpResponse:
    """Who sees the model and why; and, for who may, the other answer."""
    fetch = model_for_closer if request.method == "POST" else model_for_reader
    model, status = fetch(request.user, slug), 200
    team_closed = Team.objects.filter(name=model.team, closed=True).exists()
    form = VisibilityForm(*sent(request), model=model, team_closed=team_closed)
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                actions.set_visibility(
                    model=model,
                    closed=form.closed,
                    reason=form.cleaned_data["reason"],
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused, "visible_to")
            else:
                messages.success(request, f"Who sees {model.name} is kept.")
                return redirect("registry:visibility", model.slug)
    context = {
        "model": model,
        "form": form,
        "closed": is_closed(model),
        "may_close": may_close(request.user, model),
        "why": reasons_to_see(request.user, model),
        "groups": people_by_ground(model),
    }
    return render(request, "registry/visibility.html", context, status=status)


@require_GET
def teams(request: UserRequest) -> HttpResponse:
    """Every team with its people and its models, and who sees those."""
    found, counts = teams_for_reader(request.user), models_by_team()
    rows = [
        (team, list(team.members.all()) if team.pk else [], counts.get(name, 0))
        for name, team in found.items()
    ]
    return render(request, "registry/teams.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
def team(request: UserRequest, name: str) -> HttpResponse:
    """One team: who is of it, and who sees its models."""
    found, status = team_for_reader(request.user, name), 200
    form = TeamForm(*sent(request), team=found)
    if request.method == "POST":
        refuse_unless_keeper_of_teams(request.user)
        status = 400
        if form.is_valid():
            try:
                actions.change_team(
                    name=found.name,
                    closed=form.cleaned_data["visible_to"] == "own_people",
                    members=list(form.cleaned_data["members"]),
                    reason=form.cleaned_data["reason"],
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused, "members")
            else:
                messages.success(request, f"The team {found.name} is kept.")
                return redirect("registry:teams")
    context = {
        "team": found,
        "form": form,
        "may_change": may_change_teams(request.user),
        "members": list(found.members.all()) if found.pk else [],
    }
    return render(request, "registry/team.html", context, status=status)
