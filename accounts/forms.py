"""Forms about people and keys. Plain forms: actions do the saving."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone

from accounts.models import MailChoice, Role, Scope, Theme


class PersonForm(forms.Form):
    """A new person."""

    username = forms.SlugField(
        max_length=40, help_text="Lower-case letters, digits and hyphens. It stands in the record."
    )
    first_name = forms.CharField(max_length=80)
    last_name = forms.CharField(max_length=80)
    email = forms.EmailField(required=False)
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. They can change it after their first log-in.",
    )
    roles = forms.MultipleChoiceField(
        choices=Role.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    why = forms.CharField(
        label="Why, for whoever confirms",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed for roles that sign and for administrators: a second person confirms those.",
    )

    def clean_password(self) -> str:
        """Long enough and not common."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class RolesForm(forms.Form):
    """The roles of one person."""

    roles = forms.MultipleChoiceField(
        choices=Role.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    why = forms.CharField(
        label="Why, for whoever confirms",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed for roles that sign and for administrators: a second person confirms those.",
    )


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.SlugField(max_length=60, help_text="Name the pipeline that uses it, such as ci-retail-risk.")
    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    expires_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="A key that never ends is a key that nobody remembers. At most two years.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expires_on"].initial = timezone.localdate() + timedelta(days=365)

    def clean_expires_on(self) -> Any:
        """Between tomorrow and two years from now."""
        day = self.cleaned_data["expires_on"]
        today = timezone.localdate()
        if not today < day <= today + timedelta(days=731):
            raise forms.ValidationError("Choose a day between tomorrow and two years from now.")
        return day


class SettingsForm(forms.Form):
    """How the person reads."""

    theme = forms.ChoiceField(choices=Theme.choices, widget=forms.RadioSelect, label="Colours")
    mail = forms.ChoiceField(
        choices=MailChoice.choices,
        widget=forms.RadioSelect,
        label="What you are told by e-mail",
        help_text="The inbox holds everything, whatever you choose. The daily e-mail goes out at 06:00 UTC.",
    )
