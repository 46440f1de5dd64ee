"""Reading the trail."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from audit.canonical import instant
from audit.models import Event

_HIGHEST = "\U0010ffff"
MAX_PAGE = 500


class CursorRefused(ValueError):
    """A page cursor that we did not hand out."""


@dataclass(frozen=True)
class EventFilter:
    """What to look for; an empty field asks for nothing.

    `who` is an actor ("user:ada") or part of a name; `verb` a verb ("gate.denied") or an area ("gate");
    `subject` a beginning of the subject; `text` anything in what was recorded. `until` itself is left out.
    """

    who: str = ""
    verb: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class EventPage:
    """Events, newest first, and the cursor of the next page ("" on the last)."""

    events: list[Event]
    next: str


def events(wanted: EventFilter, *, cursor: str = "", limit: int = 50) -> EventPage:
    """A page of what matches, newest first, in one query at any depth. Raises CursorRefused."""
    limit = max(1, min(limit, MAX_PAGE))
    found = _matching(wanted)
    if cursor:
        at, event_id = _opened(cursor)
        found = found.filter(Q(at__lt=at) | Q(at=at, id__lt=event_id), at__lte=at)
    rows = list(found.select_related("entry").order_by("-at", "-id")[: limit + 1])
    page = rows[:limit]
    return EventPage(page, _cursor(page[-1]) if len(rows) > limit else "")


def count_events(wanted: EventFilter) -> int:
    """How many events match."""
    return _matching(wanted).count()


def trail_of(subject: str, limit: int = 50) -> list[Event]:
    """The newest events of a subject and of all beneath it, newest first.

    "model:credit" takes in "model:credit/version:3" but not "model:credit-default".
    """
    own = Event.objects.filter(Q(subject=subject) | subject_begins(f"{subject}/"))
    return list(own.select_related("entry").order_by("-at", "-id")[:limit])


def event_by_seq(seq: int) -> Event | None:
    """The event at this place in the log."""
    return Event.objects.select_related("entry").filter(entry__seq=seq).first()


def subject_begins(prefix: str) -> Q:
    """Subjects with this beginning, in exactly this case, by the index on either database.

    SQLite's LIKE ignores case and the index, so there it is a range; PostgreSQL's order depends on the
    collation, so there it is LIKE.
    """
    if connection.vendor == "postgresql":
        return Q(subject__startswith=prefix)
    return Q(subject__gte=prefix, subject__lt=prefix + _HIGHEST)


def _matching(wanted: EventFilter) -> QuerySet[Event]:
    found = Event.objects.all()
    if wanted.who:
        found = found.filter(Q(actor=wanted.who) | Q(actor_name__icontains=wanted.who))
    if wanted.verb:
        exact = "." in wanted.verb
        found = found.filter(verb=wanted.verb) if exact else found.filter(verb__startswith=f"{wanted.verb}.")
    if wanted.subject:
        found = found.filter(subject_begins(wanted.subject))
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    if wanted.text:
        found = found.filter(payload__icontains=wanted.text)
    return found


def _cursor(event: Event) -> str:
    return f"{instant(event.at)}~{event.id.hex}"


def _opened(cursor: str) -> tuple[datetime, uuid.UUID]:
    at, _, event_id = cursor.partition("~")
    try:
        moment, identity = datetime.fromisoformat(at), uuid.UUID(event_id)
    except ValueError:
        raise CursorRefused("This page cursor is not one of ours. Start again without it.") from None
    if moment.tzinfo is None:
        raise CursorRefused("This page cursor is not one of ours. Start again without it.")
    return moment, identity
