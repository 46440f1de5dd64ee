"""Who stands in for whom: lending a role for a period, and ending that."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import SIGNING_ROLES, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from registry.views.sending import sent
from riskreview.access import delegation_for_reader
from riskreview.reviews.delegating import delegate, revoke_delegation
from riskreview.reviews.forms import DelegationForm
from riskreview.reviews.queries.delegations import delegations_shown, deputies_for


@require_http_methods(["GET", "POST"])
def delegations(request: UserRequest) -> HttpResponse:
    """What stands, what is to come, and the form for own roles."""
    user = request.user
    roles = [(role.value, role.label) for role in SIGNING_ROLES if role.value in user.roles]
    deputies = deputies_for([role for role, _ in roles], user)
    if request.method == "POST" and not roles:
        raise NotAllowed("You hold no role that signs, so there is nothing to lend.")
    form, status = DelegationForm(*sent(request), roles=roles, deputies=deputies), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            try:
                made = delegate(
                    holder=user,
                    deputy=User.objects.get(username=given["deputy"]),
                    role=given["role"],
                    starts_on=given["starts_on"],
                    ends_on=given["ends_on"],
                    reason=given["reason"],
                    giver=user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            else:
                messages.success(request, f"{made.deputy.name} stands in for you, and is told.")
                return redirect("riskreview:delegations")
    now = timezone.now()
    context = {
        "form": form if roles else None,
        "rows": delegations_shown(user, at=now),
        "today": now.date(),
        "deputies": deputies,
    }
    return render(request, "riskreview/delegations.html", context, status=status)


@require_POST
def end(request: UserRequest, pk: int) -> HttpResponse:
    """End it now."""
    row = delegation_for_reader(request.user, pk)
    revoke_delegation(delegation=row, user=request.user, actor=actor_of(request), at=timezone.now())
    messages.success(request, "It has ended. What was signed until now stands.")
    return redirect("riskreview:delegations")
