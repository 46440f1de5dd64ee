"""What runs where: the list, the map of models and environments, and one deployment with the way back."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest, actor_of
from accounts.models import User
from audit.verbs import Verb
from governance.deployments import queries
from governance.deployments.queries import Filters, Row
from governance.gate.queries import decision_named
from registry.access import deployment_for_reader
from registry.models import RUNNING, Deployment, DeploymentStatus, Environment, RegisteredModel, Strategy
from registry.sight import seen_by
from registry.spreadsheets import FORMATS, Export

PAGE_SIZE = 50
VIEWS = {
    "running": "Running",
    "map": "Map",
    "flagged": "Flagged",
    "started": "On their way",
    "all": "Everything",
}
HEADER = (
    *("id", "model", "version", "environment", "status", "strategy", "traffic_share", "decision", "problem"),
    *("denied_now", "reported_by", "started", "finished", "ended", "note"),
)
EXPORT = Export(Verb.DEPLOYMENTS_EXPORTED, name="deployments", sheet="Deployments", header=HEADER)


@dataclass
class MapRow:
    """One model and what runs of it in each environment."""

    model: RegisteredModel
    cells: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in Environment.values})


@require_GET
def deployment_list(request: UserRequest) -> HttpResponseBase:
    """What runs where, since when, under which decision."""
    now = timezone.now()
    filters = _filters(request)
    if (kind := request.GET.get("format", "")) in FORMATS:
        rows = _all(filters, request.user, now)
        cells = (_cells(row) for row in rows)
        asked = asdict(filters)
        return EXPORT.taken(kind, cells, count=len(rows), filters=asked, actor=actor_of(request), at=now)
    flagged = queries.flagged(Filters(), request.user, at=now)
    counts = queries.counts(request.user) | {"flagged": len(flagged)}
    page = _page(filters, request.user, request.GET.get("page"), now)
    context = {
        "filters": filters,
        "page": page,
        "map": page.object_list if filters.view == "map" else None,
        "environments": Environment.choices,
        "undecided": [row for row in flagged if row.deployment.problem],
        "denied": [row for row in flagged if not row.deployment.problem],
        "tabs": [
            {
                "label": label,
                "href": f"?view={name}",
                "count": counts.get(name),
                "current": filters.view == name,
            }
            for name, label in VIEWS.items()
        ],
        "selects": _selects(filters, request.user),
        "chips": _chips(request, filters),
        "none_ever": not counts["all"],
    }
    return render(request, "deployments/deployments.html", context)


@require_GET
def deployment_detail(request: UserRequest, pk: int) -> HttpResponse:
    """One deployment: what carried it, whether it still may run, and the way back."""
    found = deployment_for_reader(request.user, pk)
    now = timezone.now()
    row = queries.rows_of([found], at=now)[0]
    may_go_back = found.is_running or found.status == DeploymentStatus.STARTED
    earlier = queries.earlier_versions(found, at=now) if may_go_back else []
    context = {
        "row": row,
        "deployment": found,
        "version": found.version,
        "facts": _facts(found, row),
        "may_go_back": may_go_back,
        "earlier": earlier,
        "target": next((one for one in earlier if one.allows), None),
        "site": settings.COUNTERSIGN_URL,
        "beside": queries.rows_of(queries.beside(found), at=now),
    }
    return render(request, "deployments/deployment.html", context)


def _filters(request: HttpRequest) -> Filters:
    given = {name: request.GET.get(name, "").strip()[:100] for name in Filters.__dataclass_fields__}
    given["view"] = given["view"] if given["view"] in VIEWS else "running"
    given["q"] = given["q"].replace("\0", "")
    given["model"] = given["model"].replace("\0", "")
    return Filters(**given)


def _page(filters: Filters, reader: User, number: str | None, at: datetime) -> Page[Any]:
    if filters.view == "flagged":
        return Paginator(queries.flagged(filters, reader, at=at), PAGE_SIZE).get_page(number)
    rows = queries.deployments(filters, reader)
    if filters.view == "map":
        return _map(filters, reader, number, at)
    page: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(number)
    page.object_list = queries.rows_of(list(page.object_list), at=at)
    return page


def _map(filters: Filters, reader: User, number: str | None, at: datetime) -> Page[Any]:
    """A page of models that run somewhere; for each environment what runs there."""
    running = queries.deployments(filters, reader)
    models = RegisteredModel.objects.filter(pk__in=running.order_by().values("version__model"))
    page: Page[Any] = Paginator(models.order_by("name", "pk"), PAGE_SIZE).get_page(number)
    shown = {model.pk: MapRow(model) for model in page.object_list}
    for row in queries.rows_of(list(running.filter(version__model__in=shown)), at=at):
        deployment = row.deployment
        shown[deployment.version.model_id].cells[deployment.environment].append(row)
    page.object_list = list(shown.values())
    return page


def _all(filters: Filters, reader: User, at: datetime) -> list[Row]:
    if filters.view == "flagged":
        return queries.flagged(filters, reader, at=at)
    return queries.rows_of(list(queries.deployments(filters, reader)), at=at)


def _selects(filters: Filters, reader: User) -> list[dict[str, Any]]:
    rows = Deployment.objects.filter(seen_by(reader, "version__model"))
    rows = rows.filter(RUNNING) if filters.view != "all" else rows
    names = RegisteredModel.objects.filter(pk__in=rows.values("version__model")).order_by("name")
    options = list(names.values_list("slug", "name")[:500])
    return [
        {
            "name": "environment",
            "label": "Environment",
            "options": Environment.choices,
            "value": filters.environment,
        },
        {"name": "strategy", "label": "Strategy", "options": Strategy.choices, "value": filters.strategy},
        {"name": "model", "label": "Model", "options": options, "value": filters.model},
    ]


def _chips(request: UserRequest, filters: Filters) -> list[dict[str, str]]:
    chips = []
    for select in _selects(filters, request.user):
        if select["value"]:
            kept = request.GET.copy()
            kept.pop(select["name"], None)
            kept.pop("page", None)
            words = dict(select["options"]).get(select["value"], select["value"])
            chips.append({"label": select["label"], "value": words, "remove": f"?{kept.urlencode()}"})
    return chips


def _facts(deployment: Deployment, row: Row) -> list[dict[str, Any]]:
    decision = decision_named(deployment.decision_id, None) if deployment.decision_id else None
    failed, at_once = row.state == DeploymentStatus.FAILED, deployment.finished_at == deployment.deployed_at
    moments = [
        ("" if at_once else "Started", deployment.deployed_at),
        ("Failed" if failed else "Live", deployment.finished_at),
        ("" if failed else row.state.label, deployment.ended_at),
    ]
    facts: list[dict[str, Any]] = [
        {"term": "Environment", "value": deployment.get_environment_display()},
        {"term": "Strategy", "value": deployment.way},
        *({"term": term, "moment": moment} for term, moment in moments if term and moment),
        {"term": "Reported by", "person": deployment.reported_by},
        {"term": "Note", "value": deployment.note},
        {
            "term": "Decision",
            "value": deployment.decision_id or "none named",
            "href": row.decision_url,
            "decision": decision,
        },
        {"term": "Artifact", "digest": deployment.version.artifact_digest},
    ]
    return [fact for fact in facts if len([value for value in fact.values() if value]) > 1]


def _cells(row: Row) -> list[object]:
    one = row.deployment
    return [
        *(one.pk, one.version.model.slug, one.version.version, one.environment, row.state, one.strategy),
        *(one.traffic_share, one.decision_id, one.problem, row.denied, one.reported_by),
        *(moment and moment.isoformat() for moment in (one.deployed_at, one.finished_at, one.ended_at)),
        one.note,
    ]
