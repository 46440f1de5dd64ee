"""The second person's word."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.granting.actions import LONGEST_REASON
from accounts.proving.again import ProofField


class ConfirmForm(forms.Form):
    """Who one is, once more."""

    password = ProofField()


class RefuseForm(forms.Form):
    """Why not."""

    note = forms.CharField(
        label=_("Why not"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 2})
    )
