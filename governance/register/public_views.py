"""The register as anybody reads it, without logging in: the list and a page for each model, also as JSON.

Nothing here knows who reads: no session, no cookie, so that every cache may keep the answers.
"""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from accounts.client import address_of
from governance.portfolio.stages import STAGES
from governance.register.access import publication_for_anybody, publications_for_anybody
from governance.register.facts import TIERS, Entry, entries_of, page_of

PAGE_SIZE = 50
FRESH_SECONDS = 300
WINDOW_SECONDS = 60
Asked = ParamSpec("Asked")
View = Callable[Concatenate[HttpRequest, Asked], HttpResponse]


def public(view: View[Asked]) -> View[Asked]:
    """Open to everybody, so often a minute for each address; cached, and answered 304 to who has it already."""

    @login_not_required
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, /, *args: Asked.args, **kwargs: Asked.kwargs) -> HttpResponse:
        if _too_often(request):
            text = render_to_string("429.html", {"retry_after": WINDOW_SECONDS})
            return HttpResponse(text, status=429, headers={"Retry-After": str(WINDOW_SECONDS)})
        response = view(request, *args, **kwargs)
        etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            response = HttpResponseNotModified()
        response["ETag"] = etag
        request.session.accessed = False  # only the log-in wall looked, so caches need not tell readers apart
        patch_cache_control(response, public=True, max_age=FRESH_SECONDS)
        return response

    return answer


@public
def register(request: HttpRequest) -> HttpResponse:
    """The models that are published; `?as=json` for machines."""
    entries = entries_of(list(publications_for_anybody()))
    query = request.GET.get("q", "").replace("\0", "").strip()[:100]
    tier, status = request.GET.get("tier", ""), request.GET.get("status", "")
    found = [row for row in entries if _matches(row, query, tier, status)]
    if request.GET.get("as") == "json":
        told = {"organisation": settings.COUNTERSIGN_ORGANISATION, "models": [row.told() for row in found]}
        return _json(told)
    selects = [
        {"name": "tier", "label": "Risk tier", "value": tier, "options": _present(TIERS, entries, "tier")},
        {
            "name": "status",
            "label": "Status",
            "value": status,
            "options": _present(STAGES, entries, "status"),
        },
    ]
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "q": query,
        "selects": selects,
        "narrowed": bool(query or tier or status),
    }
    return _page(request, "register/list.html", context)


@public
def register_entry(request: HttpRequest, slug: str) -> HttpResponse:
    """What is published of one model; `?as=json` for machines."""
    page = page_of(publication_for_anybody(slug))
    if request.GET.get("as") == "json":
        return _json(page.told())
    return _page(request, "register/entry.html", {"entry": page.entry, "page": page})


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Without context processors: those look at who is asking."""
    told = {"request": request, "organisation": settings.COUNTERSIGN_ORGANISATION, **context}
    return HttpResponse(render_to_string(template, told))


def _json(told: dict[str, Any]) -> HttpResponse:
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    return HttpResponse(text, content_type="application/json")


def _matches(row: Entry, query: str, tier: str, status: str) -> bool:
    text = f"{row.slug} {row.words.name} {row.words.purpose} {row.department} {row.words.kind}".casefold()
    return (
        tier in ("", row.tier)
        and status in ("", row.status)
        and all(w in text for w in query.casefold().split())
    )


def _present(words: dict[str, str], entries: list[Entry], name: str) -> list[tuple[str, str]]:
    there = {getattr(row, name) for row in entries}
    return [(value, label) for value, label in words.items() if value in there]


def _too_often(request: HttpRequest) -> bool:
    """Whether this address asked more often than is good for the others, in the current minute."""
    key = f"register-{hashlib.sha256(address_of(request).encode()).hexdigest()[:32]}"
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        return cache.incr(key) > settings.REGISTER_PER_MINUTE
    except ValueError:  # it ran out in between
        return False
