"""What people fill in about risks. Plain forms: they tidy what came in, and the actions judge it."""

from typing import Any

from django import forms

from accounts.models import User
from policy.risk_catalogue import load_catalogue
from policy.risk_scales import STEPS, Rating, RiskScales
from riskreview.models import Risk, Treatment
from riskreview.risks.held import LONGEST_TEXT, SHORTEST_REASON

REASON = f"Stands in the record. At least {SHORTEST_REASON} characters."


def _date(label: str, help_text: str, *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, help_text=help_text, required=required)


def _text(label: str, help_text: str, *, rows: int = 3, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=LONGEST_TEXT,
        help_text=help_text,
        required=required,
    )


class OwnRiskForm(forms.Form):
    """A risk that the catalogue does not know."""

    title = forms.CharField(label="Risk", max_length=160, help_text="What could go wrong, in a few words.")
    category = forms.ChoiceField(choices=lambda: list(load_catalogue().categories.items()))
    description = _text(
        "What could happen", "To whom, and why. The owner of the model owns it at first.", rows=4
    )


class RatingForm(forms.Form):
    """Likelihood and impact before controls, and after them where that is known."""

    inherent_likelihood = forms.TypedChoiceField(label="Likelihood before controls", coerce=int)
    inherent_impact = forms.TypedChoiceField(label="Impact before controls", coerce=int)
    residual_likelihood = forms.TypedChoiceField(
        label="Likelihood after controls", coerce=int, required=False, empty_value=None
    )
    residual_impact = forms.TypedChoiceField(
        label="Impact after controls", coerce=int, required=False, empty_value=None
    )
    note = _text("Why so", "What the rating rests on.", rows=2, required=False)

    def __init__(self, *args: Any, scales: RiskScales, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, steps in (("likelihood", scales.likelihood), ("impact", scales.impact)):
            options = [(str(number), f"{number} · {step.word}") for number, step in enumerate(steps, start=1)]
            for moment in ("inherent", "residual"):
                field = self.fields[f"{moment}_{name}"]
                assert isinstance(field, forms.TypedChoiceField)
                field.choices = [("", "not rated"), *options]

    def rating(self, moment: str) -> Rating | None:
        """The rating that was given. Raises forms.ValidationError for half a rating."""
        likelihood = self.cleaned_data.get(f"{moment}_likelihood")
        impact = self.cleaned_data.get(f"{moment}_impact")
        return None if likelihood is None or impact is None else (likelihood, impact)

    def clean(self) -> dict[str, Any]:
        """Half a rating is none."""
        given: dict[str, Any] = super().clean() or {}
        both = [given.get("residual_likelihood"), given.get("residual_impact")]
        if None in both and both != [None, None]:
            missing = "residual_likelihood" if both[0] is None else "residual_impact"
            self.add_error(missing, "Choose likelihood and impact, or neither.")
        return given


class TreatmentForm(forms.Form):
    """What is done about a risk."""

    treatment = forms.ChoiceField(choices=Treatment.choices, widget=forms.RadioSelect)
    controls = _text(
        "Controls", "One a line: what is in place, or decided, against it.", rows=4, required=False
    )
    review_on = _date("Look at it again by", "The gate denies once this date has passed.")


class AcceptForm(forms.Form):
    """Taking what remains upon oneself."""

    until = _date("Accepted until", "The last day on which it holds.")
    reason = _text("Why it can be lived with", REASON)


class ReasonForm(forms.Form):
    """A reason, for what takes something back."""

    reason = _text("Reason", REASON, rows=2)


class HandOverForm(forms.Form):
    """Another owner, and why."""

    owner = forms.ModelChoiceField(
        label="New owner", queryset=User.objects.none(), to_field_name="username", empty_label="choose"
    )
    note = forms.CharField(label="Reason", max_length=500, help_text="Stands in the record of each risk.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people()


def people() -> Any:
    """Who can own a risk, by name."""
    return User.objects.filter(is_active=True).order_by("last_name", "first_name")


def rating_of(risk: Risk) -> dict[str, Any]:
    """The rating form's values."""
    names = [f"{moment}_{part}" for moment in ("inherent", "residual") for part in ("likelihood", "impact")]
    return {name: getattr(risk, name) for name in names}


class ScalesForm(forms.Form):
    """The scales, cell by cell; the field names are the places that policy.risk_scales names."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=80)
    note = _text("Why they change", REASON, rows=2)

    def __init__(self, *args: Any, scales: RiskScales, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scales = scales
        initial = {"version": scales.version + 1} | values_of(scales)
        for name, value in initial.items():
            if name not in self.fields:
                self.fields[name] = forms.CharField(initial=value, required=False, max_length=200)
        self.fields["version"].initial = initial["version"]

    def content(self) -> dict[str, Any]:
        """What was written, as policy.risk_scales reads it."""
        given = self.cleaned_data
        return {
            "version": given["version"],
            **{
                name: [
                    {"word": given[f"{name}.{step}"], "meaning": given[f"{name}.{step}.meaning"]}
                    for step in range(1, STEPS + 1)
                ]
                for name in ("likelihood", "impact")
            },
            "matrix": [
                [given[f"matrix.{row}.{column}"] for column in range(1, STEPS + 1)]
                for row in range(1, STEPS + 1)
            ],
            "acceptance": {
                level: {
                    "role": given[f"acceptance.{level}"],
                    "days": _whole(given[f"acceptance.{level}.days"]),
                }
                for level in self.scales.acceptance
            },
        }


def values_of(scales: RiskScales) -> dict[str, Any]:
    """The scales by field name."""
    found: dict[str, Any] = {}
    for name, steps in (("likelihood", scales.likelihood), ("impact", scales.impact)):
        for number, step in enumerate(steps, start=1):
            found |= {f"{name}.{number}": step.word, f"{name}.{number}.meaning": step.meaning}
    for row, levels in enumerate(scales.matrix, start=1):
        found |= {f"matrix.{row}.{column}": level for column, level in enumerate(levels, start=1)}
    for level, rule in scales.acceptance.items():
        found |= {f"acceptance.{level}": rule.role, f"acceptance.{level}.days": rule.days}
    return found


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
