"""What holds for every page: how long a session lasts, the second factor first, and the language of the reader."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from accounts.access import actor_of
from accounts.languages import MACHINES, language_of
from accounts.sessions import BEGAN, SEEN
from audit.actions import record
from audit.verbs import Verb

Handler = Callable[[HttpRequest], HttpResponse]
NOTED_SECONDS = (
    60  # that a session was used is written once a minute: a write for each page would be its slowest part
)
MUST_ENROL = "must_enrol"
OPEN_WHILE_ENROLLING = ("/settings/second-factor/", "/settings/proof/", "/sso/", "/logout/", "/static/")


class SessionLimits:
    """Ends sessions that lasted too long or lay idle, and shows nobody a page who still owes a second factor."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            self._limit(request)
            if request.session.get(MUST_ENROL) and not request.path.startswith(OPEN_WHILE_ENROLLING):
                return redirect("accounts:factors")
        return self.get_response(request)

    def _limit(self, request: HttpRequest) -> None:
        now = timezone.now()
        session, moment = request.session, now.timestamp()
        seen = session.get(SEEN, moment)
        if moment - session.get(BEGAN, moment) >= settings.SESSION_COOKIE_AGE:
            why = "It lasted as long as a session may."
        elif moment - seen >= settings.SESSION_IDLE_SECONDS:
            why = "Nothing was done in it for too long."
        else:
            if moment - seen >= NOTED_SECONDS:
                session[SEEN] = moment
            return
        actor = actor_of(request)
        with transaction.atomic():
            record(Verb.SESSION_ENDED, subject=actor.id, actor=actor, at=now, detail={"why": why})
        logout(request)


class Language:
    """Answers in the language of the reader. What is recorded meanwhile stays English (accounts/said.py)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if not (request.path_info.startswith(MACHINES) or request.user.is_authenticated):
            patch_vary_headers(response, ("Accept-Language",))
        return response
