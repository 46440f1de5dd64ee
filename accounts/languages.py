"""Which language a page speaks: the reader's own choice, else the organisation's (docs/adr/0015-languages.md)."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_from_request, override

ENGLISH = "en-gb"
LANGUAGES = ((ENGLISH, "English"), ("de", "Deutsch"))
"""Each by its own name. Who adds one adds locale/<code>/LC_MESSAGES/django.po as well (docs/translating.md)."""
SETTING = {code[:2]: code for code, _ in LANGUAGES}
"""How the setting of the organisation names them."""
MACHINES = ("/api/", "/scim/", "/register/", "/.well-known/", "/healthz", "/readyz", "/metrics")
"""Addresses that answer in English to everybody: programs read them, and caches that cannot tell readers apart."""


class english(override):
    """Around whatever outlives the page of one reader: the record, notices, reports, files."""

    def __init__(self) -> None:
        super().__init__(ENGLISH)

    def _recreate_cm(self) -> "english":
        """As a decorator it serves many threads at once, each with a language of its own to return to."""
        return english()


def language_of(request: HttpRequest) -> str:
    """The language of the answer. The browser's wishes count only before somebody has logged in."""
    if request.path_info.startswith(MACHINES):
        return ENGLISH
    if request.user.is_authenticated:
        chosen = request.user.language
        return chosen if chosen in dict(LANGUAGES) else settings.COUNTERSIGN_LANGUAGE
    if request.headers.get("Accept-Language"):
        return get_language_from_request(request)
    return settings.COUNTERSIGN_LANGUAGE


def speaks_english() -> bool:
    """Whether what is said now is said in English."""
    return (get_language() or ENGLISH).startswith("en")
