"""Logging in and out. A password opens the door, or only half of it where the person has a second factor."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext

from accounts.access import actor_of, request_id
from accounts.client import address_of, browser_of
from accounts.ending import end_sessions
from accounts.middleware import MUST_ENROL
from accounts.models import Role, User
from accounts.notices import notify
from accounts.proving.factors import must_have_factor
from accounts.proving.throttle import TooManyTries, counters_of_login, counters_of_person, give_back, take_try
from accounts.refusals import Refusal
from accounts.sessions import ADDRESS, BROWSER, HOW
from accounts.sso.providers import providers
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb

HALF = "half_logged_in"
HALF_SECONDS = 300
NOTHING: Mapping[str, object] = {}
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True)
class Half:
    """Somebody whose password was right and whose second factor is still to come; `at` in seconds since 1970."""

    person: int
    how: str
    at: float
    following: str


def anybody(request: HttpRequest) -> Actor:
    """The actor of a request before the log-in."""
    return Actor("anonymous", "Somebody not logged in", "nothing", request_id(request))


def let_in(
    request: HttpRequest,
    person: User,
    how: str,
    *,
    owes_factor: bool = False,
    at: datetime,
    detail: Mapping[str, object] = NOTHING,
) -> None:
    """Log the person in, remember by what they proved themselves, and put it on the record.

    Whoever owes a second factor sees no other page before they have one.
    """
    login(request, person, backend=BACKEND)
    session = request.session
    session[HOW], session[ADDRESS], session[BROWSER] = how, address_of(request), browser_of(request)
    if owes_factor:
        session[MUST_ENROL] = True
    with transaction.atomic():
        record(Verb.USER_LOGGED_IN, subject=person.ref, actor=actor_of(request), at=at, detail=detail)


def record_refused(request: HttpRequest, username: str, *, at: datetime, why: str = "") -> None:
    """Put a knock that nobody answered on the record."""
    detail = {"why": why} if why else {}
    with transaction.atomic():
        subject = f"user:{username[:80]}"
        record(Verb.USER_LOGIN_FAILED, subject=subject, actor=anybody(request), at=at, detail=detail)


class Login(LoginView):
    """The door. Every knock is recorded, and too many in a row are not answered."""

    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        form, at = self.get_form(), timezone.now()
        username = str(form.data.get("username", ""))
        counters = counters_of_login(username, address_of(request))
        try:
            take_try(counters, subject=f"user:{username[:80]}", actor=anybody(request), at=at)
        except TooManyTries as held:
            context = self.get_context_data(form=AuthenticationForm(), held=held)
            return self.render_to_response(context, status=HTTPStatus.TOO_MANY_REQUESTS)
        if not form.is_valid() or not may_use_password(form.get_user()):
            record_refused(request, username, at=at)
            return self.render_to_response(self.get_context_data(form=form, wrong=True))
        give_back(counters)
        return self.form_valid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        person, at = form.get_user(), timezone.now()
        assert isinstance(person, User)
        if person.factors.exists():
            half = Half(person.pk, "password", at.timestamp(), self.get_success_url())
            self.request.session[HALF] = asdict(half)
            return HttpResponseRedirect(reverse("login_second"))
        owes, detail = must_have_factor(person), _exceptional(person, at)
        let_in(self.request, person, "password", owes_factor=owes, at=at, detail=detail)
        return HttpResponseRedirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        left = self.request.GET.get("left", "")
        more = {
            "providers": providers(),
            "left": next((item for item in providers() if item.id == left), None),
            "passwords_for_all": settings.PASSWORDS_FOR_ALL,
        }
        return super().get_context_data(**kwargs) | more


def may_use_password(person: object) -> bool:
    """Where people log in at an identity provider, passwords are left to administrators, for when it is down."""
    if not isinstance(person, User):
        return False
    return settings.PASSWORDS_FOR_ALL or person.is_administrator


def _exceptional(person: User, at: datetime) -> Mapping[str, object]:
    """What the record says beside a log-in by password where those are for emergencies; others are told."""
    if settings.PASSWORDS_FOR_ALL:
        return NOTHING
    others = User.objects.filter(grants__role=Role.ADMINISTRATOR).exclude(pk=person.pk)
    text = f"{person.name} logged in by password, past the identity provider."
    key = f"password-login:{person.pk}:{at.isoformat()}"
    notify(others, kind="account.password", text=text, url=reverse("accounts:people"), key=key, at=at)
    return {"past_the_identity_provider": True}


def half_of(request: HttpRequest, at: datetime) -> tuple[User, Half] | None:
    """Who has given the password in this browser, minutes ago at most; they may have been disabled since."""
    kept = request.session.get(HALF)
    if not isinstance(kept, dict):
        return None
    half = Half(**kept)
    person = User.objects.filter(pk=half.person, is_active=True).first()
    if person is None or at.timestamp() - half.at > HALF_SECONDS:
        return None
    return person, half


def take_second(request: HttpRequest, person: User, half: Half, by: str, *, at: datetime) -> HttpResponse:
    """The second factor was right: let the person in."""
    give_back(counters_of_person("factor", person.pk))
    del request.session[HALF]
    detail = _exceptional(person, at) if half.how == "password" else NOTHING
    let_in(request, person, f"{half.how}+{by}", at=at, detail=detail)
    return HttpResponseRedirect(half.following)


class Logout(LogoutView):
    """Out. Only by POST, so that no link can do it. Whoever came through a provider is offered its log-out, too."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        how = str(request.session.get(HOW, ""))
        self.provider = how.removeprefix("oidc:").partition("+")[0] if how.startswith("oidc:") else ""
        if isinstance(request.user, User):
            with transaction.atomic():
                record(
                    Verb.USER_LOGGED_OUT, subject=request.user.ref, actor=actor_of(request), at=timezone.now()
                )
        return super().post(request, *args, **kwargs)

    def get_success_url(self) -> str:
        return reverse("login") + (f"?left={self.provider}" if self.provider else "")


class GuardedPasswordForm(PasswordChangeForm):
    """A new password, after the old one, which cannot be guessed here either."""

    def clean_old_password(self) -> str:
        person: Any = self.user
        counters = counters_of_person("again", person.pk)
        actor = Actor(person.ref, person.name, "session")
        try:
            take_try(counters, subject=person.ref, actor=actor, at=timezone.now())
        except Refusal as held:
            self.add_error("old_password", held.said())
            return ""
        old: str = super().clean_old_password()
        give_back(counters)
        return old


class PasswordChange(PasswordChangeView):
    """A new password, after the old one."""

    form_class = GuardedPasswordForm
    success_url = reverse_lazy("accounts:settings")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        now, person = timezone.now(), form.user
        with transaction.atomic():
            response = super().form_valid(form)
            record(Verb.PASSWORD_CHANGED, subject=person.ref, actor=actor_of(self.request), at=now)
            why = "The password was changed."
            here = self.request.session.session_key
            end_sessions(person=person, but=here, why=why, actor=actor_of(self.request), at=now)
        messages.success(self.request, gettext("Password changed. Other sessions of yours were ended."))
        return response
