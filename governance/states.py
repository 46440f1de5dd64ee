"""The page of every part in every state, for whoever builds pages. Its data are invented."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

SAMPLES = Path(__file__).with_suffix(".yaml")


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(max_length=80, help_text="As people call it, not as a system does.")
    rationale = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), min_length=40)
    environment = forms.ChoiceField(choices=[("staging", "Staging"), ("production", "Production")])
    due_on = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), label="Due")
    table = forms.FileField(label="Table", help_text="CSV or Parquet, up to 2 GB.", required=False)
    kind = forms.ChoiceField(
        choices=[("performance", "Performance"), ("fairness", "Fairness")],
        widget=forms.RadioSelect,
        label="Measure",
    )
    scopes = forms.MultipleChoiceField(
        choices=[("gate", "Ask the gate"), ("audit:read", "Read the audit trail")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    dry_run = forms.BooleanField(required=False, help_text="Recorded, of no use to pipelines.")


@dataclass(frozen=True)
class SampleTable:
    """Numbers of the sample chart."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SampleChart:
    """A chart as the chart tag takes it."""

    svg: str
    title: str
    note: str
    table: SampleTable


def sample_chart() -> SampleChart:
    """Three bars."""
    values = (("Duration", 0.36), ("Amount", 0.27), ("Age", 0.135))
    bars = "".join(
        f'<rect class="f1" fill="#2f55a8" x="90" y="{row * 24 + 6}" width="{value * 700:.0f}" height="12"/>'
        f'<text x="0" y="{row * 24 + 16}" fill="#5f6670">{name}</text>'
        for row, (name, value) in enumerate(values)
    )
    title = "What moves the prediction"
    drawing = f'<svg class="cs-svg" viewBox="0 0 400 78" role="img" aria-label="{title}">{bars}</svg>'
    table = SampleTable(("Feature", "Mean |SHAP|"), tuple((name, f"{value:.3f}") for name, value in values))
    return SampleChart(drawing, title, "Mean |SHAP| in log-odds.", table)


@cache
def samples() -> dict[str, Any]:
    """The invented data, in the shapes that the partials take."""
    found: dict[str, Any] = yaml.safe_load(SAMPLES.read_text())
    for item in found["queue"]:
        item |= {"href": "#", "why": mark_safe(item["why"])}  # noqa: S308 (our own file)
    for entry in found["timeline"]:
        entry["text"] = mark_safe(entry["text"])  # noqa: S308 (our own file)
    for requirement in found["requirements"]:
        requirement |= {"kind": requirement["id"].split(".")[0], "url": "#"}
    met = [one for one in found["requirements"] if one["result"] in {"satisfied", "not_applicable"}]
    allowed = {"decision": "allow", "summary": "Every requirement is met.", "requirements": met}
    summary = "3 requirements need someone."
    denied = {"decision": "deny", "summary": summary, "requirements": found["requirements"]}
    return found | {
        "panels": [
            {"label": "Development", "verdict": allowed, "current": False, "href": "?env=development"},
            {"label": "Staging", "verdict": None, "current": False, "href": "?env=staging"},
            {"label": "Production", "verdict": denied, "current": True, "href": "?env=production"},
        ],
        "recorded": [one | {"id": f"recorded.{one['id']}"} for one in met],
        "chart": sample_chart(),
        "page": Paginator(range(480), 25).page(4),
    }


@login_not_required
def states(request: HttpRequest) -> HttpResponse:
    """Show every part in every state."""
    form = SampleForm({"name": "ok", "rationale": "ok", "kind": "fairness", "due_on": "2026-12-11"})
    return render(request, "states.html", samples() | {"form": form})
