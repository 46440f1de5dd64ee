"""Forms for models. Plain ones: they tidy what came in, and the actions judge it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q

from accounts.models import Role, User
from registry.entries import ModelEntry, entry_of
from registry.forms.custom import custom_fields
from registry.models import CustomField, ModelKind, Origin, RegisteredModel
from registry.places import grouped_places
from registry.queries import people_in
from registry.regulated import regulated_uses
from registry.sight import seen_by

PREFIX = "custom."


def _long_text(help_text: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(widget=widget, max_length=5000, required=False, help_text=help_text)


@dataclass(frozen=True)
class Places:
    """One group of jurisdictions with its tick boxes."""

    name: str
    boxes: list[Any]
    ticked: int


class ModelForm(forms.Form):
    """The inventory entry of a model."""

    name = forms.CharField(max_length=120, help_text="As people call it: Credit default (PD).")
    slug = forms.SlugField(
        max_length=64,
        label="Short name",
        help_text="For addresses and pipelines, such as credit-default. It stays for life.",
    )
    purpose = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
        help_text="What it is used for, on whom, and what happens with its answer.",
    )
    decides = forms.CharField(
        max_length=200,
        required=False,
        help_text="Such as: refers, never refuses alone.",
    )
    products = forms.CharField(
        max_length=200, required=False, help_text="Products and processes that it serves."
    )
    expected_use = _long_text("What it was approved or built to be used for.")
    actual_use = _long_text("What it is used for today, where that differs.")
    restrictions = _long_text("What it must not be used for, and for whom it does not hold.")
    kind = forms.ChoiceField(
        choices=ModelKind.choices, widget=forms.RadioSelect, label="Kind of answer", initial=ModelKind.BINARY
    )
    kind_reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        required=False,
        label="Why it is not a model",
        help_text="Needed for “Not a model”: what it does instead, such as arithmetic, a lookup or a fixed rule.",
    )
    origin = forms.ChoiceField(choices=Origin.choices, initial=Origin.IN_HOUSE)
    supplier = forms.CharField(
        max_length=120, required=False, help_text="Needed for a vendor's and for a foundation model."
    )
    jurisdictions = forms.MultipleChoiceField(
        choices=grouped_places,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Where the people that it touches are.",
    )
    regulated_uses = forms.MultipleChoiceField(
        choices=lambda: [
            (use.id, f"{use.name}: {use.help[:1].lower()}{use.help[1:]}") for use in regulated_uses().values()
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Each brings duties of its own, and is expected to show in the answers about the tier.",
    )
    owner = forms.ModelChoiceField(
        queryset=User.objects.none(), help_text="Answers for the model; can never sign for it."
    )
    developers = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="They may register versions and edit cards, and can never sign for them.",
    )
    team = forms.CharField(max_length=80, required=False, help_text="Who builds and runs it.")
    business_line = forms.CharField(max_length=80, required=False, help_text="Who it works for.")
    depends_on = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        max_length=20_000,
        required=False,
        label="Takes answers from",
        help_text="One short name a line, with a note behind a colon if you like: "
        "consumer-credit: its score is an input.",
    )

    def __init__(self, *args: Any, user: User, model: RegisteredModel | None = None, **kwargs: Any) -> None:
        if model is not None:
            kwargs["initial"] = _entry(model, user)
        super().__init__(*args, **kwargs)
        self._custom = custom_fields(CustomField.objects.filter(retired_at=None), model)
        for key, field in self._custom.items():
            self.fields[PREFIX + key] = field
        self._set_people(user, model)
        if model is not None:
            self._fix(user, model)

    @property
    def entry(self) -> ModelEntry:
        """What came in, after validation."""
        given = self.cleaned_data
        plain = {name: given[name] for name in ModelEntry.__dataclass_fields__ if name in given}
        custom = {key: given.get(PREFIX + key) for key in self._custom}
        return ModelEntry(**plain | {"developers": tuple(given["developers"]), "custom": custom})

    @property
    def custom(self) -> list[forms.BoundField]:
        """The fields of the organisation, in their order."""
        return [self[PREFIX + key] for key in self._custom]

    def place_groups(self) -> Iterator[Places]:
        """The jurisdictions, group by group."""
        boxes = iter(self["jurisdictions"].subwidgets)
        for name, rows in grouped_places():
            mine = [next(boxes) for _ in rows]
            for box in mine:
                box.data["attrs"]["class"] = "form-check-input"
            yield Places(name, mine, sum(1 for box in mine if box.data["selected"]))

    def clean_depends_on(self) -> dict[str, str]:
        """Short name → note, a line each."""
        found = {}
        for line in self.cleaned_data["depends_on"].splitlines():
            slug, _, note = line.partition(":")
            if slug.strip():
                found[slug.strip()] = note.strip()
        return found

    def _set_people(self, user: User, model: RegisteredModel | None) -> None:
        owners, developers = Q(pk__in=people_in(Role.OWNER)), Q(pk__in=people_in(Role.DEVELOPER))
        if model is not None:  # whoever stands there now stays choosable, with or without the role
            owners |= Q(pk=model.owner_id)
            developers |= Q(pk__in=model.developers.values("pk"))
        self._choose("owner", owners)
        self._choose("developers", developers)
        if model is None:
            self.fields["owner"].initial = user if user.holds(Role.OWNER) else None
            self.fields["developers"].initial = [user] if user.holds(Role.DEVELOPER) else []

    def _fix(self, user: User, model: RegisteredModel) -> None:
        """What cannot change any more, or not by this person."""
        del self.fields["slug"]
        if model.versions.exists():
            self.fields["kind"].disabled = True
            self.fields["kind"].help_text = "Fixed, because the model has versions."
        if user.pk != model.owner_id:
            for name in ("owner", "developers"):
                self.fields[name].disabled = True
                self.fields[name].help_text = f"Only {model.owner.name} changes the team."

    def _choose(self, name: str, people: Q) -> None:
        field: Any = self.fields[name]
        field.queryset = User.objects.filter(people).order_by("last_name", "first_name")


def _entry(model: RegisteredModel, user: User) -> dict[str, Any]:
    """The entry as it stands, by name of the form's fields."""
    entry = entry_of(model)
    kept = {name: getattr(entry, name) for name in ModelEntry.__dataclass_fields__ if name != "custom"}
    links = model.dependencies.filter(seen_by(user, "depends_on")).values_list("depends_on__slug", "note")
    lines = [f"{slug}: {note}" if note else slug for slug, note in links]
    custom = {PREFIX + key: value for key, value in entry.custom.items()}
    return kept | custom | {"developers": list(entry.developers), "depends_on": "\n".join(lines)}


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class TagForm(forms.Form):
    """Words to put on a model."""

    tags = forms.CharField(max_length=400, label="Add tags", help_text="With commas between them.")

    def clean_tags(self) -> list[str]:
        """One word each."""
        return [word.strip() for word in self.cleaned_data["tags"].split(",") if word.strip()]
