"""Fields that administrators add to every model's entry: defined, changed, put in order and retired."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.rows import wrote
from audit.verbs import Verb
from policy.tiering import Tier
from registry.models import CustomField, FieldKind
from registry.names import SLUG

MOST_FIELDS = 40
MOST_CHOICES = 50
LONGEST_CHOICE = 80
ASKING_TIERS = (Tier.LOW, Tier.MODERATE, Tier.HIGH, Tier.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class FieldEntry:
    """What an administrator says about a field; its key and its kind stay for life."""

    label: str
    help: str = ""
    choices: Sequence[str] = ()
    required_from: str = ""  # the lowest tier that must fill it in; "" asks none


@transaction.atomic
def define_field(*, key: str, kind: str, entry: FieldEntry, actor: Actor, at: datetime) -> CustomField:
    """Add a field to the entry of every model."""
    if not SLUG.fullmatch(key) or len(key) > 40:
        raise Invalid(
            f"{key[:40] or 'Nothing'} cannot be a field's key.",
            "Use up to 40 lower-case letters, digits and single hyphens, such as risk-contact.",
            field="key",
        )
    if kind not in FieldKind.values:
        raise Invalid(f"There is no kind {kind[:20]}; choose {', '.join(FieldKind.values)}.", field="kind")
    entry = _checked(entry, kind)
    if CustomField.objects.filter(key=key).exists():
        raise Conflict(f"The key {key} is taken, by a field in use or a retired one.", "Choose another key.")
    live = CustomField.objects.filter(retired_at=None)
    if live.count() >= MOST_FIELDS:
        raise Conflict(f"There are {MOST_FIELDS} fields already.", "Retire one that nobody fills in.")
    last = live.aggregate(last=Max("position"))["last"] or 0
    field = CustomField.objects.create(key=key, kind=kind, position=last + 1, created_at=at, **asdict(entry))
    detail = {"kind": kind, **asdict(entry)}
    record(Verb.FIELD_DEFINED, subject=field.ref, actor=actor, at=at, detail=detail)
    return field


@transaction.atomic
def change_field(*, field: CustomField, entry: FieldEntry, actor: Actor, at: datetime) -> CustomField:
    """Say it better, offer other choices, or ask it of other tiers. Values that models hold stay as they are."""
    field = _held(field)
    entry = _checked(entry, field.kind)
    now = asdict(entry)
    changes = {
        name: {"was": getattr(field, name), "is": value}
        for name, value in now.items()
        if getattr(field, name) != value
    }
    if not changes:
        return field
    for name, value in now.items():
        setattr(field, name, value)
    field.save(update_fields=list(now))
    record(Verb.FIELD_CHANGED, subject=field.ref, actor=actor, at=at, detail=changes)
    return field


@transaction.atomic
def move_field(*, field: CustomField, up: bool, actor: Actor, at: datetime) -> None:
    """Put a field one place up or down in the form. At the end of the list nothing happens."""
    rows = list(CustomField.objects.select_for_update().filter(retired_at=None))
    here = next((place for place, row in enumerate(rows) if row.pk == field.pk), None)
    if here is None:
        raise Conflict(f"{field.label} is retired.", "Only fields in use have a place.")
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return
    rows[here], rows[there] = rows[there], rows[here]
    for place, row in enumerate(rows, start=1):
        row.position = place
    CustomField.objects.bulk_update(rows, ["position"])
    wrote(rows, ["position"])
    detail = {"position": {"was": here + 1, "is": there + 1}}
    record(Verb.FIELD_CHANGED, subject=field.ref, actor=actor, at=at, detail=detail)


@transaction.atomic
def retire_field(*, field: CustomField, actor: Actor, at: datetime) -> None:
    """Take a field out of the form for good. What models hold in it stays and is still told."""
    field = _held(field)
    field.retired_at = at
    field.save(update_fields=["retired_at"])
    record(Verb.FIELD_RETIRED, subject=field.ref, actor=actor, at=at, detail={"label": field.label})


def _held(field: CustomField) -> CustomField:
    held = CustomField.objects.select_for_update().get(pk=field.pk)
    if held.retired_at is not None:
        raise Conflict(f"{held.label} is retired for good.", "Define a new field.")
    return held


def _checked(entry: FieldEntry, kind: str) -> FieldEntry:
    label, help_text = entry.label.strip(), entry.help.strip()
    if not 1 <= len(label) <= 80:
        raise Invalid("The label needs 1 to 80 characters.", field="label")
    if len(help_text) > 200:
        raise Invalid("The help text is longer than 200 characters.", "Shorten it.", field="help")
    if entry.required_from and entry.required_from not in ASKING_TIERS:
        raise Invalid(
            f"There is no tier {entry.required_from[:20]} to ask from.",
            f"Choose {', '.join(ASKING_TIERS)}, or none.",
            field="required_from",
        )
    return FieldEntry(
        label=label, help=help_text, choices=_choices(entry, kind), required_from=entry.required_from
    )


def _choices(entry: FieldEntry, kind: str) -> list[str]:
    if kind != FieldKind.CHOICE:
        return []
    choices = list(dict.fromkeys(text.strip() for text in entry.choices if text.strip()))
    if not 2 <= len(choices) <= MOST_CHOICES or any(len(text) > LONGEST_CHOICE for text in choices):
        raise Invalid(
            f"A choice offers 2 to {MOST_CHOICES} different texts of at most {LONGEST_CHOICE} characters.",
            "Write one a line.",
            field="choices",
        )
    return choices
