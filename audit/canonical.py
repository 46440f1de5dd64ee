"""Values made fit for RFC 8785 canonical JSON, and for a database column, without losing what they say."""

import json
import math
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TypeAlias

import rfc8785

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"

# RFC 8785 writes numbers as IEEE doubles, which hold integers exactly below this. PostgreSQL gives larger
# floats back as integers, so they go as text too.
_EXACT_INTEGERS = 2**53
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)


def canonical(value: object) -> str:
    """RFC 8785 canonical JSON of a value, after `plain`."""
    return written(plain(value))


def written(value: Json) -> str:
    """RFC 8785 canonical JSON of what is plain already.

    In ASCII and without floats, which nearly everything is, it is what the standard library's C encoder writes with
    sorted keys: the two differ in how they order keys beyond the basic plane and in how they write floats.
    """
    if not _has_float(value) and (text := _ENCODER.encode(value)).isascii():
        return text
    return rfc8785.dumps(value).decode()


def _has_float(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_has_float(item) for item in value.values() if not isinstance(item, str))
    if isinstance(value, list):
        return any(_has_float(item) for item in value if not isinstance(item, str))
    return isinstance(value, float)


def plain(value: object) -> Json:
    """The value as JSON holds it exactly: numbers from 2**53, NaN, infinities and decimals become strings.

    Raises TypeError for a kind of value that has no obvious plain form.
    """
    match value:
        case None | bool():
            return value
        case Enum():
            return plain(value.value)
        case str():
            return clean(value)
        case int():
            return value if abs(value) < _EXACT_INTEGERS else str(value)
        case float():
            return value if math.isfinite(value) and abs(value) < _EXACT_INTEGERS else str(value)
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case Decimal() | uuid.UUID() | PurePath():
            return str(value)
        case Mapping():
            return {clean(str(key)): plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=str)
        case list() | tuple() | Iterable():
            return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain JSON form")


def clean(text: str) -> str:
    """The text without what PostgreSQL (NUL) or UTF-8 (lone surrogates) cannot hold: each becomes U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text  # nearly every text; looking at each character costs a third of a millisecond per event
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def instant(moment: datetime) -> str:
    """The moment in UTC with microseconds, as RFC 3339 writes it. Refuses a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
