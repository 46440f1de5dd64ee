"""The form that starts evaluations."""

import json
from typing import Any

from django import forms

from evaluations.companions import Companions
from evaluations.endpoints.scoring import endpoint_of
from evaluations.fields import OfDataset
from evaluations.kinds import RULES
from evaluations.models import EvaluationKind, PredictionSource
from evaluations.queries import versions_to_compare_with
from policy.metrics import OF_KIND
from registry.models import ModelVersion


class EvaluationForm(OfDataset):
    """Which kinds, on which data set."""

    kinds = forms.MultipleChoiceField(
        choices=[(kind, EvaluationKind(kind).label) for kind in RULES if RULES[kind].evidence],
        widget=forms.CheckboxSelectMultiple,
        label="Measure",
    )
    dataset = forms.ChoiceField(label="On data set")
    reference = forms.ChoiceField(
        label="Compare with data set",
        required=False,
        help_text="For what compares two data sets. If you choose none: what the version was trained on.",
    )
    against = forms.ChoiceField(
        label="Compare with version",
        required=False,
        help_text="For what compares two versions. If you choose none: the one that runs, or the one before.",
    )

    source = forms.ChoiceField(
        label="Predictions come from",
        required=False,
        choices=[
            ("", "The model, or the data set's columns"),
            (PredictionSource.ENDPOINT, "The scoring endpoint"),
        ],
    )

    def __init__(self, *args: Any, version: ModelVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if endpoint_of(version) is None:
            del self.fields["source"]
        self._versions = {str(row.pk): row for row in versions_to_compare_with(version)}
        told = [
            (pk, f"{row} · {row.get_role_display().lower()} · {row.rows:,} rows")
            for pk, row in self._datasets.items()
        ]
        self._offer("dataset", told)
        self._offer("reference", [("", "By itself"), *told])
        versions = [(pk, f"Version {row.version}") for pk, row in self._versions.items()]
        self._offer("against", [("", "By itself"), *versions])
        if not versions:
            del self.fields["against"]

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def compared(self, kind: str) -> Companions:
        """What this kind compares with, after validation; a kind that compares with nothing ignores the choice."""
        rules = RULES[kind]
        reference = self._datasets.get(self.cleaned_data["reference"])
        against = self._versions.get(self.cleaned_data.get("against", ""))
        takes_data = rules.reference or rules.may_reference
        return Companions(reference if takes_data else None, against if rules.against else None)


MOST_REPORTED_BYTES = 1_000_000


class ReportedForm(OfDataset):
    """A result that somebody else measured, as a JSON file."""

    kind = forms.ChoiceField(
        choices=[(kind, EvaluationKind(kind).label) for kind in OF_KIND], label="What it measures"
    )
    dataset = forms.ChoiceField(label="Measured on")
    file = forms.FileField(label="Result as JSON", help_text="By our published schema; at most 1 MB.")

    def clean_file(self) -> dict[str, Any]:
        """The result, read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_REPORTED_BYTES:
            raise forms.ValidationError("The file is larger than 1 MB.")
        try:
            found = json.loads(file.read().decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError("The file is not JSON text.") from error
        if not isinstance(found, dict):
            raise forms.ValidationError("The file holds no JSON object.")
        return found


def _refuse_constant(word: str) -> None:
    """JSON knows neither NaN nor Infinity, though Python reads them."""
    raise ValueError(word)
