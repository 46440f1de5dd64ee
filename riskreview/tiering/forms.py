"""The tier questionnaire as a form, and the form of the risk officer who confirms the tier."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from policy.lines import LONGEST, instead
from policy.questionnaire import Flag, Question, Questionnaire, Tier
from policy.tiering import Fitting, fitting
from riskreview.models import TierAssessment
from riskreview.tiering.answers import AXES
from riskreview.tiering.questionnaire_changes import LONGEST_NOTE


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

    def __init__(self, *args: Any, questionnaire: Questionnaire, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questionnaire = questionnaire
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

    def clean(self) -> None:
        """An answer to something that is not asked is a mistake of whoever sent it, never to be dropped in silence."""
        known = [name for name in self.fields if name.startswith("q_")]
        ticks = [name for name in self.fields if name.startswith("f_")]
        for name in self.data:
            if name.startswith("q_") and name not in known:
                self.add_error(None, f'There is no question "{name[2:][:40]}". {_meant(name, known)}')
            if name.startswith("f_") and name not in ticks:
                self.add_error(None, f'There is no fact "{name[2:][:40]}". {_meant(name, ticks)}')

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


def _meant(name: str, known: Collection[str]) -> str:
    return instead(name[2:], [item[2:] for item in known]) if known else "The questionnaire asks none."


def given_before(assessment: TierAssessment | None, questionnaire: Questionnaire) -> Fitting:
    """Answers given before, as far as the questionnaire still asks for them."""
    if assessment is None:
        return Fitting({}, (), ())
    return fitting(questionnaire, assessment.answers, assessment.flags)


def given_elsewhere(sent: Mapping[str, Any], questionnaire: Questionnaire) -> Fitting:
    """Answers that were sent for another version of the questionnaire, as far as this one asks for them."""
    answers = {
        name[2:]: int(value) if str(value).isdigit() else -1
        for name, value in sent.items()
        if name.startswith("q_") and value != ""
    }
    return fitting(questionnaire, answers, [name[2:] for name in sent if name.startswith("f_")])


def initial_of(given: Fitting) -> dict[str, Any]:
    """The form's values for answers."""
    answers = {f"q_{name}": value for name, value in given.answers.items()}
    return answers | {f"f_{flag}": True for flag in given.flags}


class ConfirmForm(forms.Form):
    """A risk officer's word on a tier, for the use that was shown beside the form."""

    assessment = forms.IntegerField(widget=forms.HiddenInput)
    use = forms.CharField(widget=forms.HiddenInput, max_length=71, required=False)
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


class ProposalForm(forms.Form):
    """Another version of the questionnaire, as text, and why."""

    source = forms.CharField(
        label="The questionnaire",
        strip=False,
        max_length=LONGEST,
        widget=forms.Textarea(
            attrs={"rows": 30, "spellcheck": "false", "wrap": "off", "autocomplete": "off"}
        ),
    )
    note = forms.CharField(
        label="Why it changes",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Stands beside the version for ever.",
    )

    def __init__(self, *args: Any, proposing: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = proposing

    def clean_source(self) -> str:
        """Browsers send lines that end like telegrams; digests and numbers of lines do not."""
        return str(self.cleaned_data["source"]).replace("\r\n", "\n")
