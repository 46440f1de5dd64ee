"""The form of a guard. A plain one: the action judges what came in."""

from django import forms

from governance.pipelines.models import TrustRule
from governance.protection.actions import GuardTerms
from registry.models import Environment


class GuardForm(forms.Form):
    """What deploys to an environment on GitHub."""

    github_environment = forms.CharField(
        max_length=120,
        label="Environment on GitHub",
        widget=forms.TextInput(attrs={"placeholder": "production", "spellcheck": "false"}),
        help_text="As it is called in the repository's settings.",
    )
    model = forms.CharField(
        max_length=60,
        label="The model that deploys there",
        widget=forms.TextInput(attrs={"placeholder": "credit-default", "spellcheck": "false"}),
        help_text="Its short name. One that the rule covers.",
    )
    environment = forms.ChoiceField(label="Environment here")
    tag_prefix = forms.CharField(
        max_length=100,
        required=False,
        label="What tags begin with",
        widget=forms.TextInput(attrs={"placeholder": "credit-default/v", "spellcheck": "false"}),
        help_text="Empty: the version is the one that was registered from the run's commit. With a beginning such as "
        "credit-default/v, the tag credit-default/v3 names version 3, which must be of that commit, too.",
    )

    def __init__(self, *given: object, rule: TrustRule, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        chosen = [choice for choice in Environment.choices if choice[0] in rule.environments]
        self.fields["environment"].choices = chosen  # type: ignore[attr-defined]

    def terms(self) -> GuardTerms:
        """What the form says."""
        return GuardTerms(**self.cleaned_data)
