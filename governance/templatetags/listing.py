"""Pages of a list, and the loose shapes that partials accept (pairs or mappings)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.http import QueryDict


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
