"""What people fill in about waivers and break-glass. Plain forms: the actions judge what they hold."""

from typing import Any

from django import forms

from accounts.proving.again import ProofField
from riskreview.exceptions.break_glass import LONGEST_REASON, SHORTEST_REASON
from riskreview.exceptions.waivers import LONGEST_NOTE, LONGEST_TEXT, SHORTEST


def _text(
    label: str, help_text: str, longest: int, *, rows: int = 3, required: bool = True
) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=longest,
        required=required,
        help_text=help_text,
    )


class WaiverForm(forms.Form):
    """Asking for a waiver of one requirement."""

    requirement = forms.ChoiceField(label="Requirement")
    why = _text(
        "Why it cannot be met",
        f"Stands in every decision it touches. At least {SHORTEST} characters.",
        LONGEST_TEXT,
    )
    controls = _text(
        "What is done instead",
        "The compensating controls: who does what, so that the risk stays bearable.",
        LONGEST_TEXT,
    )
    last_day = forms.DateField(
        label="Last day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    whole_model = forms.BooleanField(label="For every version of the model, later ones too", required=False)

    def __init__(self, *args: Any, requirements: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["requirement"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = requirements


class DecideForm(forms.Form):
    """Approving or refusing a waiver."""

    role = forms.CharField(widget=forms.HiddenInput, max_length=40)
    note = _text(
        "Note",
        f"What you looked at. Needed to refuse, at least {SHORTEST} characters.",
        LONGEST_NOTE,
        rows=2,
        required=False,
    )
    password = ProofField()


class BreakGlassForm(forms.Form):
    """Asking to break the glass."""

    role = forms.ChoiceField(label="You act as")
    reason = _text(
        "The emergency",
        f"What happens if it does not run now. At least {SHORTEST_REASON} characters; it stands in every report.",
        LONGEST_REASON,
    )
    hours = forms.IntegerField(label="Hours", min_value=1, max_value=72)
    password = ProofField()

    def __init__(self, *args: Any, roles: list[tuple[str, str]], most_hours: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = roles
        self.fields["hours"].initial = min(4, most_hours)
        self.fields["hours"].help_text = f"As few as the emergency takes, at most {most_hours}."


class ConsentForm(forms.Form):
    """Agreeing to break the glass, or refusing."""

    role = forms.CharField(widget=forms.HiddenInput, max_length=40)
    reason = _text(
        "Note",
        f"Needed to refuse, at least {SHORTEST_REASON} characters.",
        LONGEST_REASON,
        rows=2,
        required=False,
    )
    password = ProofField()


class EndForm(forms.Form):
    """Ending a waiver or a break-glass."""

    reason = _text("Reason", f"Stands in the record. At least {SHORTEST} characters.", LONGEST_TEXT, rows=2)
