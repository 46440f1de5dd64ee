"""The form that adds a schedule."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from accounts.refusals import Conflict, Invalid
from evaluations.kinds import RULES
from evaluations.models import EvaluationKind
from evaluations.queries import dataset_choices
from evaluations.schedules import MOST_DAYS, ScheduleEntry
from registry.models import DatasetRole, ModelVersion, RegisteredModel

MOST_SUGGESTED = 100


class ScheduleForm(forms.Form):
    """What to measure again and again, on what, how often."""

    model = forms.CharField(
        label="Model",
        max_length=64,
        help_text="Its short name, such as credit-default.",
        widget=forms.TextInput(attrs={"list": "models", "autocomplete": "off"}),
    )
    version = forms.CharField(
        label="Version", max_length=40, required=False, help_text="Empty: the newest one whenever it is due."
    )
    kinds = forms.MultipleChoiceField(
        choices=[(kind, EvaluationKind(kind).label) for kind in RULES if RULES[kind].evidence],
        widget=forms.CheckboxSelectMultiple,
        label="Measure",
        required=False,
        help_text="None chosen: the plan of the policy.",
    )
    dataset = forms.ChoiceField(label="On data set", required=False)
    role = forms.ChoiceField(
        choices=[("", "Any role"), *DatasetRole.choices], label="In the role", required=False
    )
    every_days = forms.IntegerField(label="Every so many days", min_value=1, max_value=MOST_DAYS)
    first_on = forms.DateField(
        label="First on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: now.",
    )

    def __init__(self, *args: Any, models: QuerySet[RegisteredModel], at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._models = models
        self._at = at
        field = self.fields["dataset"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "By the plan"), *dataset_choices()]

    @property
    def suggested(self) -> list[RegisteredModel]:
        """Models to choose from; there may be more."""
        return list(self._models[:MOST_SUGGESTED])

    def clean_model(self) -> RegisteredModel:
        """The model of this short name, if the person may measure it."""
        slug = self.cleaned_data["model"]
        found: RegisteredModel | None = self._models.filter(slug=slug).first()
        if found is None:
            raise forms.ValidationError(f"None of the models that you may measure is called {slug}.")
        return found

    def clean_version(self) -> ModelVersion | None:
        """The version of this name, or None for the newest."""
        name, model = self.cleaned_data["version"], self.cleaned_data.get("model")
        if not name or model is None:
            return None
        found: ModelVersion | None = model.versions.filter(version=name).first()
        if found is None:
            raise forms.ValidationError(f"{model.name} has no version {name}.")
        return found

    def refuse(self, refused: Invalid | Conflict) -> None:
        """Show a refusal beside the field that it is about."""
        field = getattr(refused, "field", "")
        self.add_error(field if field in self.fields else None, f"{refused} {refused.remedy}".strip())

    @property
    def entry(self) -> ScheduleEntry:
        """What was asked for, after validation."""
        given = self.cleaned_data
        name, _, version = given["dataset"].partition("@")
        first = given["first_on"]
        return ScheduleEntry(
            model=given["model"],
            version=given["version"],
            kinds=given["kinds"],
            dataset_name=name,
            dataset_version=version,
            dataset_role=given["role"],
            every_days=given["every_days"],
            first_at=timezone.make_aware(datetime.combine(first, time())) if first else self._at,
        )
