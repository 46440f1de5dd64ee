"""Dates, numbers and names as the pages write them: `24 Nov`, `[0.801, 0.823]`, `3 days overdue`."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.utils import timezone

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
    return f"{day.day} {day:%b}" if same_year else f"{day.day} {day:%b %Y}"


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
        return f"{count_of(-days, 'day')} overdue"
    if days == 0:
        return "today"
    return "tomorrow" if days == 1 else f"in {days} days"


def ago(when: datetime | None, now: datetime | None = None) -> str:
    """`2 min ago`, `3 days ago`; a moment to come reads `in 3 days`."""
    if when is None:
        return NOTHING
    seconds = int(((now or timezone.now()) - when).total_seconds())
    size = abs(seconds)
    if size < 45:
        return "just now"
    if size < 3600:
        words = f"{max(1, round(size / 60))} min"
    elif size < 86_400:
        words = f"{round(size / 3600)} h"
    else:
        words = count_of(round(size / 86_400), "day")
    return f"{words} ago" if seconds > 0 else f"in {words}"


def singular(noun: str) -> str:
    """`models` → `model`, `emergencies` → `emergency`: regular nouns only."""
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")


def duration(length: timedelta | float | None) -> str:
    """`6 min 14 s`, `0.4 s`, `2 h 5 min`."""
    if length is None:
        return NOTHING
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def number(value: float | None, decimals: int = 3) -> str:
    """A number with fixed decimals and a true minus sign."""
    return NOTHING if value is None else f"{value:,.{decimals}f}".replace("-", MINUS)


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
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def percent(value: float | None, decimals: int = 1) -> str:
    """`62.8%` from 0.628."""
    return NOTHING if value is None else f"{number(value * 100, decimals)}%"


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
        return f"{', '.join(people[:most])} and {len(people) - most} more"
    return f"{', '.join(people[:-1])} or {people[-1]}" if len(people) > 1 else "".join(people)
