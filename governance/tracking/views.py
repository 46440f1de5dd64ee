"""Connecting tracking servers, and looking at what came from them. For administrators only."""

import json
from time import monotonic
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from governance.tracking.forms import ServerForm
from governance.tracking.hooks import EVENTS
from governance.tracking.queries import LOOK_SECONDS, runs_of, server_rows, ties_of
from governance.tracking.rounds import ask
from registry.access import refuse_unless_connector, server_for_administrator
from registry.actions.servers import change_server, connect_server, default_server, remove_server
from registry.models import DEFAULT_SERVER, TrackingServer
from registry.tracked import said
from registry.tracking import look
from registry.tracking_stores import (
    Store,
    credentials_found,
    hook_secret,
    refuse_bad_server,
    shown,
    store_of,
    variable,
)
from registry.views.sending import sent
from registry.wishes import WRITE, Wanted

PAGE_SIZE = 20


@require_GET
def servers(request: UserRequest) -> HttpResponse:
    """Every server that is connected."""
    refuse_unless_connector(request.user)
    return render(request, "tracking/servers.html", {"rows": server_rows(at=timezone.now())})


@require_http_methods(["GET", "POST"])
def server_new(request: UserRequest) -> HttpResponse:
    """Connect a server, or only try its address."""
    refuse_unless_connector(request.user)
    form, status, tried = ServerForm(*sent(request), new=True), 200, None
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            if "test" in request.POST:
                tried, status = _try(form, Store(given["name"], given["uri"].strip())), 200
            else:
                try:
                    made = connect_server(
                        **given, owner=request.user, actor=actor_of(request), at=timezone.now()
                    )
                except (Invalid, Conflict) as refused:
                    status = complain(form, refused, "name")
                else:
                    messages.success(request, f"{made.name} is connected. Next: choose what comes in.")
                    return redirect("tracking:bring", made.name)
    return render(request, "tracking/server_form.html", {"form": form, "tried": tried}, status=status)


@never_cache
@require_GET
def server(request: UserRequest, name: str) -> HttpResponse:
    """One server: what comes from it, its rounds, and how MLflow tells us of news."""
    found = server_of(request, name)
    ties = Paginator(ties_of(found, request.user), PAGE_SIZE)
    runs = Paginator(runs_of(found), PAGE_SIZE)
    context = {
        "server": found,
        "address": shown(found.address),
        "ties": ties.get_page(request.GET.get("models")),
        "runs": runs.get_page(request.GET.get("page")),
        "live": found.runs.filter(status__in=["queued", "running"]).order_by("-status").first(),
        "credentials": credentials_found(found.name),
        "variables": [variable(found.name, part) for part in ("TOKEN", "USERNAME", "PASSWORD")],
        "command": _hook_command(found),
        "served": found.address.startswith("http"),
    }
    return render(request, "tracking/server.html", context)


@require_http_methods(["GET", "POST"])
def server_edit(request: UserRequest, name: str) -> HttpResponse:
    """Change a server, or only try its address."""
    found = server_of(request, name)
    initial = {
        "uri": found.uri,
        "every_minutes": found.every_minutes,
        "writes_back": found.writes_back,
    }
    form = ServerForm(*sent(request), initial=initial, new=False, default=found.is_default)
    status, tried = 200, None
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = {"uri": found.uri} | form.cleaned_data
            if "test" in request.POST:
                tried, status = _try(form, store_of(found), given["uri"].strip()), 200
            else:
                try:
                    _change(request, found, given)
                except (Invalid, Conflict) as refused:
                    status = complain(form, refused, "uri")
                else:
                    messages.success(request, f"{found.name} is kept.")
                    return redirect("tracking:server", found.name)
    context = {"form": form, "server": found, "tried": tried, "address": shown(found.address)}
    return render(request, "tracking/server_form.html", context, status=status)


def _change(request: UserRequest, found: TrackingServer, given: dict[str, Any]) -> None:
    changed = change_server(server=found, **given, actor=actor_of(request), at=timezone.now())
    if found.writes_back != changed.writes_back:
        _write(request, changed)


@require_http_methods(["GET", "POST"])
def server_remove(request: UserRequest, name: str) -> HttpResponse:
    """Say what removing means, and do it."""
    found = server_of(request, name)
    if request.method == "POST":
        removed = remove_server(server=found, actor=actor_of(request), at=timezone.now())
        if found.writes_back:
            _write(request, removed)
        messages.success(request, f"{found.name} is removed. What came from it stays.")
        return redirect("tracking:servers")
    return render(request, "tracking/server_remove.html", {"server": found, "models": found.tracked.count()})


@require_POST
def sync(request: UserRequest, name: str) -> HttpResponse:
    """Read the server now, and try again what was left out."""
    found, actor = server_of(request, name), actor_of(request)
    wanted = Wanted(again=True, actor_id=actor.id, actor_name=actor.name)
    run = ask(server=found, wanted=wanted, asked_by=request.user.name, at=timezone.now())
    return redirect("tracking:run", found.name, run.pk)


def server_of(request: UserRequest, name: str) -> TrackingServer:
    """The server, for an administrator."""
    refuse_unless_connector(request.user)
    if name == DEFAULT_SERVER:
        default_server(at=timezone.now())
    return server_for_administrator(request.user, name)


def _hook_command(found: TrackingServer) -> str:
    """What makes the webhook, ready to be run."""
    address = f"{settings.COUNTERSIGN_URL}{reverse('api-mlflow-events', args=[found.name])}"
    return (
        "python - <<'END'\n"
        "from mlflow import MlflowClient\n"
        f"MlflowClient({json.dumps(shown(found.address))}).create_webhook(\n"
        '    name="countersign",\n'
        f"    url={json.dumps(address)},\n"
        f"    events={json.dumps(EVENTS)},\n"
        f"    secret={json.dumps(hook_secret(found))},\n"
        ")\nEND"
    )


def _write(request: UserRequest, found: TrackingServer) -> None:
    """Let what MLflow says follow at once: marks appear, or our aliases go."""
    actor = actor_of(request)
    wanted = Wanted(deed=WRITE, actor_id=actor.id, actor_name=actor.name)
    ask(server=found, wanted=wanted, asked_by=request.user.name, at=timezone.now())


def _try(form: ServerForm, store: Store, uri: str = "") -> dict[str, Any] | None:
    """What the address answers; None with the problem on the form."""
    begun = monotonic()
    try:
        if store.name != DEFAULT_SERVER:
            refuse_bad_server(uri or store.uri)
            store = Store(store.name, uri or store.uri)
        found = look(store, seconds=LOOK_SECONDS)
    except Invalid as refused:
        form.add_error("uri" if "uri" in form.fields else None, said(refused))
        return None
    versions = sum(len(model.versions) for model in found)
    return {"models": len(found), "versions": versions, "seconds": monotonic() - begun}
