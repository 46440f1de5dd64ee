"""Fields that the organisation defined for itself: what a value of each kind may be, and which are missing."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from accounts.models import User
from accounts.refusals import Invalid
from audit.canonical import clean
from policy.tiering import Tier
from registry.models import CustomField, FieldKind

LONGEST_TEXT = 500
LARGEST_NUMBER = 1e15
EMPTY: Collection[Any] = (None, "")


def checked_values(
    fields: Sequence[CustomField], given: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, Any]:
    """The values to keep: those given, tidied, and what retired fields held. Raises Invalid naming `custom.KEY`.

    A value that did not change is kept as it is, so that no later change of a field makes an entry unsavable.
    """
    live = {item.key: item for item in fields if item.retired_at is None}
    retired = {item.key for item in fields} - set(live)
    for key, value in given.items():
        if key not in live and not (key in retired and value == before.get(key)):
            raise Invalid(
                f"There is no field {key[:40]} to fill in.",
                f"The fields are {', '.join(live) or 'none yet'}.",
                field=f"custom.{key}",
            )
    kept = {key: value for key, value in before.items() if key not in live}
    for key, item in live.items():
        value = given.get(key)
        value = value.strip() if isinstance(value, str) else value
        if value in EMPTY:
            continue
        kept[key] = value if value == before.get(key) else _checked(item, value)
    return kept


def missing_fields(fields: Sequence[CustomField], values: Mapping[str, Any], tier: str) -> list[CustomField]:
    """Live fields that a model of this tier must fill in and has not; a model without a tier misses none."""
    if tier not in list(Tier):
        return []
    order = Tier(tier).order
    return [
        item
        for item in fields
        if item.retired_at is None
        and item.required_from
        and Tier(item.required_from).order <= order
        and values.get(item.key) in EMPTY
    ]


def _checked(item: CustomField, value: Any) -> Any:
    if isinstance(value, str) and clean(value) != value:
        raise _refusal(item, "holds a character that cannot be stored", "Type it anew.")
    match item.kind:
        case FieldKind.NUMBER:
            return _number(item, value)
        case FieldKind.DATE:
            return _date(item, value)
        case FieldKind.CHOICE:
            return _choice(item, value)
        case FieldKind.PERSON:
            return _person(item, value)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _refusal(item, f"takes a text of at most {LONGEST_TEXT} characters")
    return value


def _number(item: CustomField, value: Any) -> int | float:
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not math.isfinite(number) or abs(number) > LARGEST_NUMBER:
        raise _refusal(item, "takes a number", "Write it with a point: 12.5.")
    return int(number) if number.is_integer() else number


def _date(item: CustomField, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise _refusal(item, "takes a date", "Write it as 2026-11-21.") from None


def _choice(item: CustomField, value: Any) -> str:
    if value not in item.choices:
        raise _refusal(item, f"takes one of {', '.join(item.choices)}")
    return str(value)


def _person(item: CustomField, value: Any) -> str:
    person = User.objects.filter(username=str(value)[:150], is_active=True).first()
    if person is None:
        raise _refusal(item, "takes the user name of somebody who can log in")
    return person.username


def _refusal(item: CustomField, takes: str, remedy: str = "") -> Invalid:
    return Invalid(f"{item.label} {takes}.", remedy, field=f"custom.{item.key}")
