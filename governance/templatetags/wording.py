"""Dates, numbers and names as the pages write them, in the language of the reader: `24 Nov`, `3 days overdue`."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.utils import timezone
from django.utils.dateformat import format as dated
from django.utils.formats import get_format
from django.utils.translation import gettext, ngettext, pgettext

MINUS = "\u2212"
NOTHING = "–"
SOON = timedelta(days=7)
SYSTEM_NAMES = ("CI ", "Scheduler", "Worker", "Countersign", "API key", "System", "Sequencer")

DueState = Literal["over", "soon", ""]


def day_of(when: date | datetime) -> date:
    """The calendar day of a date or of a moment, in the reader's zone."""
    if isinstance(when, datetime):
        return timezone.localtime(when).date() if timezone.is_aware(when) else when.date()
    return when


def short_date(when: date | datetime | None, today: date | None = None) -> str:
    """`24 Nov`, with the year when it is not this one."""
    if when is None:
        return NOTHING
    day = day_of(when)
    same_year = day.year == (today or timezone.localdate()).year
    return dated(day, pgettext("date", "j M") if same_year else pgettext("date", "j M Y"))


def short_time(when: datetime | None) -> str:
    """`24 Nov 16:20`."""
    if when is None:
        return NOTHING
    local = timezone.localtime(when) if timezone.is_aware(when) else when
    return f"{short_date(local)} {local:%H:%M}"


def count_of(number: int, noun: str) -> str:
    """`1 day`, `3 days`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def due_state(when: date | datetime, today: date) -> DueState:
    """Overdue, soon (at most seven days) or later."""
    left = day_of(when) - today
    if left < timedelta(0):
        return "over"
    return "soon" if left <= SOON else ""


def distance(when: date | datetime, today: date) -> str:
    """How far a date is: `in 3 days`, `today`, `2 days overdue`."""
    days = (day_of(when) - today).days
    if days < 0:
        return ngettext("{days} day overdue", "{days} days overdue", -days).format(days=f"{-days:,}")
    if days == 0:
        return gettext("today")
    return (
        gettext("tomorrow")
        if days == 1
        else ngettext("in {days} day", "in {days} days", days).format(days=days)
    )


def ago(when: datetime | None, now: datetime | None = None) -> str:
    """`2 min ago`, `3 days ago`; a moment to come reads `in 3 days`."""
    if when is None:
        return NOTHING
    seconds = int(((now or timezone.now()) - when).total_seconds())
    size = abs(seconds)
    if size < 45:
        return gettext("just now")
    past = seconds > 0
    if size < 3600:
        words = gettext("{number} min ago") if past else gettext("in {number} min")
        return words.format(number=max(1, round(size / 60)))
    if size < 86_400:
        words = gettext("{number} h ago") if past else gettext("in {number} h")
        return words.format(number=round(size / 3600))
    days = round(size / 86_400)
    if past:
        return ngettext("{days} day ago", "{days} days ago", days).format(days=f"{days:,}")
    return ngettext("in {days} day", "in {days} days", days).format(days=f"{days:,}")


def duration(length: timedelta | float | None) -> str:
    """`6 min 14 s`, `0.4 s`, `2 h 5 min`."""
    if length is None:
        return NOTHING
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 10:
        return f"{number(seconds, 1)} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        words = gettext("{hours} h {minutes} min") if minutes else gettext("{hours} h")
    else:
        words = gettext("{minutes} min {seconds} s") if minutes else gettext("{seconds} s")
    return words.format(hours=hours, minutes=minutes, seconds=rest)


def number(value: float | None, decimals: int = 3) -> str:
    """A number with fixed decimals and a true minus sign."""
    return NOTHING if value is None else separated(f"{value:,.{decimals}f}").replace("-", MINUS)


def separated(digits: str) -> str:
    """Digits as Python writes them, `1,234.5`, with the separators of the reader's language."""
    point, comma = str(get_format("DECIMAL_SEPARATOR")), str(get_format("THOUSAND_SEPARATOR"))
    if (point, comma) == (".", ","):
        return digits
    return digits.translate({ord("."): point, ord(","): comma})


def signed(value: float | None, decimals: int = 3) -> str:
    """A difference with its sign; `0.000` has none."""
    if value is None:
        return NOTHING
    shown = number(value, decimals)
    return shown if shown.startswith(MINUS) or not round(value, decimals) else f"+{shown}"


def interval(value: Any, decimals: int = 3) -> str:
    """`[0.801, 0.823]` from a pair or from something with `low` and `high`; else nothing."""
    if isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = value
    elif isinstance(value, dict):
        low, high = value.get("low"), value.get("high")
    else:
        low, high = getattr(value, "low", None), getattr(value, "high", None)
    if low is None or high is None:
        return ""
    return pgettext("interval", "[{low}, {high}]").format(
        low=number(low, decimals), high=number(high, decimals)
    )


def percent(value: float | None, decimals: int = 1) -> str:
    """`62.8%` from 0.628."""
    return NOTHING if value is None else gettext("{number}%").format(number=number(value * 100, decimals))


def short_digest(text: str | None) -> str:
    """`sha256:7d1f3c9e…b04a52e8`; what is short already stays whole."""
    if not text:
        return NOTHING
    scheme, colon, value = text.rpartition(":")
    return text if len(value) <= 20 else f"{scheme}{colon}{value[:8]}…{value[-8:]}"


def words(value: object) -> str:
    """`not_applicable` reads `Not applicable`."""
    text = str(value or "").replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def initials(name: str) -> str:
    """`AO` from Ada Okafor."""
    parts = name.split()
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def is_system(name: str) -> bool:
    """Whether a name in the record is a machine's."""
    return name.startswith(SYSTEM_NAMES)


def listed(names: Iterable[str], most: int = 3) -> str:
    """`Ada Okafor, Per Dahl and 2 more`."""
    people = list(names)
    if len(people) > most:
        words = gettext("{names} and {number} more")
        return words.format(names=", ".join(people[:most]), number=len(people) - most)
    if len(people) < 2:
        return "".join(people)
    return gettext("{names} or {last}").format(names=", ".join(people[:-1]), last=people[-1])
