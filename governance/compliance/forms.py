"""What people fill in about frameworks and coverage. Plain forms: they tidy what came in, and the actions judge it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import Role, User
from governance.compliance.evidence_kinds import kind_label
from governance.compliance.holdings import attachable
from governance.compliance.importing import LONGEST
from governance.compliance.models import GIVEN, Stance
from governance.compliance.scoping import FROM_TIERS
from registry.forms.texts import text_given
from riskreview.findings.forms import day_field, text_field

YEAR = timedelta(days=365)


class FrameworkForm(forms.Form):
    """A framework as a file, or as text."""

    file = forms.FileField(
        required=False,
        label="Framework file",
        help_text="Our YAML, an OSCAL catalog in JSON, or a library of CISO Assistant. UTF-8. Or write it below.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,.json,application/yaml,application/json"}),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Text of the framework",
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "class": "co-yaml"}),
    )
    short_name = forms.CharField(
        required=False,
        max_length=64,
        label="Short name",
        help_text="Left empty, the file's own. The same short name makes it a new version of that framework.",
    )
    note = text_field("Why it is brought in", rows=2)

    def given(self) -> tuple[str, str]:
        """The text and what to call its source. Raises Invalid for what is no text, or too much of it."""
        return text_given(self.cleaned_data, what="framework", longest=LONGEST)


class ConcludeForm(forms.Form):
    """What somebody concludes."""

    verdict = forms.ChoiceField(
        label="Your conclusion",
        choices=[(verdict.value, verdict.label) for verdict in GIVEN],
        widget=forms.RadioSelect,
    )
    rationale = text_field("Why", "What you looked at, and what it shows. Stands in the record.", rows=4)
    until = day_field("Counts until", help_text="The last day. At most two years from now.")
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = timezone.localdate() + YEAR


class TakeBackForm(forms.Form):
    """Why a conclusion no longer stands."""

    rationale = text_field("Why it no longer stands")


class ScopeForm(forms.Form):
    """Whether a framework applies to a model."""

    stance = forms.ChoiceField(label="For this model it", choices=Stance.choices, widget=forms.RadioSelect)
    rationale = text_field("Why", rows=2)


class FollowForm(forms.Form):
    """Whether the organisation follows a framework."""

    stance = forms.ChoiceField(
        label="The organisation",
        choices=[
            (Stance.APPLIES.value, "Follows it for all models"),
            (Stance.DOES_NOT.value, "Does not follow it"),
            (Stance.BY_RULES.value, "Lets use and place decide"),
        ],
        widget=forms.RadioSelect,
    )
    from_tier = forms.ChoiceField(
        label="From tier",
        required=False,
        choices=[("", "Every tier"), *((tier.value, tier.value.capitalize()) for tier in FROM_TIERS)],
        help_text="Where it is followed: models below this tier are left out.",
    )
    rationale = text_field("Why", rows=2)


class AttachForm(forms.Form):
    """Evidence that is kept elsewhere."""

    kind = forms.ChoiceField()
    title = forms.CharField(max_length=200, help_text="What it is, with its date or number.")
    place = forms.CharField(max_length=300, help_text="An address, or where to find it.")
    sha256 = forms.CharField(
        max_length=64, required=False, label="SHA-256", help_text="Of the file, so that nobody can swap it."
    )
    holds_until = day_field("Holds until", required=False)

    def __init__(self, *args: Any, organisation: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(name, kind_label(name)) for name in attachable(organisation=organisation)]


class DetachForm(forms.Form):
    """Why it no longer counts."""

    reason = text_field("Why it no longer counts", rows=2)


class GapForm(forms.Form):
    """A gap as a task."""

    lacks = text_field("What is to be done", rows=2)
    owner = forms.ModelChoiceField(User.objects.none(), to_field_name="username")
    due_on = day_field("Due on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        roles = [role for role in Role if role != Role.AUDITOR]
        people = User.objects.filter(is_active=True, grants__role__in=roles).distinct()
        owner.queryset = people.order_by("last_name", "first_name", "pk")


class CloseGapForm(forms.Form):
    """What was done."""

    note = text_field("What was done", rows=2)
