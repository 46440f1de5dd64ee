"""Form fields made from the fields that the organisation defined, and the form that defines them."""

from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.models import User
from registry.actions.fields import ASKING_TIERS, FieldEntry
from registry.custom import LONGEST_TEXT
from registry.models import CustomField, FieldKind, RegisteredModel

NOTHING = ("", "–")


def custom_fields(
    fields: Iterable[CustomField], model: RegisteredModel | None = None
) -> dict[str, forms.Field]:
    """Key → form field. None is required here: what a tier asks for and lacks is shown, not refused."""
    held = model.custom if model is not None else {}
    return {item.key: _form_field(item, held.get(item.key)) for item in fields}


def _form_field(item: CustomField, held: Any) -> forms.Field:
    common: dict[str, Any] = {"label": item.label, "help_text": _help(item), "required": False}
    match item.kind:
        case FieldKind.NUMBER:
            return forms.FloatField(**common, widget=forms.NumberInput(attrs={"step": "any"}))
        case FieldKind.DATE:
            return forms.CharField(**common, widget=forms.DateInput(attrs={"type": "date"}))
        case FieldKind.CHOICE:
            return forms.ChoiceField(**common, choices=_with_held([(c, c) for c in item.choices], held))
        case FieldKind.PERSON:
            people = User.objects.filter(is_active=True).order_by("last_name", "first_name")
            return forms.ChoiceField(
                **common, choices=_with_held([(user.username, user.name) for user in people], held)
            )
    return forms.CharField(**common, max_length=LONGEST_TEXT)


def _with_held(choices: list[tuple[str, str]], held: Any) -> list[tuple[str, str]]:
    """What is held stays choosable, though it would not be offered anew."""
    if held and held not in dict(choices):
        choices = [*choices, (held, f"{held} (no longer offered)")]
    return [NOTHING, *choices]


def _help(item: CustomField) -> str:
    asked = f"Asked from tier {item.required_from}." if item.required_from else ""
    return f"{item.help} {asked}".strip()


class FieldForm(forms.Form):
    """A field of the inventory, as an administrator defines it."""

    label = forms.CharField(max_length=80, help_text="As people read it: Model risk contact.")
    key = forms.SlugField(
        max_length=40, help_text="For the API and the export, such as risk-contact. It stays for life."
    )
    kind = forms.ChoiceField(
        choices=FieldKind.choices,
        widget=forms.RadioSelect,
        initial=FieldKind.TEXT,
        help_text="It stays for life.",
    )
    choices = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
        required=False,
        help_text="Of a choice: one text a line. Models keep a text that you take away.",
    )
    help = forms.CharField(
        max_length=200, required=False, label="Help text", help_text="Stands under the field, like this."
    )
    required_from = forms.ChoiceField(
        choices=[
            ("", "No tier"),
            *((tier.value, f"{tier.value.capitalize()} and above") for tier in ASKING_TIERS),
        ],
        required=False,
        label="Asked of",
        help_text="A model of such a tier shows the field as missing while it is empty.",
    )

    def __init__(self, *args: Any, field: CustomField | None = None, **kwargs: Any) -> None:
        if field is not None:
            kwargs["initial"] = {
                "label": field.label,
                "choices": "\n".join(field.choices),
                "help": field.help,
                "required_from": field.required_from,
            }
        super().__init__(*args, **kwargs)
        if field is not None:
            del self.fields["key"], self.fields["kind"]
            if field.kind != FieldKind.CHOICE:
                del self.fields["choices"]

    @property
    def entry(self) -> FieldEntry:
        """What came in, after validation."""
        given = self.cleaned_data
        return FieldEntry(
            label=given["label"],
            help=given["help"],
            choices=given.get("choices", "").splitlines(),
            required_from=given["required_from"],
        )
