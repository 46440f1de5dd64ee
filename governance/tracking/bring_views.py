"""Choosing what comes in from a tracking server, and watching a round."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.refusals import Invalid
from audit.canonical import clean
from governance.tracking.forms import BringForm, BringRows, owner_choices
from governance.tracking.queries import Candidate, candidates
from governance.tracking.rounds import ask
from governance.tracking.views import server_of
from registry.guesses import Traces, guess_kind, guess_slug
from registry.models import SyncRun, TrackingServer
from registry.wishes import Wanted, Wish

PAGE_SIZE = 50
STOP_POLLING = 286  # htmx ends a poll on this status


@require_http_methods(["GET", "POST"])
def bring(request: UserRequest, name: str) -> HttpResponse:
    """The registered models of a server: those that are here, and those that one may bring in."""
    server = server_of(request, name)
    owners = owner_choices()
    if request.method == "POST":
        rows = BringRows(request.POST, form_kwargs={"owners": owners}, prefix="m")
        form = BringForm(request.POST)
        if rows.is_valid() and form.is_valid():
            return _ask(request, server, rows, form.cleaned_data)
        return _page(request, server, rows, form, status=400)
    return _page(request, server, None, BringForm())


def _page(
    request: UserRequest, server: TrackingServer, rows: Any, form: BringForm, status: int = 200
) -> HttpResponse:
    q = clean(request.GET.get("q", ""))[:200]
    context: dict[str, Any] = {"server": server, "form": form, "q": q}
    try:
        found = candidates(server, request.user, q=q, fresh="again" in request.GET)
    except Invalid as problem:
        context["problem"] = problem
        return render(request, "tracking/bring.html", context, status=status)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    new = [candidate for candidate in page if candidate.here is None and candidate.ready]
    if rows is None:
        rows = BringRows(
            initial=[_initial(candidate) for candidate in new],
            form_kwargs={"owners": owner_choices()},
            prefix="m",
        )
    by_name = {str(row["name"].value()): row for row in rows}
    context |= {
        "page": page,
        "rows": rows,
        "lines": [(candidate, by_name.get(candidate.found.name)) for candidate in page],
        "new": len(new),
        "narrowed": bool(q),
    }
    return render(request, "tracking/bring.html", context, status=status)


def _initial(candidate: Candidate) -> dict[str, str]:
    found = candidate.found
    tags = dict(found.versions[-1].tags if found.versions else {}) | found.tags
    return {
        "name": found.name,
        "slug": guess_slug(found.name),
        "kind": guess_kind(Traces(tags)),
    }


def _ask(request: UserRequest, server: TrackingServer, rows: Any, how: dict[str, Any]) -> HttpResponse:
    chosen = [row.cleaned_data for row in rows if row.cleaned_data.get("take")]
    if not chosen:
        messages.warning(request, "Nothing was chosen. Tick the models that shall come in.")
        return redirect("tracking:bring", server.name)
    actor = actor_of(request)
    wanted = Wanted(
        names=tuple(row["name"] for row in chosen),
        bring=tuple(
            Wish(row["name"], owner=row["owner"], kind=row["kind"], slug=row["slug"], link=how["link"])
            for row in chosen
        ),
        latest=how["latest"] or 0,
        actor_id=actor.id,
        actor_name=actor.name,
    )
    run = ask(server=server, wanted=wanted, asked_by=request.user.name, at=timezone.now())
    return redirect("tracking:run", server.name, run.pk)


@require_GET
def run(request: UserRequest, name: str, pk: int) -> HttpResponse:
    """One round as it goes and what it did; htmx polls the part that changes."""
    server = server_of(request, name)
    found = server.runs.filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no round {pk} with {server.name}; quiet ones are forgotten.")
    page = Paginator(_lines(found), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"server": server, "sync": found, "run": _told(found), "page": page}
    if request.headers.get("HX-Request"):
        status = 200 if found.is_live else STOP_POLLING
        return render(request, "tracking/run_part.html", context, status=status)
    return render(request, "tracking/run.html", context)


def _lines(found: SyncRun) -> list[dict[str, Any]]:
    lines = found.outcome.get("lines", [])
    told = [dict(zip(("name", "version", "taken", "text"), line, strict=True)) for line in lines]
    return sorted(told, key=lambda line: bool(line["taken"]))


def _told(found: SyncRun) -> dict[str, Any]:
    """For partials/run_progress.html."""
    return {
        "id": found.pk,
        "title": f"Round with {found.server.name}",
        "state": found.status,
        "sentence": found.step,
        "percent": found.percent,
        "failure": found.failure,
    }
