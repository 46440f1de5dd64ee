"""How a word is drawn that explains itself when it is pressed."""

from collections import Counter
from typing import Any

from django.http import HttpRequest
from django.template.context import RequestContext
from django.urls import reverse

from policy.terms import term_of


def explained(context: RequestContext, name: str, label: str = "", code: bool = False) -> dict[str, Any]:
    """What partials/term.html needs. Words that nobody explained are plain, and so are all outside of a page."""
    request, term = context.get("request"), term_of(name)
    if not isinstance(request, HttpRequest):
        term = None
    return {
        "term": term,
        "label": label or (term.label if term else name.replace("_", " ").capitalize()),
        "code": code,
        "more": f"{reverse('glossary')}#word-{name}" if term else "",
        "id": f"term-{name}-{_number(request, name)}" if isinstance(request, HttpRequest) and term else "",
    }


def _number(request: HttpRequest, name: str) -> int:
    """How often the word stands on the page by now: each has an id of its own, and the same in every answer."""
    counted: Counter[str] = request.META.setdefault("countersign.terms", Counter())
    counted[name] += 1
    return counted[name]
