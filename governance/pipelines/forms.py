"""The form of a rule. A plain one: the action judges what came in."""

from typing import Any

from django import forms

from governance.pipelines.models import IssuerKind
from governance.pipelines.terms import Terms
from registry.models import Environment


class RuleForm(forms.Form):
    """Which pipeline may ask about which model."""

    name = forms.SlugField(
        max_length=60, help_text="Such as retail-risk-deploy. It stands in the record, and stays."
    )
    kind = forms.ChoiceField(choices=IssuerKind.choices, label="CI system")
    issuer = forms.CharField(
        max_length=250,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "https://gitlab.example.org", "spellcheck": "false"}),
        help_text="Only for a server of your own: the iss of its tokens, letter by letter. "
        "For GitHub Enterprise Server it ends with /_services/token.",
    )
    repository = forms.CharField(
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "acme/credit-default"}),
        help_text="Its name, for people who read the record. It is never compared.",
    )
    owner_id = forms.CharField(
        max_length=20,
        label="Owner's number",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="GitHub: repository_owner_id, from api.github.com/repos/OWNER/NAME under owner. "
        "GitLab: namespace_id, the ID on the group's page.",
    )
    repository_id = forms.CharField(
        max_length=20,
        label="Repository's number",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="GitHub: repository_id, the id at the same address. GitLab: project_id, on the project's page. "
        "Numbers are never given to somebody else; names are.",
    )
    workflow = forms.CharField(
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
        help_text="Only this file: GitHub's job_workflow_ref, such as "
        "acme/ci/.github/workflows/deploy.yml@refs/heads/main, or GitLab's ci_config_ref_uri.",
    )
    job_project_id = forms.CharField(
        max_length=20,
        required=False,
        label="Project of the job",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="GitLab only: job_project_id, where the job's definition lies, such as your shared CI templates.",
    )
    git_ref = forms.CharField(
        max_length=200,
        required=False,
        label="Branch or tag",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
        help_text="Only this one. GitHub: refs/heads/main. GitLab: main.",
    )
    ci_environment = forms.CharField(
        max_length=120,
        required=False,
        label="Environment in the CI system",
        help_text="Only jobs of this environment, as the CI system calls it. Its own approvals then come first.",
    )
    protected_only = forms.BooleanField(
        required=False,
        initial=True,
        label="Only protected branches and tags (ref_protected)",
    )
    models = forms.CharField(
        max_length=4000,
        required=False,
        label="May ask about these models",
        widget=forms.TextInput(attrs={"placeholder": "credit-default, churn", "spellcheck": "false"}),
        help_text="Short names, with commas between them.",
    )
    team = forms.CharField(
        max_length=80,
        required=False,
        label="Or about every model of this team",
        help_text="As the inventory writes it. Models that join the team are included from then on.",
    )
    environments = forms.MultipleChoiceField(
        choices=Environment.choices,
        widget=forms.CheckboxSelectMultiple,
        label="For these environments",
    )
    reason = forms.CharField(
        max_length=300,
        label="Why",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It stands in the record.",
    )

    def terms(self) -> Terms:
        """What the form says of the rule."""
        given: dict[str, Any] = {name: self.cleaned_data[name] for name in Terms.COLUMNS}
        slugs = [slug.strip() for slug in self.cleaned_data["models"].split(",")]
        return Terms(
            **given,
            models=tuple(dict.fromkeys(slug for slug in slugs if slug)),
            environments=tuple(self.cleaned_data["environments"]),
        )


class OffForm(forms.Form):
    """Why a rule is switched off."""

    reason = forms.CharField(max_length=300, label="Why", widget=forms.Textarea(attrs={"rows": 2}))
