"""Forms about people and keys. Plain forms: actions do the saving."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.languages import LANGUAGES
from accounts.models import MailChoice, Role, Scope, Theme
from accounts.said import labels


class PersonForm(forms.Form):
    """A new person."""

    username = forms.SlugField(
        label=_("User name"),
        max_length=40,
        help_text=_("Lower-case letters, digits and hyphens. It stands in the record."),
    )
    first_name = forms.CharField(label=_("First name"), max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80)
    email = forms.EmailField(label=_("E-mail"), required=False)
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. They can change it after their first log-in."),
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=labels(Role), widget=forms.CheckboxSelectMultiple, required=False
    )
    why = forms.CharField(
        label=_("Why, for whoever confirms"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed for roles that sign and for administrators: a second person confirms those."),
    )

    def clean_password(self) -> str:
        """Long enough and not common."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class RolesForm(forms.Form):
    """The roles of one person."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=labels(Role), widget=forms.CheckboxSelectMultiple, required=False
    )
    why = forms.CharField(
        label=_("Why, for whoever confirms"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed for roles that sign and for administrators: a second person confirms those."),
    )


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.SlugField(
        label=_("Name"),
        max_length=60,
        help_text=_("Name the pipeline that uses it, such as ci-retail-risk."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=labels(Scope), widget=forms.CheckboxSelectMultiple
    )
    expires_on = forms.DateField(
        label=_("Ends on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("A key that never ends is a key that nobody remembers. At most two years."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expires_on"].initial = timezone.localdate() + timedelta(days=365)

    def clean_expires_on(self) -> Any:
        """Between tomorrow and two years from now."""
        day = self.cleaned_data["expires_on"]
        today = timezone.localdate()
        if not today < day <= today + timedelta(days=731):
            raise forms.ValidationError(gettext("Choose a day between tomorrow and two years from now."))
        return day


class SettingsForm(forms.Form):
    """How the person reads."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("", _("As the organisation")), *LANGUAGES],
        widget=forms.RadioSelect,
        required=False,
        help_text=_(
            "Of the pages. The record and all that quotes it, notices, reports and files are English."
        ),
    )
    theme = forms.ChoiceField(choices=labels(Theme), widget=forms.RadioSelect, label=_("Colours"))
    mail = forms.ChoiceField(
        choices=labels(MailChoice),
        widget=forms.RadioSelect,
        label=_("What you are told by e-mail"),
        help_text=_(
            "The inbox holds everything, whatever you choose. The daily e-mail goes out at 06:00 UTC."
        ),
    )
