"""The inventory, a model with its versions, and the page of a version with the gate panel."""

import csv
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from accounts.models import User
from governance.gate.queries import recent_decisions
from governance.portfolio import panels, queries
from governance.portfolio.queries import Filters, Inventory
from governance.portfolio.standing import standing_of
from registry.access import may_edit, may_stop, model_for_reader, version_for_reader
from registry.models import Environment

PAGE_SIZE = 50
TIERS = [("low", "Low"), ("moderate", "Moderate"), ("high", "High"), ("critical", "Critical")]
TIERS.append(("prohibited", "Prohibited"))
STATUSES = ["draft", "evaluating", "in_review", "approved", "lapsed", "rejected", "retired"]
VIEWS = [
    ("all", "All models"),
    ("attention", "Needs attention"),
    ("production", "Allowed in production"),
    ("mine", "Mine"),
]


def filters_of(request: HttpRequest) -> Filters:
    """The inventory's filters, from the address."""
    given = {name: request.GET.get(name, "").strip()[:100] for name in Filters.__dataclass_fields__}
    given["sort"] = given["sort"] if given["sort"] in queries.SORTS else "tier"
    given["view"] = given["view"] if given["view"] in dict(VIEWS) else "all"
    return Filters(**given)


@require_GET
def models(request: UserRequest) -> HttpResponse:
    """The inventory: the newest version of every model."""
    filters = filters_of(request)
    found = queries.inventory(filters, username=request.user.username, at=timezone.now())
    if request.GET.get("format") == "csv":
        return _csv(found)
    page = Paginator(found.rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "filters": filters,
        "page": page,
        "tabs": [
            {
                "label": label,
                "href": f"?view={name}",
                "count": found.views[name],
                "current": filters.view == name,
            }
            for name, label in VIEWS
        ],
        "selects": _selects(filters),
        "chips": _chips(request, filters),
        "undecided": queries.models_without_versions() if not filters.narrowed else [],
        "total": found.views["all"],
    }
    return render(request, "portfolio/models.html", context)


def _selects(filters: Filters) -> list[dict[str, Any]]:
    owners = User.objects.filter(owned_models__isnull=False).distinct().order_by("last_name")
    return [
        {"name": "tier", "label": "Tier", "options": TIERS, "value": filters.tier},
        {
            "name": "status",
            "label": "Status",
            "options": [(name, name.replace("_", " ").capitalize()) for name in STATUSES],
            "value": filters.status,
        },
        {
            "name": "owner",
            "label": "Owner",
            "options": [(user.username, user.name) for user in owners],
            "value": filters.owner,
        },
        {
            "name": "gate",
            "label": "Production",
            "options": [("allow", "Allow"), ("deny", "Deny")],
            "value": filters.gate,
        },
    ]


def _chips(request: HttpRequest, filters: Filters) -> list[dict[str, str]]:
    chips = []
    for select in _selects(filters):
        if select["value"]:
            kept = request.GET.copy()
            kept.pop(select["name"], None)
            words = dict(select["options"]).get(select["value"], select["value"])
            chips.append({"label": select["label"], "value": words, "remove": f"?{kept.urlencode()}"})
    return chips


def _csv(found: Inventory) -> HttpResponse:
    """The rows that match the filter, all pages of them."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="models.csv"'
    writer = csv.writer(response)
    writer.writerow(["model", "name", "version", "tier", "status", "owner", *Environment.values, "digest"])
    for row in found.rows:
        model = row.version.model
        gate = [row.judged[environment].verdict.decision for environment in Environment.values]
        cells = [model.slug, model.name, row.version.version, row.tier, row.status, model.owner.name, *gate]
        writer.writerow([_inert(cell) for cell in [*cells, row.version.artifact_digest]])
    return response


def _inert(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


@require_GET
def model(request: UserRequest, slug: str) -> HttpResponse:
    """A use, and every version that implements it."""
    found = model_for_reader(request.user, slug)
    versions = queries.versions_of(found, at=timezone.now())
    context = {
        "model": found,
        "developers": list(found.developers.all()),
        "versions": versions,
        "assessment": found.tier_assessments.select_related("confirmed_by", "assessed_by").first(),
        "may_edit": may_edit(request.user, found),
        "may_stop": may_stop(request.user, found),
        "serving": queries.serving([row.version for row in versions]),
        "happened": queries.what_happened(found.ref),
        "trail": f"{reverse('trail:events')}?subject={found.ref}",
    }
    return render(request, "portfolio/model.html", context)


@require_GET
def version(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """May it run? Why? Who does what by when?"""
    found = version_for_reader(request.user, slug, version)
    now = timezone.now()
    standing = standing_of(found, at=now)
    chosen = request.GET.get("env", "")
    environment = chosen if chosen in Environment.values else Environment.PRODUCTION.value
    context = {
        "version": found,
        "standing": standing,
        "facts": panels.facts(found),
        "measures": panels.measures(found),
        "signatures": panels.signatures(standing, environment, at=now),
        "decisions": recent_decisions(found, limit=5),
        "serving": [d for d in queries.serving([found]) if d.version_id == found.pk],
        "happened": queries.what_happened(found.ref),
        "trail": f"{reverse('trail:events')}?subject={found.ref}",
        **panels.gate_panel(standing, environment, at=now),
    }
    template = "portfolio/gate.html" if request.headers.get("HX-Request") else "portfolio/version.html"
    return render(request, template, context)
