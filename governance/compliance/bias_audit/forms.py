"""What a person says of a bias audit. Plain forms: they tidy what came in, and the action judges it."""

from collections.abc import Mapping
from typing import Any

from django import forms

from evaluations.models import EvaluationRun
from governance.compliance.bias_audit.audit import Meant, tables_of
from governance.compliance.bias_audit.measured import columns_of, guessed_category, values_of
from governance.compliance.bias_audit.recording import Said
from governance.compliance.bias_audit.table import CATEGORIES
from governance.compliance.models import AuditData, AuditRate
from riskreview.findings.forms import day_field, text_field


class ReadAsForm(forms.Form):
    """Which run, and which of its columns are sex and race. Chosen first, because the values follow from it."""

    run = forms.ChoiceField(label="Fairness run")
    sex = forms.ChoiceField(label="Sex is", required=False)
    race = forms.ChoiceField(label="Race and ethnicity is", required=False)

    def __init__(self, *args: Any, runs: list[EvaluationRun], run: EvaluationRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [("", "in no column"), *((name, name) for name in columns_of(run.result or {}))]
        choices = {
            "run": [(str(row.pk), f"Run {row.pk}: {row.version} on {row.dataset}") for row in runs],
            "sex": columns,
            "race": columns,
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = options


class AuditForm(forms.Form):
    """Who did the audit, when, on what; and the category of each value."""

    rate = forms.ChoiceField(label="The tool", choices=AuditRate.choices, widget=forms.RadioSelect)
    auditor = forms.CharField(max_length=200, help_text="The person or firm that did the audit.")
    independence = text_field(
        "Why the auditor is independent",
        "No part in building, using or distributing the tool, and no employment or money tie (6 RCNY 5-300).",
        rows=2,
    )
    audited_on = day_field("Audited on")
    distributed_on = day_field("Distribution date", help_text="The first use of the tool.")
    data_kind = forms.ChoiceField(label="Data", choices=AuditData.choices, widget=forms.RadioSelect)
    data_source = text_field(
        "Source of the data",
        "Where they are from and why they fit; of test data, why history was not used and how they were made.",
    )
    data_until = day_field("Data until", help_text="The last day that they cover.")
    leave_out_small = forms.BooleanField(
        label="Leave categories under 2% of the people out of the impact ratios", required=False
    )
    left_out_reason = forms.CharField(
        label="Why they are left out", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    published_at = forms.CharField(
        label="Summary posted at",
        max_length=300,
        required=False,
        help_text="The address on the employment site.",
    )

    def __init__(self, *args: Any, run: EvaluationRun, columns: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._run, self._columns = run, columns
        self._named: dict[str, tuple[str, str]] = {}
        result = run.result or {}
        for part, column in columns.items():
            for place, value in enumerate(values_of(result, column) if column else ()):
                name = f"{part}-{place}"
                self._named[name] = (part, value)
                options = [("", "unknown"), *((one, one) for one in CATEGORIES[part])]
                self.fields[name] = forms.ChoiceField(
                    label=f"{column}: {value}",
                    choices=options,
                    required=False,
                    initial=guessed_category(part, value),
                )

    @property
    def mapped(self) -> list[forms.BoundField]:
        """The fields that give each value its category."""
        return [self[name] for name in self._named]

    @property
    def about(self) -> list[forms.BoundField]:
        """All other fields."""
        return [field for field in self if field.name not in self._named]

    def given(self) -> Said:
        """What was said, with the categories that are left out."""
        told = dict(self.cleaned_data)
        categories: dict[str, dict[str, str]] = {part: {} for part in self._columns}
        for name, (part, value) in self._named.items():
            categories[part][value] = told.pop(name)
        small: list[str] = []
        if told.pop("leave_out_small"):
            tables = tables_of(self._run, Meant(told["rate"], self._columns, categories))
            small = [line.category for table in tables for line in table.lines if line.small]
        return Said(**told, columns=self._columns, categories=categories, left_out=small)


class WithdrawForm(forms.Form):
    """Why an audit no longer stands."""

    reason = text_field("Why it no longer stands", rows=2)
