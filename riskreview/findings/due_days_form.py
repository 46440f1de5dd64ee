"""How long a finding may stand, as people fill it in."""

from typing import Any

from django import forms

from policy.due_days import LONGEST, TIERS, Days
from policy.words import SEVERITIES
from riskreview.findings.forms import text_field


class DueDaysForm(forms.Form):
    """The table of days: a number for each severity and tier."""

    note = text_field("Why the table changes")

    def __init__(self, days: Days, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for severity in SEVERITIES:
            for tier in TIERS:
                self.fields[f"{severity}_{tier}"] = forms.IntegerField(
                    min_value=1,
                    max_value=LONGEST,
                    label=f"{severity.capitalize()}, tier {tier}",
                    initial=days[severity][tier],
                    widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                )

    @property
    def table(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields by severity, in the order of the tiers."""
        return [(severity, [self[f"{severity}_{tier}"] for tier in TIERS]) for severity in SEVERITIES]

    @property
    def days(self) -> dict[str, dict[str, int]]:
        """Severity → tier → days, of what was typed."""
        return {
            severity: {tier.value: self.cleaned_data[f"{severity}_{tier}"] for tier in TIERS}
            for severity in SEVERITIES
        }
