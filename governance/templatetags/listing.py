"""Pages of a list, and the loose shapes that partials accept (pairs or mappings)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.http import QueryDict
from django.utils.translation import gettext, gettext_noop, ngettext

from accounts.said import counted
from governance.templatetags.wording import separated

COUNTED = {
    "accounts": counted("{number} account", "{number} accounts"),
    "answers": counted("{number} answer", "{number} answers"),
    "data sets": counted("{number} data set", "{number} data sets"),
    "decisions": counted("{number} decision", "{number} decisions"),
    "deployments": counted("{number} deployment", "{number} deployments"),
    "emergencies": counted("{number} emergency", "{number} emergencies"),
    "entries": counted("{number} entry", "{number} entries"),
    "findings": counted("{number} finding", "{number} findings"),
    "gaps": counted("{number} gap", "{number} gaps"),
    "lines": counted("{number} line", "{number} lines"),
    "messages": counted("{number} message", "{number} messages"),
    "models": counted("{number} model", "{number} models"),
    "notices": counted("{number} notice", "{number} notices"),
    "packs": counted("{number} pack", "{number} packs"),
    "periods": counted("{number} period", "{number} periods"),
    "questions": counted("{number} question", "{number} questions"),
    "registered models": counted("{number} registered model", "{number} registered models"),
    "reports": counted("{number} report", "{number} reports"),
    "requests": counted("{number} request", "{number} requests"),
    "reviews": counted("{number} review", "{number} reviews"),
    "risks": counted("{number} risk", "{number} risks"),
    "rounds": counted("{number} round", "{number} rounds"),
    "rules": counted("{number} rule", "{number} rules"),
    "runs": counted("{number} run", "{number} runs"),
    "waivers": counted("{number} waiver", "{number} waivers"),
}
"""What lists hold, as the pager counts it; a new kind of list adds a line here and one below."""
NONE = (
    gettext_noop("No accounts"),
    gettext_noop("No answers"),
    gettext_noop("No data sets"),
    gettext_noop("No decisions"),
    gettext_noop("No deployments"),
    gettext_noop("No emergencies"),
    gettext_noop("No entries"),
    gettext_noop("No findings"),
    gettext_noop("No gaps"),
    gettext_noop("No lines"),
    gettext_noop("No messages"),
    gettext_noop("No models"),
    gettext_noop("No notices"),
    gettext_noop("No packs"),
    gettext_noop("No periods"),
    gettext_noop("No questions"),
    gettext_noop("No registered models"),
    gettext_noop("No reports"),
    gettext_noop("No requests"),
    gettext_noop("No reviews"),
    gettext_noop("No risks"),
    gettext_noop("No rounds"),
    gettext_noop("No rules"),
    gettext_noop("No runs"),
    gettext_noop("No waivers"),
)


def page_query(query: QueryDict | None, name: str, number: int) -> str:
    """The query string of another page of the same list."""
    changed = query.copy() if query is not None else QueryDict(mutable=True)
    changed[name] = str(number)
    return f"?{changed.urlencode()}"


def elided_pages(page: Page[Any]) -> list[int | str]:
    """Page numbers with the far ones left out."""
    return [*page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)]


def pairs(crumbs: Iterable[Any] | None) -> list[tuple[object, object]]:
    """Label and address of each crumb, from pairs or mappings."""
    return [
        (crumb.get("label"), crumb.get("href")) if isinstance(crumb, Mapping) else (crumb[0], crumb[1])
        for crumb in crumbs or ()
    ]


def as_facts(facts: Iterable[Any] | None) -> list[Mapping[str, object]]:
    """Facts as mappings; a pair is a term and its value."""
    return [
        {"term": fact[0], "value": fact[1]} if isinstance(fact, Sequence) else fact for fact in facts or ()
    ]


def rows_shown(page: Page[Any], noun: str) -> str:
    """Which rows of a list one sees: `51 to 100 of 234 models`."""
    number = page.paginator.count
    if not number:
        none = f"No {noun}"
        return gettext(none)
    one, many = COUNTED[noun]
    things = ngettext(one, many, number).format(number=separated(f"{number:,}"))
    if page.paginator.num_pages > 1:
        words = gettext("{first} to {last} of {things}")
        first, last = (separated(f"{place:,}") for place in (page.start_index(), page.end_index()))
        return words.format(first=first, last=last, things=things)
    return things if number == 1 else gettext("{things}, all shown").format(things=things)
