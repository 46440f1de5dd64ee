"""A version's scoring endpoint: set, tried with five rows, removed."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from evaluations.access import may_evaluate, refuse_unless_may_evaluate
from evaluations.endpoints.actions import note_trial, remove_endpoint, set_endpoint
from evaluations.endpoints.forms import EndpointForm, TrialForm
from evaluations.endpoints.rules import entry_of
from evaluations.endpoints.scoring import TRIAL_ROWS, endpoint_of, try_rows
from evaluations.models import ScoringEndpoint
from registry.access import may_edit, refuse_unless_editor, version_for_reader
from registry.models import ModelVersion
from registry.storage import StoredBytesDiffer, materialised_dataset


@require_http_methods(["GET", "POST"])
def endpoint(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """What is set, for everybody; the form, for the model's team."""
    found = version_for_reader(request.user, slug, version)
    if request.method == "GET":
        return _page(request, found)
    refuse_unless_editor(request.user, found.model)
    form = EndpointForm(request.POST, version=found)
    if not form.is_valid():
        return _page(request, found, form=form, status=400)
    try:
        set_endpoint(
            version=found, entry=form.entry, user=request.user, actor=actor_of(request), at=timezone.now()
        )
    except (Invalid, Conflict) as refused:
        return _page(request, found, form=form, status=complain(form, refused))
    messages.success(request, "The endpoint is set. Try it with five rows.")
    return redirect("evaluations:endpoint", slug, version)


@require_POST
def remove(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Ask there no more."""
    found = version_for_reader(request.user, slug, version)
    refuse_unless_editor(request.user, found.model)
    remove_endpoint(version=found, actor=actor_of(request), at=timezone.now())
    messages.success(request, "The endpoint is removed.")
    return redirect("evaluations:endpoint", slug, version)


@require_POST
def trial(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Send five rows now and show what came back."""
    found = version_for_reader(request.user, slug, version)
    refuse_unless_may_evaluate(request.user, found)
    known = endpoint_of(found)
    if known is None:
        raise Conflict(f"{found} has no scoring endpoint.", "Set one first.")
    form = TrialForm(request.POST)
    if not form.is_valid():
        return _page(request, found, tried=form, status=400)
    dataset = form.chosen
    try:
        with materialised_dataset(dataset) as data:
            done, spec = try_rows(known, dataset, data)
    except (Invalid, StoredBytesDiffer) as refused:
        form.add_error(None, str(refused))
        return _page(request, found, tried=form, status=400)
    note_trial(
        endpoint=known,
        rows=min(TRIAL_ROWS, dataset.rows),
        dataset=str(dataset),
        failure=done.failure,
        actor=actor_of(request),
        at=timezone.now(),
    )
    return _page(
        request, found, tried=form, outcome={"done": done, "columns": spec.columns, "dataset": dataset}
    )


def _page(
    request: UserRequest,
    version: ModelVersion,
    *,
    form: EndpointForm | None = None,
    tried: TrialForm | None = None,
    outcome: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    known = endpoint_of(version)
    may = may_edit(request.user, version.model)
    context = {
        "version": version,
        "endpoint": known,
        "form": (form or EndpointForm(initial=_initial(known), version=version)) if may else None,
        "trial": (tried or TrialForm()) if known and may_evaluate(request.user, version) else None,
        "outcome": outcome,
    }
    return render(request, "evaluations/endpoint.html", context, status=status)


def _initial(known: ScoringEndpoint | None) -> dict[str, object] | None:
    if known is None:
        return None
    entry = asdict(entry_of(known))
    return entry | {"columns": "\n".join(entry["columns"])}
