"""Where somebody is logged in: seen and ended by themselves, and by an administrator."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of, require_role
from accounts.ending import end_sessions
from accounts.models import Role, User
from accounts.proving.factors import reset_factors
from accounts.refusals import Conflict, Invalid
from accounts.sessions import live_sessions


@require_GET
def sessions(request: UserRequest) -> HttpResponse:
    """One's own sessions."""
    here = request.session.session_key
    rows = live_sessions(request.user, timezone.now())
    return render(request, "accounts/sessions.html", {"sessions": rows, "here": here})


@require_POST
def session_end(request: UserRequest) -> HttpResponse:
    """End one of one's own sessions, or all others."""
    ended = end_sessions(
        person=request.user,
        name=request.POST.get("session", "")[:16],
        but=request.session.session_key,
        why="Ended by its owner.",
        actor=actor_of(request),
        at=timezone.now(),
    )
    messages.success(request, _how_many(ended))
    return redirect("accounts:sessions")


def _how_many(ended: int) -> str:
    if not ended:
        return gettext("There was nothing to end.")
    return ngettext("{number} ended.", "{number} ended.", ended).format(number=ended)


@require_POST
def person_sessions_end(request: UserRequest, username: str) -> HttpResponse:
    """End all sessions of a person, as an administrator."""
    require_role(request.user, Role.ADMINISTRATOR, to="end sessions of others")
    found = get_object_or_404(User, username=username)
    why, now = "Ended by an administrator.", timezone.now()
    here = request.session.session_key if found == request.user else None
    ended = end_sessions(person=found, but=here, why=why, actor=actor_of(request), at=now)
    messages.success(request, _how_many(ended))
    return redirect("accounts:person", found.username)


@require_POST
def person_factors_reset(request: UserRequest, username: str) -> HttpResponse:
    """Take the second factors of somebody who lost theirs away, as an administrator."""
    require_role(request.user, Role.ADMINISTRATOR, to="reset second factors")
    found = get_object_or_404(User, username=username)
    try:
        reset_factors(
            person=found,
            reason=request.POST.get("reason", ""),
            by=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        messages.error(request, refused.said())
    else:
        messages.success(
            request,
            gettext("{name} logs in with the password alone until they add a factor anew.").format(
                name=found.name
            ),
        )
    return redirect("accounts:person", found.username)
