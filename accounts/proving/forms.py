"""What people fill in about their second factors."""

from typing import Any

from django import forms

from accounts.models import User
from accounts.proving.again import ProofField

CODES = "codes"


def _name(first: str) -> forms.CharField:
    return forms.CharField(max_length=60, initial=first, help_text="So that you know later which one it is.")


class AppForm(forms.Form):
    """A new authenticator app."""

    name = _name("Phone")
    code = forms.CharField(
        max_length=10,
        label="The code that the app shows",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
    password = ProofField()


class PasskeyForm(forms.Form):
    """A new passkey; the browser's script fills the answer in."""

    name = _name("Security key")
    password = ProofField()
    answer = forms.CharField(widget=forms.HiddenInput)


class ChangeForm(forms.Form):
    """One factor to be removed, or new recovery codes."""

    what = forms.ChoiceField(label="What", widget=forms.RadioSelect)
    password = ProofField()

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(factor.pk), f"Remove {factor.name}") for factor in person.factors.all()]
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(CODES, "Make new recovery codes; the old ones open nothing any more"), *choices]
