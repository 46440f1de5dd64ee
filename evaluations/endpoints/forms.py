"""The form for a scoring endpoint, and the one that tries it."""

from typing import Any

from django import forms

from evaluations.endpoints.rules import ANSWERS_OF, EndpointEntry
from evaluations.fields import OfDataset
from evaluations.models import EndpointAnswers, EndpointBody
from registry.models import ModelVersion

PATH_HELP = "Names and numbers with dots between them."


class EndpointForm(forms.Form):
    """Where predictions are asked for. The action judges what came in."""

    url = forms.CharField(
        max_length=300,
        label="Address",
        widget=forms.URLInput(
            attrs={"placeholder": "https://scoring.example.org/score", "spellcheck": "false"}
        ),
        help_text="https. Private addresses only where an administrator listed them.",
    )
    answers = forms.ChoiceField(label="It answers")
    body = forms.ChoiceField(label="A request looks like", choices=EndpointBody.choices)
    answers_path = forms.CharField(
        max_length=120,
        required=False,
        label="Path to the answers",
        help_text=f"To the list with one answer for each row; empty when that is the whole body. {PATH_HELP}",
    )
    prediction_path = forms.CharField(
        max_length=120,
        required=False,
        label="Path to the prediction",
        help_text="Inside one answer; empty when the answer is the label or the number itself.",
    )
    score_path = forms.CharField(
        max_length=120,
        required=False,
        label="Path to the probability",
        help_text="Inside one answer, of the positive class.",
    )
    columns = forms.CharField(
        required=False,
        label="Columns that it gets",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line. Empty: the signature's inputs, else every column that is no truth, answer, sensitive or "
        "confidential column. The truth is never sent.",
    )
    batch_size = forms.IntegerField(initial=100, label="Rows in one request")
    requests_per_second = forms.FloatField(initial=10, label="Requests per second, at most")
    timeout_seconds = forms.FloatField(initial=30, label="Seconds for one answer")
    retries = forms.IntegerField(initial=4, label="Tries after the first")
    header = forms.CharField(max_length=60, initial="Authorization", label="Header of the secret")
    secret_name = forms.CharField(
        max_length=100,
        required=False,
        label="Variable that holds the secret",
        widget=forms.TextInput(attrs={"placeholder": "COUNTERSIGN_ENDPOINT_…", "spellcheck": "false"}),
        help_text="An administrator sets it: origin, a space, the header's value. It is never stored here.",
    )

    def __init__(self, *args: Any, version: ModelVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["answers"]
        assert isinstance(field, forms.ChoiceField)
        known = ANSWERS_OF.get(version.model.kind, ())
        field.choices = [(name, EndpointAnswers(name).label) for name in known]

    @property
    def entry(self) -> EndpointEntry:
        """What was said, after validation."""
        given = dict(self.cleaned_data)
        given["columns"] = [line.strip() for line in given["columns"].splitlines() if line.strip()]
        return EndpointEntry(**given)


class TrialForm(OfDataset):
    """A data set whose first rows are sent."""

    dataset = forms.ChoiceField(label="Rows of")
