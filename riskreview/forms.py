"""What people fill in when they judge. Plain forms: they tidy what came in, and the actions judge it."""

import json
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_date

from policy.evidence import evidence_digest
from registry.models import Environment
from riskreview.actions.signoffs import LONGEST_RATIONALE, SHORTEST_RATIONALE, complaint_about
from riskreview.actions.upkeep import LONGEST_NOTE, SHORTEST_REASON
from riskreview.models import Decision


class SubmitForm(forms.Form):
    """Asking for a review."""

    environment = forms.ChoiceField(
        choices=Environment.choices, initial=Environment.PRODUCTION, widget=forms.RadioSelect
    )
    due_on = forms.DateField(
        label="Wanted by", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(
        label="For the reviewers",
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        max_length=5000,
        help_text="What is new, and what they should look at first.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].initial = timezone.now().date() + timedelta(days=7)


class SignForm(forms.Form):
    """A decision with its rationale. Conditions come as repeated fields beside it."""

    role = forms.CharField(widget=forms.HiddenInput, max_length=40)
    evidence_digest = forms.CharField(widget=forms.HiddenInput, max_length=80)
    seen_parts = forms.CharField(widget=forms.HiddenInput, max_length=5000, required=False)
    decision = forms.ChoiceField(choices=Decision.choices, error_messages={"required": "Choose a decision."})
    rationale = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        min_length=SHORTEST_RATIONALE,
        max_length=LONGEST_RATIONALE,
        error_messages={"required": f"Say why in at least {SHORTEST_RATIONALE} characters."},
        help_text=f"Appears in the audit report. At least {SHORTEST_RATIONALE} characters.",
    )
    password = forms.CharField(
        label="Your password, again",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        error_messages={"required": "Type your password. It proves that it is you who signs."},
    )

    @property
    def condition_rows(self) -> list[dict[str, Any]]:
        """What was typed into the rows, with what is wrong; blank rows mean nothing."""
        if not hasattr(self.data, "getlist"):
            return []
        today = timezone.now().date()
        rows = []
        pairs = zip(self.data.getlist("condition_text"), self.data.getlist("condition_due"), strict=False)
        for text, due in pairs:
            if text.strip() or due.strip():
                due_on = _day(due)
                error = complaint_about(text.strip(), due_on, today)
                rows.append({"text": text.strip(), "due_on": due_on, "error": error})
        return rows

    @property
    def conditions(self) -> list[tuple[str, date]]:
        """The rows that say what and when; none unless the decision has conditions."""
        if self.data.get("decision") != Decision.APPROVE_WITH_CONDITIONS:
            return []
        return [(row["text"], row["due_on"]) for row in self.condition_rows if row["due_on"]]

    def clean(self) -> dict[str, Any]:
        """Say which condition is wrong, beside what is wrong in the fields."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("decision") == Decision.APPROVE_WITH_CONDITIONS:
            rows = self.condition_rows
            if not rows:
                self.add_error(None, "No condition is written. Write one with its date, or approve without.")
            for number, row in enumerate(rows, 1):
                if row["error"]:
                    self.add_error(None, f"Condition {number}: {row['error']}")
        return cleaned

    @property
    def seen(self) -> dict[str, str]:
        """The parts that the page showed, if they are those of the digest; only for saying what changed."""
        try:
            parts = json.loads(self.data.get("seen_parts", ""))
        except ValueError:
            return {}
        if not isinstance(parts, dict) or not all(isinstance(value, str) for value in parts.values()):
            return {}
        return parts if evidence_digest(parts) == self.data.get("evidence_digest") else {}


def _day(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except ValueError:
        return None


class WithdrawForm(forms.Form):
    """Taking a signature back."""

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        min_length=SHORTEST_REASON,
        max_length=2000,
        help_text=f"Stands in the record. At least {SHORTEST_REASON} characters.",
    )


class MetForm(forms.Form):
    """How a condition was met."""

    note = forms.CharField(label="How it was met", max_length=LONGEST_NOTE)


class CommentForm(forms.Form):
    """A remark."""

    text = forms.CharField(
        label="Comment",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5000,
        error_messages={"required": "The comment is empty."},
        help_text="Decides nothing and needs no signature.",
    )
