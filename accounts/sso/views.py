"""Through an identity provider and back: to log in, to link an account, or to prove again who one is."""

import base64
import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of, request_id
from accounts.entering import HALF, Half, let_in, record_refused
from accounts.models import User
from accounts.proving.again import IN_SESSION, issue_ticket
from accounts.proving.factors import must_have_factor
from accounts.refusals import NotAllowed, Refusal, Unavailable
from accounts.sso import actions
from accounts.sso.configuration import Provider
from accounts.sso.fetching import Unreachable
from accounts.sso.metadata import metadata_of
from accounts.sso.providers import provider_called
from accounts.sso.tokens import Asked, NotProven, Vouched, vouched_for

TRIP = "sso_trip"
TRIP_SECONDS = 600
LOG_IN, LINK, PROVE = "login", "link", "prove"


@dataclass(frozen=True)
class Trip:
    """What this browser was sent to a provider for; `at` in seconds since 1970."""

    provider: str
    purpose: str
    state: str
    nonce: str
    verifier: str
    following: str
    at: float


@login_not_required
@never_cache
@require_GET
def start(request: HttpRequest, provider: str) -> HttpResponse:
    """Send the browser to the provider."""
    found, now = provider_called(provider), timezone.now()
    purpose = request.GET.get("for", LOG_IN)
    if purpose not in (LINK, PROVE):
        purpose = LOG_IN
    if purpose != LOG_IN and not isinstance(request.user, User):
        return redirect("login")
    following = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(following, {request.get_host()}, settings.SECURE_TRANSPORT)
    trip = Trip(
        provider=found.id,
        purpose=purpose,
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        following=following if safe else reverse("home"),
        at=now.timestamp(),
    )
    try:
        places = metadata_of(found)
    except Unreachable as problem:
        raise Unavailable(problem.reason, "Try again in a moment.") from problem
    request.session[TRIP] = asdict(trip)
    join = "&" if "?" in places.authorization else "?"
    return HttpResponseRedirect(f"{places.authorization}{join}{urlencode(_question(found, trip))}")


def _question(provider: Provider, trip: Trip) -> dict[str, str]:
    challenge = hashlib.sha256(trip.verifier.encode()).digest()
    question = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": _address_back(provider),
        "scope": " ".join(provider.scopes),
        "state": trip.state,
        "nonce": trip.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if provider.acr:
        question["acr_values"] = " ".join(provider.acr)
    if trip.purpose == PROVE:
        question |= {"prompt": "login", "max_age": "0"}
    return question


def _address_back(provider: Provider) -> str:
    return settings.COUNTERSIGN_URL + reverse("sso_back", args=[provider.id])


@login_not_required
@never_cache
@require_GET
def back(request: HttpRequest, provider: str) -> HttpResponse:
    """The browser comes back with a code, or with an error. Anything that was not asked for here is refused."""
    found, now = provider_called(provider), timezone.now()
    kept = request.session.pop(TRIP, None)
    try:
        trip = _trip(request, found, kept, now)
        fresh = datetime.fromtimestamp(trip.at, UTC) if trip.purpose == PROVE else None
        asked = Asked(trip.nonce, trip.verifier, _address_back(found), fresh)
        vouched = vouched_for(found, request.GET.get("code", ""), asked)
        return _done(request, found, trip, vouched, now)
    except Refusal as refused:
        record_refused(request, f"sso-{found.id}", at=now, why=str(refused))
        remedy = refused.advice() or gettext("Try again; if it goes on, tell an administrator.")
        context = {"provider": found, "reason": refused.told(), "remedy": remedy}
        return render(request, "accounts/sso_refused.html", context, status=403)


def _trip(request: HttpRequest, provider: Provider, kept: object, now: datetime) -> Trip:
    trip = Trip(**kept) if isinstance(kept, dict) else None
    given = request.GET.get("state", "")
    if (
        trip is None
        or trip.provider != provider.id
        or not secrets.compare_digest(trip.state.encode(), given.encode())
    ):
        raise NotProven("This answer was not asked for in this browser.")
    if now.timestamp() - trip.at > TRIP_SECONDS:
        raise NotProven("This took longer than ten minutes.")
    if request.GET.get("iss", provider.issuer) != provider.issuer:  # RFC 9207
        raise NotProven("The answer is of another issuer.")
    if error := request.GET.get("error"):
        raise NotProven("{provider} refused ({error}).", provider=provider.name, error=error[:60])
    return trip


def _done(
    request: HttpRequest, provider: Provider, trip: Trip, vouched: Vouched, now: datetime
) -> HttpResponse:
    if trip.purpose == LOG_IN:
        return _log_in(request, provider, trip, vouched, now)
    person = request.user
    if not isinstance(person, User):
        raise NotProven("Your session ended on the way.")
    if trip.purpose == LINK:
        actions.link(
            person=person, provider=provider, subject=vouched.subject, actor=actor_of(request), at=now
        )
        messages.success(
            request, gettext("From now on {provider} opens your account.").format(provider=provider.name)
        )
        return redirect("accounts:settings")
    if not person.identities.filter(issuer=provider.issuer, subject=vouched.subject).exists():
        raise NotAllowed(
            "Somebody else than you answered at {provider}.",
            "Log in there as yourself.",
            provider=provider.name,
        )
    ticket = issue_ticket(person=person, how=f"oidc:{provider.id}", actor=actor_of(request), at=now)
    request.session[IN_SESSION] = ticket
    return render(request, "accounts/proved.html", {"provider": provider})


def _log_in(
    request: HttpRequest, provider: Provider, trip: Trip, vouched: Vouched, now: datetime
) -> HttpResponse:
    actor = actions.actor_of(provider, request_id(request))
    person = actions.welcome(provider=provider, vouched=vouched, actor=actor, at=now)
    how = f"oidc:{provider.id}"
    here = provider.second_factor == "here"
    if here and person.factors.exists():
        request.session[HALF] = asdict(Half(person.pk, how, now.timestamp(), trip.following))
        return redirect("login_second")
    let_in(request, person, how, owes_factor=here and must_have_factor(person), at=now)
    return HttpResponseRedirect(trip.following)


@login_not_required
@require_GET
def out(request: HttpRequest, provider: str) -> HttpResponse:
    """On to the provider's own log-out, which then comes back to our log-in page."""
    found = provider_called(provider)
    try:
        address = metadata_of(found).end_session
    except Unreachable as problem:
        raise Unavailable(problem.reason, "Log out there by hand.") from problem
    if not address:
        raise Unavailable(
            "{provider} offers no log-out of its own.", "Close your browser.", provider=found.name
        )
    back_here = settings.COUNTERSIGN_URL + reverse("login")
    question = {"client_id": found.client_id, "post_logout_redirect_uri": back_here}
    return HttpResponseRedirect(f"{address}{'&' if '?' in address else '?'}{urlencode(question)}")


@require_POST
def unlink(request: UserRequest, provider: str) -> HttpResponse:
    """Let the provider open one's account no more."""
    found = provider_called(provider)
    actions.unlink(person=request.user, provider=found, actor=actor_of(request), at=timezone.now())
    messages.success(request, gettext("{provider} no longer opens your account.").format(provider=found.name))
    return redirect("accounts:settings")
