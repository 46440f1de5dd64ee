"""The page of all words that other pages explain in passing."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import UserRequest
from policy.metrics import METRICS
from policy.terms import Term, glossary

DIRECTIONS = {
    "higher": "Higher is better.",
    "lower": "Lower is better.",
    "zero": "Zero is best.",
    "one": "One is best.",
    "neither": "",
}


@dataclass(frozen=True)
class Word:
    """A word on the page: its name in policies and files, its explanation, and which way is better."""

    name: str
    term: Term
    direction: str

    def says(self, asked: str) -> bool:
        """Whether all that was typed stands somewhere in it."""
        text = f"{self.name} {self.term.label} {self.term.meaning} {self.term.source}".casefold()
        return all(part in text for part in asked.casefold().split())


@require_safe
def words(request: UserRequest) -> HttpResponse:
    """What each metric, requirement and other word means, and where that is written."""
    asked = request.GET.get("q", "").strip()[:200]
    groups = [
        {"heading": heading, "words": found}
        for heading, terms in glossary().items()
        if (found := [word for name, term in terms.items() if (word := _word(name, term)).says(asked)])
    ]
    count = sum(len(group["words"]) for group in groups)
    context: dict[str, Any] = {"groups": groups, "q": asked, "count": count}
    return render(request, "glossary.html", context)


def _word(name: str, term: Term) -> Word:
    metric = METRICS.get(name)
    return Word(name, term, DIRECTIONS[metric.better] if metric else "")
