"""The form for a new data set."""

from django import forms

from registry.models import DatasetRole


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
    description = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5000,
        required=False,
        help_text="Where the rows come from, which people and period they cover, under which licence.",
    )

    def clean_sensitive(self) -> list[str]:
        """Names in order, each once."""
        names = [name.strip() for name in self.cleaned_data["sensitive"].split(",")]
        return list(dict.fromkeys(name for name in names if name))
