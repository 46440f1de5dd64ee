"""The inventory entry of a model as one value: read from a model, tidied and judged before it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from accounts.models import User
from accounts.refusals import Invalid
from registry.custom import checked_values
from registry.models import CustomField, ModelKind, Origin, RegisteredModel
from registry.places import checked_places
from registry.regulated import checked_uses

SHORTEST_PURPOSE = 20
SHORTEST_KIND_REASON = 10
SUPPLIED = (Origin.VENDOR, Origin.FOUNDATION_MODEL)
"""Origins that somebody outside answers for, who must be named."""

LONGEST = {
    "name": 120, "purpose": 5000, "decides": 200, "products": 200, "expected_use": 5000, "actual_use": 5000,
    "restrictions": 5000, "business_line": 80, "team": 80, "supplier": 120, "kind_reason": 2000,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """Everything that people fill in about a model. To change one thing: `replace(entry_of(model), team="Risk")`."""

    name: str
    purpose: str
    kind: str
    owner: User
    developers: Sequence[User] = ()
    decides: str = ""
    products: str = ""
    expected_use: str = ""
    actual_use: str = ""
    restrictions: str = ""
    business_line: str = ""
    team: str = ""
    origin: str = Origin.IN_HOUSE
    supplier: str = ""
    kind_reason: str = ""
    jurisdictions: Sequence[str] = ()
    regulated_uses: Sequence[str] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)  # key of a CustomField → value

    def told(self) -> dict[str, Any]:
        """The entry as the record keeps it: people by user name, each field of the organisation by itself."""
        plain = {name: getattr(self, name) for name in STORED if name != "custom"}
        plain["owner"] = self.owner.username
        plain["developers"] = sorted(person.username for person in self.developers)
        return plain | {f"custom.{key}": value for key, value in self.custom.items()}


STORED = tuple(item.name for item in fields(ModelEntry) if item.name != "developers")
"""What is a column of the model; developers are rows of their own."""


def entry_of(model: RegisteredModel) -> ModelEntry:
    """The entry as it stands."""
    kept = {name: getattr(model, name) for name in STORED}
    return ModelEntry(**kept, developers=tuple(model.developers.all()))


def checked_entry(entry: ModelEntry, before: Mapping[str, Any] | None = None) -> ModelEntry:
    """The entry, tidied. Raises Invalid naming the field. `before` are the values of custom fields kept so far."""
    texts: dict[str, Any] = {name: str(getattr(entry, name)).strip() for name in LONGEST}
    tidy = replace(entry, **texts)
    _refuse_bad_texts(tidy)
    _refuse_bad_kind(tidy)
    _refuse_bad_origin(tidy)
    _refuse_gone_people(tidy)
    return replace(
        tidy,
        kind=ModelKind(tidy.kind).value,
        origin=Origin(tidy.origin).value,
        kind_reason=tidy.kind_reason if tidy.kind == ModelKind.NOT_A_MODEL else "",
        jurisdictions=checked_places(tidy.jurisdictions),
        regulated_uses=checked_uses(tidy.regulated_uses),
        custom=checked_values(list(CustomField.objects.all()), tidy.custom, before or {}),
    )


def _refuse_bad_texts(entry: ModelEntry) -> None:
    if not entry.name or len(entry.name) > LONGEST["name"]:
        raise Invalid("The name needs 1 to 120 characters.", field="name")
    if len(entry.purpose) < SHORTEST_PURPOSE:
        raise Invalid(
            "The purpose is too short to judge the model by.",
            f"Say in at least {SHORTEST_PURPOSE} characters what it is used for.",
            field="purpose",
        )
    for name, most in LONGEST.items():
        if len(getattr(entry, name)) > most:
            words = name.replace("_", " ")
            raise Invalid(f"The {words} is longer than {most:,} characters.", "Shorten it.", field=name)


def _refuse_bad_kind(entry: ModelEntry) -> None:
    if entry.kind not in ModelKind.values:
        raise Invalid(
            f"{entry.kind or 'Nothing'} is not a kind; choose {', '.join(ModelKind.values)}.", field="kind"
        )
    if entry.kind == ModelKind.NOT_A_MODEL and len(entry.kind_reason) < SHORTEST_KIND_REASON:
        raise Invalid(
            "What is not a model needs the reason why it is none.",
            "Say what it does instead: arithmetic, a lookup, a fixed rule that nobody estimated.",
            field="kind_reason",
        )


def _refuse_bad_origin(entry: ModelEntry) -> None:
    if entry.origin not in Origin.values:
        raise Invalid(
            f"{entry.origin or 'Nothing'} is not an origin; choose {', '.join(Origin.values)}.",
            field="origin",
        )
    if entry.origin in SUPPLIED and not entry.supplier:
        label = Origin(entry.origin).label.lower()
        raise Invalid(
            f"A {label} comes from somebody.", "Name the company that supplies it.", field="supplier"
        )


def _refuse_gone_people(entry: ModelEntry) -> None:
    for place, people in (("owner", [entry.owner]), ("developers", list(entry.developers))):
        gone = next((person for person in people if not person.is_active), None)
        if gone is not None:
            raise Invalid(f"{gone.name} can no longer log in.", "Choose somebody else.", field=place)
