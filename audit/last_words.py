"""The last word of the record on each field of each row, kept on disk: the log may be larger than memory."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.canonical import Json
from audit.models import Event
from audit.verbs import Verb

AT_ONCE = 2_000
Words = dict[str, tuple[Json, str]]
"""Field → what the record says, and the event that says so."""


@dataclass(frozen=True)
class LastWord:
    """What the record says of one row; no fields once it was removed, by the event that says so."""

    fields: Words | None
    event: str


@dataclass
class LastWords:
    """Rows by name. `covers_every_row`: each row must be in the record, because all of it attests rows, or because
    those from before were adopted (audit/adoption.py)."""

    store: sqlite3.Connection
    covers_every_row: bool = True
    read: int = 0

    def of(self, rows: Iterable[str]) -> dict[str, LastWord]:
        """What the record says of these rows, by name; those that it never names are not there."""
        names = list(rows)
        marks = ",".join("?" * len(names))
        found = self.store.execute(f"SELECT row, fields, event FROM said WHERE row IN ({marks})", names)  # noqa: S608
        return {row: _word(fields, event) for row, fields, event in found}

    def forget(self, rows: Iterable[str]) -> None:
        """These rows were found; what stays to the end is gone from the tables."""
        self.store.executemany("DELETE FROM said WHERE row = ?", ((row,) for row in rows))

    def left(self) -> Iterator[tuple[str, LastWord]]:
        """Rows that were not forgotten and, by the record, were not removed."""
        found = self.store.execute(
            "SELECT row, fields, event FROM said WHERE fields IS NOT NULL ORDER BY row"
        )
        for row, fields, event in found:
            yield row, _word(fields, event)

    def learn(self, events: Iterable[Event]) -> None:
        """Take these events in, oldest first."""
        for event in events:
            self.read += 1
            if event.attests is None:
                self.covers_every_row = False
            elif event.verb == Verb.ROWS_ADOPTED:
                self.covers_every_row = True
            for row, state in (event.attests or {}).items():
                self._take(row, state, str(event.pk))

    def _take(self, row: str, state: dict[str, Json] | None, event: str) -> None:
        fields = None
        if state is not None:
            fields = {name: [value, event] for name, value in state.items()}
            known = self.store.execute("SELECT fields FROM said WHERE row = ?", [row]).fetchone()
            if known is not None and known[0] is not None:
                fields = json.loads(known[0]) | fields
        text = None if fields is None else json.dumps(fields)
        self.store.execute("INSERT OR REPLACE INTO said VALUES (?, ?, ?)", [row, text, event])


@contextmanager
def last_words() -> Iterator[LastWords]:
    """An empty store in a file that goes away with it."""
    with (
        TemporaryDirectory(prefix="countersign-verify-") as folder,
        closing(sqlite3.connect(Path(folder) / "said.db", isolation_level=None)) as store,
    ):
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "cache_size = -16000",
        ):  # 16 MB, however long the log
            store.execute(f"PRAGMA {pragma}")
        store.execute("CREATE TABLE said (row TEXT PRIMARY KEY, fields TEXT, event TEXT) WITHOUT ROWID")
        store.execute("BEGIN")
        yield LastWords(store)


def _word(fields: str | None, event: str) -> LastWord:
    if fields is None:
        return LastWord(None, event)
    return LastWord({name: (said, by) for name, (said, by) in json.loads(fields).items()}, event)
