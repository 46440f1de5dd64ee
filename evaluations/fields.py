"""What forms of evaluations have in common."""

from typing import Any

from django import forms

from evaluations.queries import datasets_to_measure_on
from registry.models import Dataset


class OfDataset(forms.Form):
    """A form whose field `dataset` offers the data sets that may be measured on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._datasets = {str(row.pk): row for row in datasets_to_measure_on()}
        field = self.fields["dataset"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, str(row)) for pk, row in self._datasets.items()]

    @property
    def chosen(self) -> Dataset:
        """The data set, after validation."""
        return self._datasets[self.cleaned_data["dataset"]]
