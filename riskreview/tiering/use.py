"""What the inventory entry says of a use: the tier was confirmed for that, and for nothing else (docs/adr/0010)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import Exact

from policy.evidence import canonical_digest
from registry.models import Origin, RegisteredModel
from registry.places import place_names
from registry.regulated import use_names

FIELDS = {
    "purpose": "purpose",
    "decides": "decisions",
    "products": "products",
    "expected_use": "expected use",
    "actual_use": "actual use",
    "restrictions": "restrictions",
    "origin": "origin",
    "supplier": "supplier",
    "jurisdictions": "jurisdictions",
    "regulated_uses": "regulated uses",
}
"""Fields of the entry that the answers rest on, with their words. People, teams and tags say nothing about a use."""


@dataclass(frozen=True)
class UseChange:
    """One field of the entry that says something else than when the tier was confirmed."""

    field: str
    was: str
    now: str

    @property
    def words(self) -> str:
        """The field as people call it."""
        return FIELDS[self.field]


def use_of(model: RegisteredModel) -> dict[str, Any]:
    """What the entry says of the use; white space and the order of lists say nothing."""
    return {name: _plain(getattr(model, name)) for name in FIELDS}


def use_digest(model: RegisteredModel) -> str:
    """What the entry says of the use, as one digest: a form sends it back as what was read."""
    return canonical_digest(use_of(model))


def changed_use(before: Mapping[str, Any] | None, model: RegisteredModel) -> tuple[UseChange, ...]:
    """What the entry says differently; nothing while it is not known what it said before."""
    if before is None:
        return ()
    now = use_of(model)
    return tuple(
        UseChange(name, _words(name, before.get(name, "")), _words(name, now[name]))
        for name in FIELDS
        if before.get(name, now[name]) != now[name]
    )


def entry_moved() -> Q:
    """Assessments whose model's entry may say something else than it did.

    It compares text as it is stored, so white space and the order of lists pass for changes; `changed_use` knows.
    """
    differs = Q()
    for name in FIELDS:
        said = KeyTextTransform(name, "use")
        differs |= ~Q(Exact(Cast(f"model__{name}", TextField()), said))
    return differs


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else " ".join(str(value).split())


def _words(name: str, value: Any) -> str:
    if name == "jurisdictions":
        return ", ".join(place_names(value))
    if name == "regulated_uses":
        return ", ".join(use_names(value))
    if name == "origin" and value in Origin.values:
        return Origin(value).label
    return str(value)
