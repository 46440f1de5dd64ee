"""The second half of a log-in: a code, a recovery code, or a passkey."""

from datetime import datetime
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.entering import anybody, half_of, record_refused, take_second
from accounts.models import User
from accounts.proving import passkeys
from accounts.proving.again import ways_of
from accounts.proving.factors import take_code
from accounts.proving.throttle import TooManyTries, counters_of_person, take_try
from accounts.refusals import Refusal

CHALLENGE = "passkey_challenge"


@login_not_required
@never_cache
@sensitive_post_parameters("code", "passkey")
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor, and let the person in with it."""
    now = timezone.now()
    known = half_of(request, now)
    if known is None:
        messages.info(request, gettext("Give your password first. The second step waits five minutes."))
        return redirect("login")
    person, half = known
    problem, status = "", HTTPStatus.OK
    if request.method == "POST":
        try:
            by = _judged(request, person, now)
        except Refusal as refused:
            held = isinstance(refused, TooManyTries)
            problem = refused.said()
            status = HTTPStatus.TOO_MANY_REQUESTS if held else HTTPStatus.FORBIDDEN
        else:
            if by:
                return take_second(request, person, half, by, at=now)
            problem, status = (
                gettext("This code opens nothing. Each opens once; wait for the next."),
                HTTPStatus.FORBIDDEN,
            )
        if status == HTTPStatus.FORBIDDEN:
            record_refused(request, person.username, at=now, why="The second factor was wrong.")
    context = {"problem": problem, "ways": ways_of(person), "possible": passkeys.possible()}
    return render(request, "accounts/second.html", context, status=status)


def _judged(request: HttpRequest, person: User, now: datetime) -> str:
    """What was used; empty where it opens nothing."""
    actor = anybody(request)
    take_try(counters_of_person("factor", person.pk), subject=person.ref, actor=actor, at=now)
    if answer := request.POST.get("passkey"):
        state = request.session.pop(CHALLENGE, None)
        passkeys.prove_by_passkey(person=person, state=state, answer=answer, at=now)
        return passkeys.HOW
    return take_code(person=person, code=request.POST.get("code", "")[:60], actor=actor, at=now)


@login_not_required
@never_cache
@require_POST
def second_ask(request: HttpRequest) -> HttpResponse:
    """What the browser needs to ask a passkey at the log-in."""
    known = half_of(request, timezone.now())
    if known is None:
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    challenge = passkeys.ask_to_prove(known[0])
    request.session[CHALLENGE] = challenge.state
    return HttpResponse(challenge.options, content_type="application/json")
