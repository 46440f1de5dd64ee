"""Data sets: the list, one, a new one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from registry.access import (
    dataset_for_downloader,
    dataset_for_reader,
    may_download,
    may_register_data,
    refuse_unless_steward,
)
from registry.actions import record_dataset_download, register_dataset
from registry.forms.datasets import DatasetForm
from registry.models import Classification, DatasetRole
from registry.queries import DatasetFilters, dataset_owners, siblings_of, trained_on
from registry.queries import datasets as dataset_rows
from registry.storage import opened_dataset
from registry.views.dataset_page import page_of
from registry.views.sending import sent

PAGE_SIZE = 50


@require_GET
def datasets(request: UserRequest) -> HttpResponse:
    """Every data set."""
    given = request.GET
    filters = DatasetFilters(
        q=given.get("q", "").strip()[:100].replace("\0", ""),
        role=given.get("role", ""),
        classification=given.get("classification", ""),
        owner=given.get("owner", "").replace("\0", ""),
    )
    owners = [(owner.username, owner.name) for owner in dataset_owners()]
    page = Paginator(dataset_rows(filters, request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filters": filters,
        "narrowed": filters != DatasetFilters(),
        "selects": [
            {"name": "role", "label": "Role", "options": DatasetRole.choices, "value": filters.role},
            {
                "name": "classification",
                "label": "Classification",
                "options": Classification.choices,
                "value": filters.classification,
            },
            {"name": "owner", "label": "Owner", "options": owners, "value": filters.owner},
        ],
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
                failed = made.validation.get("failed", 0)
                warned = f" {failed} checks of its schema fail; see Validation." if failed else ""
                messages.success(
                    request, f"{made} is registered: {made.rows:,} rows, {len(made.columns)} columns.{warned}"
                )
                return redirect("registry:dataset", made.name, made.version)
    return render(request, "registry/dataset_new.html", {"form": form}, status=status)


@require_GET
def dataset(request: UserRequest, name: str, version: str) -> HttpResponse:
    """One data set: what its columns mean and hold, how it fared against its schema, who used it."""
    found = dataset_for_reader(request.user, name, version)
    context = {
        **page_of(found, request.user),
        "dataset": found,
        "siblings": list(siblings_of(found)),
        "trained": list(trained_on(found, request.user)),
        "may_download": may_download(request.user, found),
    }
    return render(request, "registry/dataset.html", context)


@require_GET
def dataset_file(request: UserRequest, name: str, version: str) -> HttpResponseBase:
    """The file, to keep; each download is recorded."""
    found = dataset_for_downloader(request.user, name, version)
    file = opened_dataset(found)
    record_dataset_download(dataset=found, actor=actor_of(request), at=timezone.now())
    return FileResponse(
        file, as_attachment=True, filename=found.filename, content_type="application/octet-stream"
    )
