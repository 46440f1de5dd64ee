"""Whether the tables still say what the record last said of them.

The log proves that events were not changed. This proves that the rows were not either: each governed row is read and
compared, field by field, with the last event that attests it (audit/rows.py). Memory does not grow with the tables.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from django.db import connection, models, transaction

from audit.canonical import Json, instant
from audit.last_words import AT_ONCE, LastWord, LastWords, last_words
from audit.models import Event
from audit.rows import attested, covered, row_name

MOST_TOLD = 1_000
"""So many disagreements are told one by one; the rest are counted."""
ROWS_AT_ONCE, LARGE_ROWS_AT_ONCE = 500, 50
LONGEST_SAID = 80
Progress: TypeAlias = Callable[[int, int, str], None]
Model: TypeAlias = type[models.Model]


@dataclass(frozen=True)
class Disagreement:
    """One thing that the record and a row say differently; `event` said it last, "" where none did."""

    row: str
    field: str
    text: str
    event: str


@dataclass
class Agreement:
    """What the comparison found. Uncovered is what was last written before events attested rows."""

    events: int = 0
    rows: int = 0
    uncovered_rows: int = 0
    uncovered_fields: int = 0
    disagreements: int = 0
    told: list[Disagreement] = field(default_factory=list)

    def add(self, found: Disagreement) -> None:
        """Count it, and keep it where there is room."""
        self.disagreements += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(found)


def compare_rows(told: Progress | None = None) -> Agreement:
    """Read the whole record, then every governed row, both as they stood at one moment."""
    found = Agreement()
    with _one_moment(), last_words() as words:
        read_record(words, told)
        found.events = words.read
        total = sum(model._base_manager.count() for model in covered()) if told else 0
        for model, row, word in rows_with_words(words):
            found.rows += 1
            _compare(model, row, word, words, found)
            if told and not found.rows % ROWS_AT_ONCE:
                told(found.rows, total, "rows")
        titles = {model._meta.label_lower: _title(model) for model in covered()}
        for name, word in words.left():
            label, _, pk = name.partition(":")
            if label in titles:
                text = f"{titles[label]} {pk} is gone, and no event says that it was removed"
                found.add(Disagreement(name, "", text, word.event))
        found.told = _with_events(found.told)
    return found


def read_record(words: LastWords, told: Progress | None = None) -> None:
    """Take in every event: those of the log in its order, then those that wait for their place in it."""
    total = Event.objects.count() if told else 0
    in_log = Event.objects.filter(entry__isnull=False).order_by("entry__seq")
    waiting = Event.objects.filter(entry__isnull=True).order_by("pk")
    for events in (in_log, waiting):
        rows = events.only("id", "verb", "attests").iterator(chunk_size=AT_ONCE)
        while batch := list(islice(rows, AT_ONCE)):
            words.learn(batch)
            if told:
                told(words.read, total, "events")


def rows_with_words(words: LastWords) -> Iterator[tuple[Model, dict[str, Any], LastWord | None]]:
    """Every governed row (its attested fields by name, its key as "pk") with what the record says of it.

    Each is struck off the words, so that what stays there has no row any more.
    """
    for model in covered():
        for rows in _batches(model):
            names = [row_name(model, row["pk"]) for row in rows]
            said = words.of(names)
            words.forget(said)
            for name, row in zip(names, rows, strict=True):
                yield model, row, said.get(name)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything that is read inside is of one moment, while others go on writing."""
    if connection.in_atomic_block:
        yield  # the caller's own transaction
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # atomic() would keep every writer out
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _batches(model: Model) -> Iterator[list[dict[str, Any]]]:
    fields = covered()[model]
    single = {name: item.attname for name, item in fields.items() if not item.many_to_many}
    large = any(
        isinstance(item, models.JSONField) for item in fields.values()
    )  # results can be a megabyte each
    size = LARGE_ROWS_AT_ONCE if large else ROWS_AT_ONCE
    found = model._base_manager.order_by("pk").values("pk", *single.values()).iterator(chunk_size=size)
    while batch := list(islice(found, size)):
        ties = {name: _ties(item, batch) for name, item in fields.items() if item.many_to_many}
        yield [
            {"pk": row["pk"]}
            | {name: row[column] for name, column in single.items()}
            | {name: tied.get(row["pk"], []) for name, tied in ties.items()}
            for row in batch
        ]


def _ties(item: Any, rows: list[dict[str, Any]]) -> dict[Any, list[Any]]:
    """What these rows are tied to, by key."""
    here, there = item.m2m_column_name(), item.m2m_reverse_name()
    pairs = item.remote_field.through._base_manager.filter(**{f"{here}__in": [row["pk"] for row in rows]})
    found: dict[Any, list[Any]] = {}
    for key, other in pairs.values_list(here, there):
        found.setdefault(key, []).append(other)
    return found


def _compare(
    model: Model, row: dict[str, Any], word: LastWord | None, words: LastWords, found: Agreement
) -> None:
    name, title = row_name(model, row["pk"]), f"{_title(model)} {row['pk']}"
    if word is None:
        if words.covers_every_row:
            found.add(Disagreement(name, "", f"{title} is there, but no event speaks of it", ""))
        else:
            found.uncovered_rows += 1
        return
    if word.fields is None:
        text = f"{title} is there, but the record says that it was removed"
        found.add(Disagreement(name, "", text, word.event))
        return
    for field_name, item in covered()[model].items():
        now = attested(model, item, row[field_name])
        if field_name in word.fields:
            said, event = word.fields[field_name]
        elif item.many_to_many and words.covers_every_row:
            said, event = [], word.event  # nothing was ever tied to it
        else:
            found.uncovered_fields += 1
            continue
        if now != said:
            text = f"{title}: {item.verbose_name} is {_words(now)}, but the record says {_words(said)}"
            found.add(Disagreement(name, field_name, text, event))


def _title(model: Model) -> str:
    title = str(model._meta.verbose_name)
    return title[:1].upper() + title[1:]


def _words(value: Json) -> str:
    """A value in a sentence."""
    match value:
        case None:
            return "empty"
        case "":
            return "an empty text"
        case {"sha256": str(digest), **rest} if not rest:
            return f"a text with the SHA-256 {digest[:12]}…"
    text = str(value)
    return f"“{text if len(text) <= LONGEST_SAID else text[:LONGEST_SAID] + '…'}”"


def _with_events(told: list[Disagreement]) -> list[Disagreement]:
    """With who said it last: the verb, the subject, the time and the entry."""
    events = Event.objects.select_related("entry").defer("payload", "detail", "attests")
    wanted = {one.event for one in told if one.event}
    known = {str(event.pk): event for event in events.filter(pk__in=list(wanted))}
    named = []
    for one in told:
        source = ""
        if (event := known.get(one.event)) is not None:
            place = "not in the log yet" if event.seq is None else f"entry {event.seq}"
            source = f" ({event.verb} of {event.subject}, {instant(event.at)[:19]}Z, {place})"
        named.append(Disagreement(one.row, one.field, f"{one.text}{source}.", one.event))
    return named
