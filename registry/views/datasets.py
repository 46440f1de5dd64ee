"""Data sets: the list, one, a new one."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from registry.access import dataset_for_reader, may_register_data, refuse_unless_steward
from registry.actions import register_dataset
from registry.forms.datasets import DatasetForm
from registry.models import Dataset, DatasetRole
from registry.queries import DatasetFilters, siblings_of, trained_on
from registry.queries import datasets as dataset_rows
from registry.views.complaints import complain, sent

PAGE_SIZE = 50


@require_GET
def datasets(request: UserRequest) -> HttpResponse:
    """Every data set."""
    filters = DatasetFilters(q=request.GET.get("q", "").strip()[:100], role=request.GET.get("role", ""))
    page = Paginator(dataset_rows(filters), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filters": filters,
        "narrowed": bool(filters.q or filters.role),
        "selects": [{"name": "role", "label": "Role", "options": DatasetRole.choices, "value": filters.role}],
        "may_register": may_register_data(request.user),
    }
    return render(request, "registry/datasets.html", context)


@require_http_methods(["GET", "POST"])
def dataset_new(request: UserRequest) -> HttpResponse:
    """Register a data set."""
    refuse_unless_steward(request.user)
    form, status = DatasetForm(*sent(request)), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = register_dataset(
                    **form.cleaned_data, owner=request.user, actor=actor_of(request), at=timezone.now()
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused, "version")
            else:
                messages.success(
                    request, f"{made} is registered: {made.rows:,} rows, {len(made.columns)} columns."
                )
                return redirect("registry:dataset", made.name, made.version)
    return render(request, "registry/dataset_new.html", {"form": form}, status=status)


@require_GET
def dataset(request: UserRequest, name: str, version: str) -> HttpResponse:
    """One data set: its columns and what they mean, its digest, who used it."""
    found = dataset_for_reader(request.user, name, version)
    context = {
        "dataset": found,
        "columns": [{**column, "roles": _roles(found, column["name"])} for column in found.columns],
        "siblings": list(siblings_of(found)),
        "trained": list(trained_on(found)),
        "facts": _facts(found),
    }
    return render(request, "registry/dataset.html", context)


def _facts(dataset: Dataset) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"term": "Role", "value": dataset.get_role_display()},
        {"term": "Rows", "value": f"{dataset.rows:,}"},
        {"term": "Columns", "value": len(dataset.columns)},
        {
            "term": "Label",
            "value": dataset.label,
            "note": f"{dataset.positive} counts as yes" if dataset.positive else "",
        },
        {"term": "Prediction", "value": dataset.prediction},
        {"term": "Score", "value": dataset.score},
        {"term": "Sensitive", "value": ", ".join(dataset.sensitive)},
        {"term": "Owner", "value": dataset.owner.name, "note": "cannot sign for what was trained on it"},
        {"term": "Digest", "value": "", "digest": dataset.digest},
    ]
    return [row for row in rows if row["value"] or row.get("digest")]


def _roles(dataset: Dataset, column: str) -> list[str]:
    """What a column means here."""
    meanings = [("label", dataset.label), ("prediction", dataset.prediction), ("score", dataset.score)]
    roles = [role for role, name in meanings if name == column]
    return [*roles, "sensitive"] if column in dataset.sensitive else roles
