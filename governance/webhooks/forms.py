"""The forms of an endpoint. Plain ones: the actions judge."""

from django import forms

from governance.webhooks.actions import Terms
from governance.webhooks.happenings import CHOICES
from governance.webhooks.models import Form


class TermsForm(forms.Form):
    """Where an endpoint is and what it is told."""

    url = forms.CharField(
        max_length=300,
        label="Address",
        widget=forms.TextInput(
            attrs={"placeholder": "https://hooks.example.org/countersign", "spellcheck": "false"}
        ),
        help_text="It must begin with https:// and not lead into your own network.",
    )
    form = forms.ChoiceField(choices=Form.choices, label="Shape")
    happenings = forms.MultipleChoiceField(choices=CHOICES, label="Told of")

    @property
    def areas(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """The events by area: name, label, and whether it is chosen."""
        chosen = self["happenings"].value() or []
        return [
            (area, [(name, label, name in chosen) for name, label in options]) for area, options in CHOICES
        ]

    def terms(self) -> Terms:
        """What the form says."""
        told = self.cleaned_data
        return Terms(url=told["url"].strip(), form=told["form"], happenings=told["happenings"])


class NewForm(TermsForm):
    """A new endpoint."""

    name = forms.SlugField(
        max_length=40, help_text="Such as risk-channel. It stands in the record, and stays."
    )
    field_order = ("name", "url", "form", "happenings")


class OffForm(forms.Form):
    """Why it is switched off."""

    reason = forms.CharField(max_length=300, label="Why", widget=forms.Textarea(attrs={"rows": 2}))
