"""What activating a pack would change, watched while it is worked out; and the two people who activate it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.proving.again import with_proof
from accounts.refusals import Conflict, Invalid
from audit.verbs import Verb
from evaluations.models import JobStatus
from registry.models import Environment
from registry.sight import hidden_from
from registry.spreadsheets import Export
from riskreview.access import activation_for_reader, pack_for_reader, simulation_for_reader
from riskreview.models import Activation, ActivationState, PolicyPack, Simulation
from riskreview.policies.activation import (
    PREVIEW_HOLDS,
    ask_activation,
    confirm_activation,
    reason_against_deciding,
    refuse_activation,
    withdraw_activation,
)
from riskreview.policies.forms import AskForm, ConfirmActivationForm, RefuseForm
from riskreview.policies.simulation import in_short
from riskreview.policies.simulations import ACTIVATORS, cancel_simulation, request_simulation

PAGE_SIZE = 50
STOP_POLLING = 286  # htmx ends a poll on this status
SENTENCES = {
    JobStatus.QUEUED: "Waiting for a worker",
    JobStatus.SUCCEEDED: "Finished",
    JobStatus.FAILED: "Failed",
    JobStatus.CANCELLED: "Stopped",
}
COLUMNS = ("model", "version", "environment", "tier", "to", "deployed", "why")


@require_POST
def simulate(request: UserRequest, name: str, version: int) -> HttpResponse:
    """Have a worker find out what the pack would change."""
    row = pack_for_reader(request.user, name, version)
    job = request_simulation(pack=row, requester=request.user, actor=actor_of(request), at=timezone.now())
    return redirect("riskreview:simulation", job.pk)


@require_GET
def simulation(request: UserRequest, pk: int) -> HttpResponse:
    """The progress, then what would change."""
    found = simulation_for_reader(request.user, pk)
    if request.headers.get("HX-Request"):
        status = 200 if found.is_live else STOP_POLLING
        response = render(request, "riskreview/impact_progress.html", _job(found), status=status)
        if not found.is_live:
            response["HX-Refresh"] = "true"
        return response
    return _page(request, found)


@require_POST
def cancel(request: UserRequest, pk: int) -> HttpResponse:
    """Stop it."""
    found = simulation_for_reader(request.user, pk)
    cancel_simulation(simulation=found, user=request.user, actor=actor_of(request), at=timezone.now())
    return redirect("riskreview:simulation", pk)


@require_GET
def changes(request: UserRequest, pk: int) -> HttpResponseBase:
    """Every version whose answer would change, as a file: CSV unless Excel is asked for."""
    found = simulation_for_reader(request.user, pk)
    if found.result is None:
        raise Http404("This impact preview has no result.")
    kind = "xlsx" if request.GET.get("format") == "xlsx" else "csv"
    items = _seen(request, found.result["changes"])
    export = Export(
        Verb.POLICY_IMPACT_EXPORTED,
        name=f"{found.pack.name}-{found.pack.version}-impact",
        sheet="Impact",
        header=COLUMNS,
    )
    subject, now = found.pack.ref, timezone.now()
    rows = ([_cell(item, column) for column in COLUMNS] for item in items)
    return export.taken(
        kind, rows, count=len(items), filters={}, actor=actor_of(request), at=now, subject=subject
    )


def _cell(item: Mapping[str, Any], column: str) -> str:
    if column == "deployed":
        return "yes" if item["deployed"] else ""
    return " ".join(item["why"]) if column == "why" else str(item[column])


@require_POST
def ask(request: UserRequest, pk: int) -> HttpResponse:
    """Ask for the pack to be activated, having seen this preview."""
    found = simulation_for_reader(request.user, pk)
    form = AskForm(request.POST)
    if not form.is_valid() and request.user.holds(*ACTIVATORS):
        return _page(request, found, ask_form=form, status=400)
    given = form.cleaned_data  # of somebody who may not ask even half a form is a try
    try:
        ask_activation(
            simulation=found,
            seen_digest=given.get("seen", ""),
            why=given.get("why", ""),
            asker=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _page(request, found, ask_form=form, status=complain(form, refused))
    messages.success(request, f"Asked. {found.pack} is in force once a second person confirms it.")
    return redirect("riskreview:simulation", pk)


@sensitive_post_parameters("password")
@require_POST
def confirm(request: UserRequest, pk: int) -> HttpResponse:
    """Activate the pack, as the second person."""
    wish = activation_for_reader(request.user, pk)
    form = ConfirmActivationForm(with_proof(request))
    form.is_valid()  # an empty password is a wrong one, and a try by somebody who may not goes on the record
    try:
        confirm_activation(
            activation=wish,
            password=form.cleaned_data.get("password", ""),
            confirmer=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        status = complain(form, refused)
        return _page(request, _preview(request, wish), confirm_form=form, status=status)
    messages.success(request, f"{wish.pack} judges from now on.")
    return redirect("riskreview:policy")


@require_POST
def refuse(request: UserRequest, pk: int) -> HttpResponse:
    """Say no, as the second person."""
    wish = activation_for_reader(request.user, pk)
    form = RefuseForm(request.POST)
    if not form.is_valid() and not reason_against_deciding(request.user, wish):
        return _page(request, _preview(request, wish), refuse_form=form, status=400)
    refuse_activation(
        activation=wish,
        note=form.cleaned_data.get("note", ""),
        user=request.user,
        actor=actor_of(request),
        at=timezone.now(),
    )
    messages.success(request, f"Refused. {wish.asked_by.name} is told.")
    return redirect("riskreview:pack", wish.pack.name, wish.pack.version)


@require_POST
def withdraw_wish(request: UserRequest, pk: int) -> HttpResponse:
    """Take the wish back."""
    wish = activation_for_reader(request.user, pk)
    withdraw_activation(activation=wish, user=request.user, actor=actor_of(request), at=timezone.now())
    messages.success(request, "Withdrawn.")
    return redirect("riskreview:pack", wish.pack.name, wish.pack.version)


def _preview(request: UserRequest, wish: Activation) -> Simulation:
    """What the one who asked had seen."""
    return simulation_for_reader(request.user, wish.simulation_id or 0)


def _job(found: Simulation) -> dict[str, Any]:
    """The job as the progress partial shows it."""
    status = JobStatus(found.status)
    return {
        "simulation": found,
        "run": {
            "id": f"simulation-{found.pk}",
            "title": "Judging every version by both packs",
            "state": found.status,
            "sentence": SENTENCES.get(status, found.step or "Working"),
            "percent": found.percent,
            "failure": found.failure,
        },
    }


def _page(request: UserRequest, found: Simulation, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {**_job(found), "pack": found.pack, "may": request.user.holds(*ACTIVATORS)}
    if found.result is not None:
        context |= _result(request, found, found.result) | _panel(request, found) | forms
    return render(request, "riskreview/impact.html", context, status=status)


def _result(request: UserRequest, found: Simulation, result: Mapping[str, Any]) -> dict[str, Any]:
    to, place = request.GET.get("to", ""), request.GET.get("environment", "")
    rows: Sequence[Mapping[str, Any]] = [
        item
        for item in _seen(request, result["changes"])
        if (not to or item["to"] == to) and (not place or item["environment"] == place)
    ]
    return {
        "result": result,
        "lead": in_short(result, active=found.against_id is not None),
        "counts": [(name, label, result["environments"][name]) for name, label in Environment.choices],
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "shown_to": to,
        "shown_environment": place,
    }


def _seen(request: UserRequest, items: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Those of models that the reader may see. The counts beside them are of all: who activates must know them."""
    hidden = set(hidden_from(request.user).values_list("slug", flat=True))
    return [item for item in items if item["model"] not in hidden] if hidden else items


def _panel(request: UserRequest, found: Simulation) -> dict[str, Any]:
    """Who may do what about activating the pack, and why not."""
    rows = found.pack.activations.filter(state=ActivationState.ASKED)
    wish = rows.select_related("asked_by", "simulation").first()
    active = PolicyPack.objects.filter(active=True).values_list("pk", flat=True).first()
    old = found.as_of is None or timezone.now() - found.as_of > PREVIEW_HOLDS
    return {
        "wish": wish,
        "outdated": "another" if found.against_id != active else "old" if old else "",
        "why_not": reason_against_deciding(request.user, wish) if wish else "",
        "own_wish": wish is not None and wish.asked_by_id == request.user.pk,
        "ask_form": AskForm(initial={"seen": found.result_digest}),
        "confirm_form": ConfirmActivationForm(),
        "refuse_form": RefuseForm(),
    }
