"""The form for a new data set."""

from django import forms

from accounts.refusals import Invalid
from registry.models import Classification, DatasetRole
from registry.uploads import schema_text


class DatasetForm(forms.Form):
    """A new data set."""

    file = forms.FileField(
        help_text="CSV in UTF-8 with a header and commas, or Parquet.",
        widget=forms.FileInput(attrs={"accept": ".csv,.parquet"}),
    )
    name = forms.CharField(max_length=64, help_text="Such as loans-2026H1.")
    version = forms.CharField(max_length=40, initial="1", help_text="New rows are a new version.")
    role = forms.ChoiceField(choices=DatasetRole.choices, widget=forms.RadioSelect, initial=DatasetRole.TEST)
    label = forms.CharField(
        max_length=120,
        required=False,
        label="Label column",
        help_text="The truth. Production samples may lack it.",
    )
    positive = forms.CharField(
        max_length=120,
        required=False,
        label="Positive value",
        help_text="The label's value that counts as yes.",
    )
    prediction = forms.CharField(
        max_length=120,
        required=False,
        label="Prediction column",
        help_text="For models known by predictions.",
    )
    score = forms.CharField(
        max_length=120, required=False, label="Score column", help_text="Their probabilities or scores."
    )
    sensitive = forms.CharField(
        max_length=1000,
        required=False,
        label="Sensitive columns",
        help_text="Columns that put people into groups, separated by commas: sex, age_band.",
    )
    reference_groups = forms.CharField(
        max_length=1000,
        required=False,
        label="Reference groups",
        help_text="The group of each sensitive column that others should be compared with: sex=m, race=White.",
    )
    classification = forms.ChoiceField(
        choices=Classification.choices,
        required=False,
        initial=Classification.INTERNAL,
        help_text="Of a restricted data set, few see the rows.",
    )
    confidential = forms.CharField(
        max_length=1000,
        required=False,
        label="Confidential columns",
        help_text="Their values are shown only to you, risk and compliance officers. Separated by commas.",
    )
    legal_basis = forms.CharField(
        max_length=300,
        required=False,
        help_text="Why these people's data may be used: such as Art. 6(1)(b) GDPR, contract.",
    )
    schema = forms.FileField(
        required=False,
        label="Schema file",
        help_text="YAML that says what the rows must hold. A check that fails refuses the file, unless it says warn.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,.json"}),
    )
    infer_schema_from_previous = forms.BooleanField(
        required=False,
        label="Without a schema: warn where the rows differ from what the version before held",
    )
    description = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5000,
        required=False,
        help_text="Where the rows come from, which people and period they cover, under which licence.",
    )

    def clean_sensitive(self) -> list[str]:
        """Names in order, each once."""
        return _names(self.cleaned_data["sensitive"])

    def clean_classification(self) -> str:
        """Internal, unless something else is said."""
        return self.cleaned_data["classification"] or Classification.INTERNAL

    def clean_confidential(self) -> list[str]:
        """Names in order, each once."""
        return _names(self.cleaned_data["confidential"])

    def clean_reference_groups(self) -> dict[str, str]:
        """Column → group."""
        found = {}
        for pair in _names(self.cleaned_data["reference_groups"]):
            column, equals, group = (part.strip() for part in pair.partition("="))
            if not (column and equals and group):
                raise forms.ValidationError(f"Write {pair} as column=group.")
            found[column] = group
        return found

    def clean_schema(self) -> str:
        """The text of the file."""
        file = self.cleaned_data["schema"]
        try:
            return schema_text(file) if file else ""
        except Invalid as refused:
            raise forms.ValidationError(f"{refused} {refused.remedy}") from refused


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    return list(dict.fromkeys(name for name in names if name))
