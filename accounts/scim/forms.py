"""Tokens of identity providers, and accounts that are given to them."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from accounts.scim.models import ScimToken
from accounts.sso.providers import providers


class TokenForm(forms.Form):
    """A new token."""

    name = forms.SlugField(max_length=40, help_text="Name the identity provider, such as entra.")
    provider = forms.ChoiceField(required=False)
    expires_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="At most two years from now.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"] = forms.ChoiceField(
            required=False,
            label="Logs in through",
            choices=[("", "No single sign-on"), *((item.id, item.name) for item in providers())],
            help_text="The provider of single sign-on that the same people come from.",
        )
        self.fields["expires_on"].initial = timezone.localdate() + timedelta(days=365)

    def clean_expires_on(self) -> Any:
        """Between tomorrow and two years from now."""
        day, today = self.cleaned_data["expires_on"], timezone.localdate()
        if not today < day <= today + timedelta(days=731):
            raise forms.ValidationError("Choose a day between tomorrow and two years from now.")
        return day


class LinkForm(forms.Form):
    """An account that was here before the provider, and what the provider calls the person."""

    person = forms.ModelChoiceField(queryset=User.objects.none())
    user_name = forms.CharField(
        max_length=255,
        label="User name at the provider",
        help_text="As in userName, such as ada@example.org.",
    )
    token = forms.ModelChoiceField(queryset=ScimToken.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).exclude(
            provisioned__left_at=None, provisioned__isnull=False
        )
        self.fields["person"] = forms.ModelChoiceField(
            queryset=people.order_by("last_name", "username"), label="Account", empty_label="Choose"
        )
        self.fields["token"] = forms.ModelChoiceField(
            queryset=ScimToken.objects.filter(revoked_at=None), label="Provider", empty_label="Choose"
        )
