"""What an event attests of rows: each governed row that its transaction wrote, field by field, as it was written.

The record can so be compared with the tables later (audit/agreement.py): a row that somebody edits behind the
product says something else than the last event about it. Nothing here is called by the actions, except where they
write without saving an instance (`QuerySet.update`, `bulk_create`): then they tell `wrote`.

The writes of a transaction wait among its callbacks on commit, because Django forgets those exactly where it rolls a
savepoint back. `record()` takes what was written since the last event of the transaction; so write first, then record.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import models, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save

from audit.canonical import Json, clean, plain

SHORT = 200
"""Longer values are attested by their SHA-256, as {"sha256": …}."""
AnyField: TypeAlias = "models.Field[Any, Any]"
State: TypeAlias = dict[str, Json]
_covered: dict[type[models.Model], dict[str, AnyField]] = {}


@dataclass(frozen=True, eq=False)
class Written:
    """A row as the open transaction wrote it; no state once it was removed."""

    row: str
    state: State | None

    def __call__(self) -> None:
        """Nothing is left to do on commit."""


@dataclass(frozen=True, eq=False)
class Told:
    """Everything that was written before this mark is in an event."""

    def __call__(self) -> None:
        """Nothing is left to do on commit."""


def cover(model: type[models.Model]) -> None:
    """Attest every write of this model's rows, except for the fields that its `NOT_ATTESTED` names."""
    left_out = working_fields(model)
    fields: dict[str, AnyField] = {
        field.name: field for field in model._meta.concrete_fields if not field.primary_key
    }
    fields |= {field.name: field for field in model._meta.many_to_many}
    _covered[model] = {name: field for name, field in fields.items() if name not in left_out}
    post_save.connect(_saved, sender=model, dispatch_uid="attest")
    post_delete.connect(_removed, sender=model, dispatch_uid="attest")
    for field in model._meta.many_to_many:
        if field.name not in left_out:
            m2m_changed.connect(_tied, sender=getattr(model, field.name).through, dispatch_uid="attest")


def covered() -> Mapping[type[models.Model], Mapping[str, AnyField]]:
    """The governed models, each with the fields that events attest."""
    return _covered


def working_fields(model: type[models.Model]) -> dict[str, str]:
    """Fields that no event attests, each with the reason; a class adds to what its parents say."""
    found: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        said = parent.__dict__.get("NOT_ATTESTED", {})
        found |= said if isinstance(said, dict) else {}
    return found


def row_name(model: type[models.Model], pk: object) -> str:
    """How events name a row, such as "registry.registeredmodel:3"."""
    return f"{model._meta.label_lower}:{pk}"


def wrote(rows: Iterable[models.Model], fields: Iterable[str] | None = None) -> None:
    """These instances were written without being saved one by one; `fields` where not all of them were."""
    wanted = None if fields is None else set(fields)
    for row in rows:
        _note(row, wanted)


def wrote_values(model: type[models.Model], pks: Iterable[object], values: Mapping[str, object]) -> None:
    """These rows got these values in the database, by name of the field."""
    known = _covered.get(model, {})
    state = {name: attested(model, known[name], value) for name, value in values.items() if name in known}
    for pk in pks if state else ():
        transaction.on_commit(Written(row_name(model, pk), state))


def take_written() -> dict[str, State | None]:
    """What the open transaction wrote since its last event; from here on it counts as told."""
    waiting: list[Written] = []
    for _, function, *_ in reversed(transaction.get_connection().run_on_commit):
        if isinstance(function, Told):
            break
        if isinstance(function, Written):
            waiting.append(function)
    rows: dict[str, State | None] = {}
    for write in reversed(waiting):
        before = rows.get(write.row)
        rows[write.row] = write.state if write.state is None or before is None else before | write.state
    if rows:
        transaction.on_commit(Told())
    return rows


def attested(model: type[models.Model], field: AnyField, value: Any) -> Json:
    """The value as events say it: itself where it is short, else its digest. The same before and after a database."""
    if field.many_to_many:
        return _short(sorted(value))
    if (rename := getattr(model, "ATTESTED_AS", {}).get(field.name)) is not None:
        value = rename(value)
    if value is None:
        return None
    if isinstance(field, models.JSONField):
        return _short(json.loads(_text(value)))
    if isinstance(field, models.ForeignKey):
        field = field.target_field
    return _short(plain(field.to_python(value)))


def _short(value: Json) -> Json:
    text = value if isinstance(value, str) else _text(value)
    looks_like_one = isinstance(value, dict) and list(value) == ["sha256"]
    if len(text) <= SHORT and not looks_like_one:
        return plain(value)
    return {"sha256": hashlib.sha256(clean(text).encode()).hexdigest()}


def _text(value: Json) -> str:
    """JSON that is the same for the same value. PostgreSQL gives whole floats from 1e16 back as integers."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return json.dumps(_whole(json.loads(text)), sort_keys=True, ensure_ascii=False) if "e+" in text else text


def _whole(value: Any) -> Any:
    match value:
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _saved(
    sender: type[models.Model], instance: models.Model, update_fields: Iterable[str] | None, **_: object
) -> None:
    _note(instance, None if update_fields is None else set(update_fields))


def _note(row: models.Model, wanted: set[str] | None) -> None:
    model = type(row)
    state = {
        name: attested(model, field, getattr(row, field.attname))
        for name, field in _covered[model].items()
        if not field.many_to_many and (wanted is None or name in wanted or field.attname in wanted)
    }
    if state:
        transaction.on_commit(Written(row_name(model, row.pk), state))


def _removed(sender: type[models.Model], instance: models.Model, **_: object) -> None:
    transaction.on_commit(Written(row_name(sender, instance.pk), None))


def _tied(
    sender: type[models.Model],
    instance: Any,
    action: str,
    reverse: bool,
    model: type[models.Model],
    pk_set: set[Any] | None,
    **_: object,
) -> None:
    """Rows were tied to others or untied; `reverse` from the other side."""
    if not action.startswith("post_"):
        return
    owner = model if reverse else type(instance)
    field = next(f for f in owner._meta.many_to_many if getattr(owner, f.name).through is sender)
    for pk in (pk_set or ()) if reverse else (instance.pk,):
        ties = sender._default_manager.filter(**{field.m2m_field_name(): pk})
        now = ties.values_list(f"{field.m2m_reverse_field_name()}_id", flat=True)
        wrote_values(owner, [pk], {field.name: list(now)})
