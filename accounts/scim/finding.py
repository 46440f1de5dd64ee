"""People whom providers keep, found by id or by SCIM's filters."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404
from scim2_models import ScimFilter, SearchRequest
from scim2_models.path import CompareOperator, Comparison

from accounts.scim.models import ScimPerson
from accounts.scim.wire import MOST_RESULTS, User, on_the_wire

Narrowed = Callable[[QuerySet[ScimPerson], str], QuerySet[ScimPerson]]
BY_ATTRIBUTE: dict[str, Narrowed] = {
    "username": lambda rows, value: rows.filter(user_name__iexact=value),
    "externalid": lambda rows, value: rows.filter(external_id=value),
    "id": lambda rows, value: rows.filter(person_id=int(value)) if _is_id(value) else rows.none(),
}
"""Equality of these is asked of the database: providers ask so before each change. Any other filter reads everybody."""


@dataclass(frozen=True)
class Found:
    """One page of people, and how many there are."""

    rows: list[ScimPerson]
    total: int
    start: int


def person_with(pk: str) -> ScimPerson:
    """Whom a provider calls by this id. Raises Http404."""
    row = kept().filter(person_id=int(pk)).first() if _is_id(pk) else None
    if row is None:
        raise Http404(f"No person {pk[:40]} is kept here.")
    return row


def people_for(asked: "SearchRequest[User]") -> Found:
    """A page of those who match."""
    rows, rest = kept(), asked.filter
    if (question := _equality(asked.filter)) is not None:
        attribute, value = question
        rows, rest = BY_ATTRIBUTE[attribute](rows, value), None
    start = asked.start_index or 1
    count = MOST_RESULTS if asked.count is None else min(asked.count, MOST_RESULTS)
    if rest is None:
        return Found(list(rows[start - 1 : start - 1 + count]), rows.count(), start)
    matching = [row for row in rows if rest.match(on_the_wire(row))]
    return Found(matching[start - 1 : start - 1 + count], len(matching), start)


def kept() -> QuerySet[ScimPerson]:
    """Everybody whom a provider keeps, in the order in which they came."""
    return ScimPerson.objects.filter(left_at=None).select_related("person").order_by("pk")


def _equality(asked: "ScimFilter[User] | None") -> tuple[str, str] | None:
    """Attribute and text of a filter such as `userName eq "ada"`."""
    node = None if asked is None else asked.ast
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq or node.attr_path.sub_attr:
        return None
    attribute = node.attr_path.attr.casefold()
    return (attribute, node.value) if attribute in BY_ATTRIBUTE and isinstance(node.value, str) else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
