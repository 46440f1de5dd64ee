"""Rows as they stood at a moment in the past, from what events attest of them (audit/rows.py).

A row that is only ever added is known by its own date. One that changes in place gets back the values that the last
event before the moment attests. Where the record does not say enough, that is said and not guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import models
from django.db.models import Q

from audit.canonical import Json
from audit.models import Event
from audit.queries import subject_begins
from audit.rows import AnyField, attested, covered, row_name, working_fields
from registry.models import RegisteredModel

ABOUT_PEOPLE = ("role.", "user.")
"""Areas of verbs whose events attest rows that belong to no model: who held which role."""
Row = TypeVar("Row", bound=models.Model)


@dataclass
class History:
    """What the record said of rows at a moment; `gaps` are sentences about what it does not say."""

    at: datetime
    words: dict[str, dict[str, Json] | None] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """These rows, which were there then, with the values that they had then. Nothing is written."""
        return [self._as_it_was(row) for row in rows]

    def gone(self, model: type[Row]) -> list[Row]:
        """Rows that stood there then and are removed since; their short fields are known."""
        label = f"{model._meta.label_lower}:"
        known = {
            name.removeprefix(label): said for name, said in self.words.items() if name.startswith(label)
        }
        there = {
            str(pk) for pk in model._base_manager.filter(pk__in=list(known)).values_list("pk", flat=True)
        }
        return [
            self._as_it_was(model(pk=int(pk)))
            for pk, said in known.items()
            if said is not None and pk not in there
        ]

    def tied(self, row: models.Model, name: str, today: Iterable[int]) -> list[int]:
        """The keys that the row was tied to."""
        said = self.words.get(row_name(type(row), row.pk)) or {}
        if name not in said:
            return list(today)
        keys = said[name]
        if isinstance(keys, list):
            return [key for key in keys if isinstance(key, int)]
        self._gap(row, name)
        return list(today)

    def _as_it_was(self, row: Row) -> Row:
        said = self.words.get(row_name(type(row), row.pk))
        if said is None:
            self._gap(row, "")
            return row
        for name, item in covered()[type(row)].items():
            if item.many_to_many or name not in said:
                continue
            now = attested(type(row), item, getattr(row, item.attname))
            if now == said[name] or name in working_fields(type(row)):
                continue
            if _is_digest(said[name]):
                self._gap(row, name)
            else:
                setattr(row, item.attname, _value(item, said[name]))
        return row

    def _gap(self, row: models.Model, name: str) -> None:
        title = f"{str(row._meta.verbose_name).capitalize()} {row.pk}"
        why = (
            f": {name.replace('_', ' ')} has changed since, and the record keeps only the digest of what it was"
            if name
            else " was recorded before events attested rows"
        )
        self.gaps.append(f"{title}{why}. It is shown as it is today.")


def history_of(model: RegisteredModel, *, at: datetime) -> History:
    """What the record said at that moment of everything about a model, and of who held which role."""
    about = Q(subject=model.ref) | subject_begins(f"{model.ref}/")
    for area in ABOUT_PEOPLE:
        about |= Q(verb__startswith=area)
    history = History(at)
    events = Event.objects.filter(about, at__lte=at, attests__isnull=False).order_by("at", "pk")
    for rows in events.values_list("attests", flat=True).iterator():
        for name, state in (rows or {}).items():
            before = history.words.get(name)
            history.words[name] = state if state is None or before is None else before | state
    return history


def _is_digest(said: Json) -> bool:
    return isinstance(said, dict) and list(said) == ["sha256"]


def _value(item: AnyField, said: Json) -> Any:
    """What an event says of a field, as the row holds it."""
    if isinstance(item, models.JSONField):
        return said
    if isinstance(item, models.ForeignKey):
        item = item.target_field
    return item.to_python(said)
