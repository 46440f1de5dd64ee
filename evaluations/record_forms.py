"""The form that asks for the explanation of one record."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator

from evaluations.kinds import BINARY, REGRESSION
from evaluations.models import EvaluationKind, EvaluationRun
from registry.forms.pairs import Pairs

EXPLAINED = (EvaluationKind.EXPLAINABILITY, EvaluationKind.LOCAL_EXPLANATION)
"""Kinds of run beside which records are explained."""


class RecordForm(forms.Form):
    """Which row, what is changed in it, and what counts as unfavourable."""

    row = forms.IntegerField(label="Row", min_value=0)
    unfavourable = forms.ChoiceField(
        label="Unfavourable",
        required=False,
        help_text="Reasons are given only where it is said which side speaks against the person.",
    )
    values = Pairs(
        label="Change features",
        required=False,
        help_text="One a line, like age = 30. Everything else stays as it is in the row.",
    )
    wording = Pairs(
        label="Words for reasons",
        required=False,
        help_text="One feature a line, like debt: Your debts are high for your income.",
    )

    def __init__(self, *args: Any, run: EvaluationRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = run.dataset.rows - 1
        row, side = self.fields["row"], self.fields["unfavourable"]
        assert isinstance(row, forms.IntegerField) and isinstance(side, forms.ChoiceField)
        row.max_value = last
        row.validators.append(MaxValueValidator(last))
        row.widget.attrs["max"] = last
        row.help_text = f"Of {run.dataset}, counted from 0 to {last:,}."
        high, low = _sides(run)
        side.choices = [("", "Not said"), ("high", high), ("low", low)]

    def config(self) -> dict[str, Any]:
        """The settings of the run, after validation; what was left empty is left out."""
        given = dict(self.cleaned_data)
        given["wording"] = {name: str(said) for name, said in given["wording"].items()}
        return {name: value for name, value in given.items() if value not in ("", {}, None)}


def form_for(run: EvaluationRun) -> RecordForm:
    """An empty form; of the newest explanation of this model, the side and the words are taken over."""
    newest = (
        EvaluationRun.objects.filter(
            version__model=run.version.model_id, kind=EvaluationKind.LOCAL_EXPLANATION
        )
        .order_by("-pk")
        .values_list("config", flat=True)
        .first()
    ) or {}
    words = "\n".join(f"{name}: {said}" for name, said in newest.get("wording", {}).items())
    return RecordForm(run=run, initial={"unfavourable": newest.get("unfavourable", ""), "wording": words})


def _sides(run: EvaluationRun) -> tuple[str, str]:
    dataset, kind = run.dataset, run.version.model.kind
    if kind == BINARY:
        return (
            f"To be {dataset.label} = {dataset.positive}",
            f"Not to be {dataset.label} = {dataset.positive}",
        )
    if kind == REGRESSION:
        return "A high number", "A low number"
    return "To be of the class that is predicted", "Not to be of that class"
