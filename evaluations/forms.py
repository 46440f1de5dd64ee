"""The form that starts evaluations."""

from typing import Any

from django import forms

from evaluations.models import EvaluationKind
from evaluations.queries import datasets_to_measure_on
from registry.models import Dataset


class EvaluationForm(forms.Form):
    """Which kinds, on which data set."""

    kinds = forms.MultipleChoiceField(
        choices=EvaluationKind.choices, widget=forms.CheckboxSelectMultiple, label="Measure"
    )
    dataset = forms.ChoiceField(label="On data set")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._datasets = {str(row.pk): row for row in datasets_to_measure_on()}
        field = self.fields["dataset"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (pk, f"{row} · {row.get_role_display().lower()} · {row.rows:,} rows")
            for pk, row in self._datasets.items()
        ]

    @property
    def chosen(self) -> Dataset:
        """The data set, after validation."""
        return self._datasets[self.cleaned_data["dataset"]]
