"""The tier questionnaire as a form, and the form of the risk officer who confirms the tier."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from policy.tiering import Flag, Question, Tier, load_questionnaire
from riskreview.models import TierAssessment

AXES = [
    ("materiality", "Materiality", "What depends on it"),
    ("inherent", "Inherent risk", "What can make it go wrong, before any control"),
]


@dataclass(frozen=True)
class Asked:
    """One question with its control."""

    number: int
    question: Question
    field: BoundField
    answer: str


@dataclass(frozen=True)
class Axis:
    """The questions of one axis."""

    id: str
    title: str
    text: str
    asked: list[Asked]


class TierForm(forms.Form):
    """A radio group for each question, a box for each flag. What is not answered counts as the worst."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questionnaire = load_questionnaire()
        for question in self.questionnaire.questions:
            self.fields[f"q_{question.id}"] = forms.TypedChoiceField(
                label=question.text,
                choices=[(value, words) for value, words in sorted(question.answers.items())],
                coerce=int,
                empty_value=None,
                widget=forms.RadioSelect,
                required=False,
            )
        for flag in self.questionnaire.flags:
            self.fields[f"f_{flag.id}"] = forms.BooleanField(
                label=flag.label, help_text=flag.help, required=False
            )

    @property
    def answers(self) -> dict[str, int]:
        """Question → 0 to 4, of what was answered."""
        given = {item.id: self.cleaned_data.get(f"q_{item.id}") for item in self.questionnaire.questions}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def flags(self) -> list[str]:
        """What was ticked."""
        return [item.id for item in self.questionnaire.flags if self.cleaned_data.get(f"f_{item.id}")]

    @property
    def axes(self) -> list[Axis]:
        """The questions in order, by axis, each with the words of its present answer."""
        asked = [
            Asked(
                number, question, self[f"q_{question.id}"], _words(question, self[f"q_{question.id}"].value())
            )
            for number, question in enumerate(self.questionnaire.questions, 1)
        ]
        return [
            Axis(name, title, text, [item for item in asked if item.question.axis == name])
            for name, title, text in AXES
        ]

    @property
    def flag_fields(self) -> list[tuple[Flag, BoundField]]:
        """The flags with their controls."""
        return [(flag, self[f"f_{flag.id}"]) for flag in self.questionnaire.flags]


def _words(question: Question, value: object) -> str:
    text = str(value) if value is not None else ""
    return question.answers.get(int(text), "") if text.isdigit() else ""


def initial_of(assessment: TierAssessment | None) -> Mapping[str, Any]:
    """The form's values for answers given before."""
    if assessment is None:
        return {}
    answers = {f"q_{name}": value for name, value in assessment.answers.items()}
    return answers | {f"f_{flag}": True for flag in assessment.flags}


class ConfirmForm(forms.Form):
    """A risk officer's word on a tier."""

    assessment = forms.IntegerField(widget=forms.HiddenInput)
    tier = forms.ChoiceField(
        label="The tier",
        choices=[(tier.value, tier.value.capitalize()) for tier in Tier],
        widget=forms.RadioSelect,
    )
    rationale = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=5000,
        help_text="Needed, with at least 20 characters, for a tier lower than proposed or confirmed before.",
    )
