"""Forms about tracking servers. Plain ones: the actions judge what came in."""

from typing import Any

from django import forms

from accounts.models import Role
from registry.models import ModelKind
from registry.queries import people_in

RHYTHMS = [
    (0, "Only when asked"),
    (5, "Every 5 minutes"),
    (15, "Every 15 minutes"),
    (60, "Every hour"),
    (360, "Every 6 hours"),
    (1440, "Once a day"),
]


class ServerForm(forms.Form):
    """A tracking server. The name stays; the default store's address is not chosen here."""

    name = forms.SlugField(
        max_length=40, help_text="Such as research. It stands in addresses and in the record, and stays."
    )
    uri = forms.CharField(
        max_length=300,
        label="Address",
        widget=forms.URLInput(attrs={"placeholder": "https://mlflow.example.org", "spellcheck": "false"}),
        help_text="http or https, without a user name or password.",
    )
    every_minutes = forms.TypedChoiceField(
        choices=RHYTHMS,
        coerce=int,
        initial=60,
        label="Read it",
        help_text="New versions of models that were brought in come by themselves. A webhook makes it immediate.",
    )
    writes_back = forms.BooleanField(
        required=False,
        label="Write tier, status and link back as tags, and an alias for each environment that the gate allows",
    )

    def __init__(self, *args: Any, new: bool, default: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not new:
            del self.fields["name"]
        if default:
            del self.fields["uri"]
        rhythm = self.initial.get("every_minutes", 0)
        if rhythm not in dict(RHYTHMS):  # set by the API or long ago
            field = self.fields["every_minutes"]
            assert isinstance(field, forms.TypedChoiceField)
            field.choices = [*RHYTHMS, (rhythm, f"Every {rhythm} minutes")]


class BringRow(forms.Form):
    """One registered model of MLflow that is not here yet."""

    take = forms.BooleanField(required=False)
    name = forms.CharField(max_length=200, widget=forms.HiddenInput, strip=False)
    slug = forms.SlugField(max_length=64, label="Short name here")
    owner = forms.ChoiceField(label="Owner")
    kind = forms.ChoiceField(
        choices=[("", "Tell from the model"), *ModelKind.choices], required=False, label="Kind of answer"
    )

    def __init__(self, *args: Any, owners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = owners


BringRows = forms.formset_factory(BringRow, extra=0, max_num=50, absolute_max=50)


class BringForm(forms.Form):
    """How all of the chosen models come in."""

    latest = forms.IntegerField(
        min_value=1,
        max_value=1000,
        required=False,
        label="Only the newest versions",
        widget=forms.NumberInput(attrs={"placeholder": "all"}),
        help_text="How many of each model. Left empty, every version comes in.",
    )
    link = forms.BooleanField(
        required=False,
        label="Where a model here has the same short name, bring the versions in there",
    )


def owner_choices() -> list[tuple[str, str]]:
    """Everybody who may answer for a model."""
    return [(person.username, person.name) for person in people_in(Role.OWNER)]
