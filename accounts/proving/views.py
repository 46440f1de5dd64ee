"""One's own second factors, and the passkey at a signature."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.middleware import MUST_ENROL
from accounts.proving import passkeys, totp
from accounts.proving.again import IN_SESSION, issue_ticket, prove_again, with_proof
from accounts.proving.factors import add_app, make_recovery_codes, must_have_factor, remove_factor
from accounts.proving.forms import CODES, AppForm, ChangeForm, PasskeyForm
from accounts.proving.login_views import CHALLENGE
from accounts.proving.throttle import counters_of_person, give_back, take_try
from accounts.refusals import Conflict, Invalid, Refusal

NEW_KEY = "totp_key"


@never_cache
@require_GET
def factors(request: UserRequest) -> HttpResponse:
    """What one has beside the password."""
    return _page(request)


def _page(request: UserRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    person = request.user
    has_some = person.factors.exists()
    context = {
        "factors": person.factors.all(),
        "codes_left": person.recovery_codes.filter(used_at=None).count(),
        "possible": passkeys.possible(),
        "must": must_have_factor(person),
        "owes": bool(request.session.get(MUST_ENROL)),
        "passkey_form": PasskeyForm(auto_id="passkey_%s"),
        "change_form": ChangeForm(person, auto_id="change_%s") if has_some else None,
        **more,
    }
    return render(request, "accounts/factors.html", context, status=status)


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
def app(request: UserRequest) -> HttpResponse:
    """Add an authenticator app: its key is shown, and a code proves that the app has it."""
    key = totp.unseal(request.session.get(NEW_KEY, ""))
    if not key:
        key = totp.new_key()
        request.session[NEW_KEY] = totp.seal(key)
    form, status = AppForm(with_proof(request) if request.method == "POST" else None), HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.BAD_REQUEST
        if form.is_valid() and _proved(request, form):
            try:
                codes = add_app(
                    person=request.user,
                    key=key,
                    code=form.cleaned_data["code"],
                    name=form.cleaned_data["name"],
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                complain(form, refused)
            else:
                del request.session[NEW_KEY]
                return _added(request, codes)
    address = totp.address_of(key, request.user.username)
    spelled = " ".join(key[start : start + 4] for start in range(0, len(key), 4))
    context = {"form": form, "picture": totp.picture_of(address), "key": spelled}
    return render(request, "accounts/factor_app.html", context, status=status)


@never_cache
@sensitive_post_parameters("password", "answer")
@require_POST
def passkey(request: UserRequest) -> HttpResponse:
    """Keep the passkey that the browser made."""
    form = PasskeyForm(with_proof(request), auto_id="passkey_%s")
    state = request.session.pop(CHALLENGE, None)
    if form.is_valid() and _proved(request, form):
        try:
            codes = passkeys.add_passkey(
                person=request.user,
                state=state,
                answer=form.cleaned_data["answer"],
                name=form.cleaned_data["name"],
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Invalid, Conflict) as refused:
            complain(form, refused)
        else:
            return _added(request, codes)
    return _page(request, status=HTTPStatus.BAD_REQUEST, passkey_form=form)


@require_POST
def passkey_ask(request: UserRequest) -> HttpResponse:
    """What the browser needs to make a passkey."""
    challenge = passkeys.ask_to_register(request.user)
    request.session[CHALLENGE] = challenge.state
    return HttpResponse(challenge.options, content_type="application/json")


@never_cache
@sensitive_post_parameters("password")
@require_POST
def change(request: UserRequest) -> HttpResponse:
    """Remove a factor, or make new recovery codes."""
    form = ChangeForm(request.user, with_proof(request), auto_id="change_%s")
    if form.is_valid() and _proved(request, form):
        what, now = form.cleaned_data["what"], timezone.now()
        try:
            if what == CODES:
                codes = make_recovery_codes(person=request.user, actor=actor_of(request), at=now)
                return _page(request, codes=codes)
            remove_factor(person=request.user, pk=int(what), actor=actor_of(request), at=now)
        except (Invalid, Conflict) as refused:
            complain(form, refused)
        else:
            messages.success(request, gettext("Removed. It opens nothing any more."))
            return redirect("accounts:factors")
    return _page(request, status=HTTPStatus.BAD_REQUEST, change_form=form)


@require_POST
def proof_ask(request: UserRequest) -> HttpResponse:
    """What the browser needs to ask a passkey before a signature."""
    challenge = passkeys.ask_to_prove(request.user)
    request.session[CHALLENGE] = challenge.state
    return HttpResponse(challenge.options, content_type="application/json")


@sensitive_post_parameters("answer")
@require_POST
def proof(request: UserRequest) -> HttpResponse:
    """Take the passkey's answer; the next signature in this browser may use it up."""
    person, now, actor = request.user, timezone.now(), actor_of(request)
    counters = counters_of_person("again", person.pk)
    try:
        take_try(counters, subject=person.ref, actor=actor, at=now)
        state = request.session.pop(CHALLENGE, None)
        passkeys.prove_by_passkey(person=person, state=state, answer=request.POST.get("answer", ""), at=now)
    except Refusal as refused:
        return HttpResponse(refused.said(), status=403, content_type="text/plain")
    give_back(counters)
    request.session[IN_SESSION] = issue_ticket(person=person, how=passkeys.HOW, actor=actor, at=now)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _proved(request: UserRequest, form: Form) -> bool:
    """Whether the person proved again who they are; else the form says so."""
    given, actor = form.cleaned_data["password"], actor_of(request)
    try:
        proved = prove_again(request.user, given, actor=actor, at=timezone.now())
    except Invalid as held:
        complain(form, held)
        return False
    if not proved:
        form.add_error("password", gettext("This does not prove that it is you. Nothing was changed."))
    return bool(proved)


def _added(request: UserRequest, codes: list[str]) -> HttpResponse:
    request.session.pop(MUST_ENROL, None)
    if codes:
        return _page(request, codes=codes)
    messages.success(request, gettext("Added. It is asked for at your next log-in and at each signature."))
    return redirect("accounts:factors")
