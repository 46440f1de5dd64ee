"""What a reader of the trail asks for, as it stands in an address: the page, the API and the exports read it alike."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta

from accounts.refusals import Invalid
from audit.queries import SHORTEST_TEXT, EventFilter

WORDS = ("who", "verb", "subject", "text")
NAMES = tuple(field.name for field in fields(EventFilter))
MOST = {"verb": 64, "subject": 500}
NOT_A_TIME = "Write a day such as 2026-11-21, or a moment such as 2026-11-21T09:30:00Z."


def filter_of(given: Mapping[str, str]) -> EventFilter:
    """The filter that these parameters ask for. Raises Invalid, with the field, for one that cannot be."""
    wanted, problems = read_filter(given)
    for name, problem in problems.items():
        raise Invalid(problem, field=name)
    return wanted


def read_filter(given: Mapping[str, str]) -> tuple[EventFilter, dict[str, str]]:
    """What can be asked for, and what is wrong with each of the others."""
    words, problems = {name: given.get(name, "").strip() for name in WORDS}, dict[str, str]()
    for name, text in words.items():
        if len(text) > MOST.get(name, 300) or "\0" in text:
            problems[name] = f"No {name} in the trail is like that: it is too long or holds a NUL."
    if 0 < len(words["text"]) < SHORTEST_TEXT:
        problems["text"] = f"Search for {SHORTEST_TEXT} letters or more."
    times = dict[str, datetime | None]()
    for name, days in (("since", 0), ("until", 1)):
        try:
            times[name] = _moment(given.get(name, "").strip(), days)
        except (ValueError, OverflowError):  # no such day, or one after the last that there is
            problems[name] = NOT_A_TIME
    kept = {name: text for name, text in words.items() if name not in problems}
    return EventFilter(**kept, since=times.get("since"), until=times.get("until")), problems


def _moment(text: str, days: int) -> datetime | None:
    """A moment as it is; a day as its midnight (UTC), or as the one `days` later."""
    if not text:
        return None
    if len(text) == len("2026-11-21"):
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time.min, UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_told(wanted: EventFilter) -> dict[str, object]:
    """The parts of a filter that ask for something, for the record."""
    return {name: value for name in NAMES if (value := getattr(wanted, name))}
