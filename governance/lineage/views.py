"""The lineage of anything: a picture, and the same as a table."""

from typing import cast

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from governance.lineage.access import Start, start_for_reader
from governance.lineage.graph import Direction, Graph
from governance.lineage.picture import drawn
from governance.lineage.queries import lineage as lineage_of
from governance.lineage.sightings import deployed_that_saw
from governance.lineage.telling import KIND_WORDS
from registry.models import Dataset, ModelVersion, RegisteredModel

DIRECTIONS = [
    ("both", "Both directions"),
    ("upstream", "What it came from"),
    ("downstream", "What came of it"),
]


@require_GET
def lineage(request: UserRequest, kind: str, key: str) -> HttpResponse:
    """Where something came from, and what came of it."""
    start = start_for_reader(request.user, kind, key.rstrip("/"))
    asked = request.GET.get("direction", "")
    direction = cast(Direction, asked if asked in dict(DIRECTIONS) else "both")
    now = timezone.now()
    graph = lineage_of(start, request.user, direction=direction, at=now)
    thing = start.thing
    context = {
        "start": start,
        "name": _name(start),
        "word": KIND_WORDS[start.kind],
        "own_href": _own_page(graph, start),
        "version": thing if isinstance(thing, ModelVersion) else None,
        "sightings": deployed_that_saw(thing, request.user, at=now) if isinstance(thing, Dataset) else None,
        "key": start.key,
        "crumb": _crumb(start),
        "picture": drawn(graph, f"Lineage of {_name(start)}"),
        "alone": len(graph.nodes) <= 1,
        "directions": [
            {"label": label, "href": f"?direction={name}", "current": name == direction}
            for name, label in DIRECTIONS
        ],
        "api_path": f"/api/v1/lineage/{start.kind}/{start.key}",
    }
    return render(request, "lineage/lineage.html", context)


def _name(start: Start) -> str:
    thing = start.thing
    return thing.name if isinstance(thing, RegisteredModel) else str(thing)


def _own_page(graph: Graph, start: Start) -> str:
    """The page of the thing itself; a model without versions is no node of its own."""
    if isinstance(start.thing, RegisteredModel):
        return reverse("portfolio:model", args=[start.thing.slug])
    return graph.node(start.id).href


def _crumb(start: Start) -> tuple[str, str]:
    """The list that the thing stands in, and its address."""
    if isinstance(start.thing, Dataset):
        return "Data sets", "registry:datasets"
    return {
        "evaluation": ("Evaluations", "evaluations:runs"),
        "review": ("Reviews", "riskreview:reviews"),
        "decision": ("Gate decisions", "gate:decisions"),
        "deployment": ("Deployments", "deployments:deployments"),
    }.get(start.kind, ("Models", "portfolio:models"))
