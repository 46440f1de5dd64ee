"""What people fill in when they judge. Plain forms: they tidy what came in, and the actions judge it."""

import json
from datetime import date, timedelta
from itertools import zip_longest
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.models import User
from accounts.proving.again import ProofField
from policy.evidence import evidence_digest
from registry.models import Environment
from riskreview.models import Decision, ReviewKind
from riskreview.reviews.given import LONGEST_RATIONALE, SHORTEST_RATIONALE, ConditionAsked, complaint_about
from riskreview.reviews.withdrawing import SHORTEST_REASON


def _date(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    """A day, as browsers ask for it."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, required=required, help_text=help_text)


class SubmitForm(forms.Form):
    """Asking for a review."""

    environment = forms.ChoiceField(
        choices=Environment.choices, initial=Environment.PRODUCTION, widget=forms.RadioSelect
    )
    kind = forms.ChoiceField(
        choices=[("", "As it fits: initial, or a change"), *ReviewKind.choices],
        required=False,
        help_text="Another kind than the one that is open follows once that has all that it asked for.",
    )
    ends_on = _date(
        "Last day",
        required=False,
        help_text="Of an interim approval: it counts until then, 180 days at most.",
    )
    due_on = _date("Wanted by")
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
    acting_for = forms.CharField(widget=forms.HiddenInput, max_length=150, required=False)
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
    password = ProofField()

    @property
    def condition_rows(self) -> list[dict[str, Any]]:
        """What was typed into the rows, with what is wrong; blank rows mean nothing."""
        if not hasattr(self.data, "getlist"):
            return []
        today = timezone.now().date()
        rows = []
        given = (self.data.getlist(f"condition_{name}") for name in ("text", "due", "owner"))
        for text, due, owner in zip_longest(*given, fillvalue=""):
            if text.strip() or due.strip():
                due_on = _day(due)
                error = complaint_about(text.strip(), due_on, today)
                rows.append({"text": text.strip(), "due_on": due_on, "owner": owner, "error": error})
        return rows

    @property
    def conditions(self) -> list[ConditionAsked]:
        """The rows that say what and when; none unless the decision has conditions."""
        if self.data.get("decision") != Decision.APPROVE_WITH_CONDITIONS:
            return []
        rows = [row for row in self.condition_rows if row["due_on"]]
        people = User.objects.in_bulk({row["owner"] for row in rows if row["owner"]}, field_name="username")
        return [ConditionAsked(row["text"], row["due_on"], people.get(row["owner"])) for row in rows]

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
        except (ValueError, RecursionError):
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


class CommentForm(forms.Form):
    """A remark or a question, about one piece of evidence or the whole."""

    anchor = forms.ChoiceField(label="About", required=False)
    text = forms.CharField(
        label="Comment",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5000,
        error_messages={"required": "The comment is empty."},
        help_text="Decides nothing and needs no signature.",
    )
    is_question = forms.BooleanField(
        label="A question: it stays open, and signers see it, until it is resolved", required=False
    )

    def __init__(self, *args: Any, anchors: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["anchor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "The review as a whole"), *anchors.items()]
        field.error_messages["invalid_choice"] = (
            "There is no such piece of evidence any more. Choose another."
        )


class ReplyForm(forms.Form):
    """A reply in a thread."""

    text = forms.CharField(label="Reply", widget=forms.Textarea(attrs={"rows": 2}), max_length=5000)


class DueForm(forms.Form):
    """Another date, and why."""

    due_on = _date("Wanted by")
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)


class ReasonForm(forms.Form):
    """Why a review is closed, or somebody steps back from it."""

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), max_length=2000, help_text="Stands in the record."
    )


class AgainForm(forms.Form):
    """What was changed, for the next round."""

    answer = forms.CharField(
        label="What you changed",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
        help_text="Say where to look. Whoever asked for changes is told.",
    )
    due_on = _date("Wanted by", required=False)


class DelegationForm(forms.Form):
    """Lending a role for a period."""

    role = forms.ChoiceField()
    deputy = forms.ChoiceField(label="Who stands in")
    starts_on = _date("First day")
    ends_on = _date("Last day", help_text="90 days later at most.")
    reason = forms.CharField(max_length=300, help_text="Such as the dates of your leave.")

    def __init__(
        self, *args: Any, roles: list[tuple[str, str]], deputies: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("role", roles), ("deputy", deputies)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        self.fields["starts_on"].initial = timezone.now().date()


class RenewForm(forms.Form):
    """One note and one proof for several signatures. Which ones comes as repeated fields beside it."""

    note = forms.CharField(
        label="Note for all of them",
        widget=forms.Textarea(attrs={"rows": 3}),
        min_length=SHORTEST_RATIONALE,
        max_length=LONGEST_RATIONALE,
        help_text=f"Becomes the rationale of each signature. At least {SHORTEST_RATIONALE} characters.",
    )
    password = ProofField()

    @property
    def wanted(self) -> dict[int, str]:
        """Signature → the evidence digest that the page showed for it."""
        if not hasattr(self.data, "getlist"):
            return {}
        ticked = [
            int(pk) for pk in self.data.getlist("signoff") if pk.isascii() and pk.isdigit() and len(pk) < 19
        ]
        return {pk: self.data.get(f"digest_{pk}", "")[:80] for pk in ticked}
