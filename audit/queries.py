"""Reading the trail, as fast with ten million events as with ten: by index, page by page, and never counting all."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from audit.canonical import instant
from audit.models import Event, LogEntry
from audit.verbs import Verb
from audit.words import words_are_indexed

_HIGHEST = "\U0010ffff"
MAX_PAGE = 500
SHORTEST_TEXT = 3  # letters: the index of the words knows nothing shorter
SEARCHED_AT_ONCE = 20_000
"""How many events one page looks through for a text where the database has no index of the words."""


class CursorRefused(ValueError):
    """A page cursor that we did not hand out."""


@dataclass(frozen=True)
class EventFilter:
    """What to look for; an empty field asks for nothing.

    `who` is an actor ("user:ada") or part of a name; `verb` a verb ("gate.denied") or an area ("gate");
    `subject` a beginning of the subject; `text` anything in what was recorded, of three letters or more.
    `until` itself is left out.
    """

    who: str = ""
    verb: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class EventPage:
    """Events, newest first, and the cursor of the next page ("" on the last).

    `searched_to` is set where the search stopped before the end, so that it stays fast: the page may then be short or
    empty, and `next` goes on from there.
    """

    events: list[Event]
    next: str
    searched_to: datetime | None = None


def events(wanted: EventFilter, *, seen: Q | None = None, cursor: str = "", limit: int = 50) -> EventPage:
    """A page of what matches, newest first, at the same cost at any depth. Raises CursorRefused.

    `seen` is the condition on what the reader may see; None: everything.
    """
    limit = max(1, min(limit, MAX_PAGE))
    found = _matching(wanted, seen)
    if cursor:
        found = found.filter(_older_than(*_opened(cursor)))
    newest_first = found.order_by("-at", "-id")
    edge = None
    if wanted.text:
        if not words_are_indexed():
            edge = newest_first.only("id", "at")[SEARCHED_AT_ONCE - 1 : SEARCHED_AT_ONCE].first()
        newest_first = newest_first.filter(payload__icontains=wanted.text)
        if edge is not None:
            newest_first = newest_first.filter(Q(at__gt=edge.at) | Q(at=edge.at, id__gte=edge.id))
    rows = list(newest_first.select_related("entry")[: limit + 1])
    page = rows[:limit]
    if len(rows) > limit:
        return EventPage(page, _cursor(page[-1]))
    return EventPage(page, _cursor(edge), edge.at) if edge is not None else EventPage(page, "")


def count_events(wanted: EventFilter, most: int, *, seen: Q | None = None) -> int:
    """How many events match, counted no further than `most`."""
    found = _matching(wanted, seen)
    if wanted.text:
        found = found.filter(payload__icontains=wanted.text)
    return found.order_by()[:most].count()


def export_of(wanted: EventFilter, at_once: int = 1000, *, seen: Q | None = None) -> Iterator[Event]:
    """All that matches, newest first, held in memory a page at a time, and without a transaction held open."""
    cursor, limit = "", min(at_once, MAX_PAGE)
    while True:
        page = events(wanted, seen=seen, cursor=cursor, limit=limit)
        yield from page.events
        cursor = page.next
        if not cursor:
            return


def trail_of(
    subject: str, limit: int = 50, *, until: datetime | None = None, seen: Q | None = None
) -> list[Event]:
    """The newest events of a subject and of all beneath it, newest first; `until` leaves out what came later.

    "model:credit" takes in "model:credit/version:3" but not "model:credit-default".
    """
    own = Event.objects.filter(Q(subject=subject) | subject_begins(f"{subject}/"), seen or Q())
    own = own if until is None else own.filter(at__lte=until)
    return list(own.select_related("entry").order_by("-at", "-id")[:limit])


def request_of(subject: str, verb: Verb) -> str:
    """The request with which something began, as its event tells; empty where nobody asked."""
    told = Event.objects.filter(subject=subject, verb=verb.value).order_by("at")
    return told.values_list("request_id", flat=True).first() or ""


def event_by_id(event_id: uuid.UUID, seen: Q) -> Event | None:
    """The event of this identifier, if the reader may see it."""
    return Event.objects.select_related("entry").filter(seen, pk=event_id).first()


def event_by_seq(seq: int, seen: Q) -> Event | None:
    """The event at this place in the log, if the reader may see it."""
    return Event.objects.select_related("entry").filter(seen, entry__seq=seq).first()


def log_from(seq: int, limit: int) -> list[LogEntry]:
    """The log from this place on, in its order, each entry with its event."""
    return list(LogEntry.objects.filter(seq__gte=seq).select_related("event").order_by("seq")[:limit])


def subject_begins(prefix: str) -> Q:
    """Subjects with this beginning, in exactly this case, by the index on either database.

    SQLite's LIKE ignores case and the index, so there it is a range; PostgreSQL's order depends on the
    collation, so there it is LIKE.
    """
    if connection.vendor == "postgresql":
        return Q(subject__startswith=prefix)
    return Q(subject__gte=prefix, subject__lt=prefix + _HIGHEST)


def _matching(wanted: EventFilter, seen: Q | None) -> QuerySet[Event]:
    """All but the text, each by an index of its own that ends with the time."""
    found = Event.objects.all() if seen is None else Event.objects.filter(seen)
    if wanted.who:
        found = found.filter(_by(wanted.who))
    if wanted.verb:
        area = f"{wanted.verb}."
        verbs = [verb.value for verb in Verb if verb.startswith(area)]
        found = found.filter(verb=wanted.verb) if "." in wanted.verb else found.filter(verb__in=verbs)
    if wanted.subject:
        found = found.filter(subject_begins(wanted.subject))
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    return found


def _by(who: str) -> Q:
    """By this actor, or by those whose name has it: the names are few, however many events there are."""
    if Event.objects.filter(actor=who).exists():
        return Q(actor=who)
    part = who.casefold()
    return Q(actor_name__in=[name for name in actor_names() if part in name.casefold()])


def actor_names() -> list[str]:
    """The names of everybody who ever did something, hopping from each to the next in the index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE hop(name) AS (SELECT MIN(actor_name) FROM audit_event UNION ALL "
            "SELECT (SELECT MIN(actor_name) FROM audit_event WHERE actor_name > hop.name) FROM hop "
            "WHERE hop.name IS NOT NULL) SELECT name FROM hop WHERE name IS NOT NULL"
        )
        return [name for (name,) in cursor.fetchall()]


def _older_than(at: datetime, event_id: uuid.UUID) -> Q:
    """What comes after this place, newest first; the bound on the time alone is what the index goes by."""
    return Q(at__lte=at) & (Q(at__lt=at) | Q(id__lt=event_id))


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
