"""What people fill in about their second factors."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.proving.again import ProofField

CODES = "codes"


def _name(first: Promise | str) -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        max_length=60,
        initial=first,
        help_text=_("So that you know later which one it is."),
    )


class AppForm(forms.Form):
    """A new authenticator app."""

    name = _name(_("Phone"))
    code = forms.CharField(
        max_length=10,
        label=_("The code that the app shows"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
    password = ProofField()


class PasskeyForm(forms.Form):
    """A new passkey; the browser's script fills the answer in."""

    name = _name(_("Security key"))
    password = ProofField()
    answer = forms.CharField(widget=forms.HiddenInput)


class ChangeForm(forms.Form):
    """One factor to be removed, or new recovery codes."""

    what = forms.ChoiceField(label=_("What"), widget=forms.RadioSelect)
    password = ProofField()

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (str(factor.pk), gettext("Remove {name}").format(name=factor.name))
            for factor in person.factors.all()
        ]
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (CODES, gettext("Make new recovery codes; the old ones open nothing any more")),
            *choices,
        ]
