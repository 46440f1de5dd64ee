"""Runs: the list, one version's, one run with its charts and its origin, starting and stopping."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from evaluations.access import may_evaluate, refuse_unless_may_evaluate, run_for_reader
from evaluations.actions import MEASURED_KINDS, cancel_evaluation, request_evaluation
from evaluations.charts import charts_for
from evaluations.forms import EvaluationForm
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus
from evaluations.queries import RunFilters, previous_run, runs, runs_of
from evaluations.tiles import tiles_of
from registry.access import version_for_reader

PAGE_SIZE = 50
STOP_POLLING = 286  # htmx ends a poll on this status


@require_GET
def run_list(request: UserRequest) -> HttpResponse:
    """Every run, newest first."""
    filters = RunFilters(
        q=request.GET.get("q", "").strip()[:100],
        kind=request.GET.get("kind", ""),
        status=request.GET.get("status", ""),
    )
    selects: list[dict[str, Any]] = [
        {"name": "kind", "label": "Kind", "options": EvaluationKind.choices, "value": filters.kind},
        {"name": "status", "label": "Status", "options": JobStatus.choices, "value": filters.status},
    ]
    page = Paginator(runs(filters), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "evaluations/runs.html", {"page": page, "filters": filters, "selects": selects})


@require_GET
def version_runs(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The evaluations tab of a version."""
    found = version_for_reader(request.user, slug, version)
    return _version_page(request, found, EvaluationForm())


@require_POST
def start(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Queue the chosen kinds; what cannot be measured is said beside the form and the rest is queued."""
    found = version_for_reader(request.user, slug, version)
    refuse_unless_may_evaluate(request.user, found)
    form = EvaluationForm(request.POST)
    if not form.is_valid():
        return _version_page(request, found, form, status=400)
    queued = []
    for kind in form.cleaned_data["kinds"]:
        try:
            run = request_evaluation(
                version=found,
                dataset=form.chosen,
                kind=kind,
                config={},
                requester=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
            queued.append(run)
        except (Invalid, Conflict) as refused:
            form.add_error(None, f"{EvaluationKind(kind).label}: {refused} {refused.remedy}".strip())
    if form.errors:
        return _version_page(request, found, form, status=400)
    if len(queued) == 1:
        return redirect("evaluations:run", queued[0].pk)
    messages.success(request, f"{len(queued)} evaluations wait for a worker.")
    return redirect("evaluations:version_runs", slug, version)


def _version_page(
    request: UserRequest, version: Any, form: EvaluationForm, status: int = 200
) -> HttpResponse:
    found = list(runs_of(version))
    context = {
        "version": version,
        "runs": found,
        "live": any(run.is_live for run in found),
        "form": form,
        "may_evaluate": may_evaluate(request.user, version),
        "measured": version.model.kind in MEASURED_KINDS,
    }
    if request.headers.get("HX-Request"):
        answer = 200 if context["live"] else STOP_POLLING
        return render(request, "evaluations/runs_of_version.html", context, status=answer)
    return render(request, "evaluations/version.html", context, status=status)


@require_GET
def run(request: UserRequest, number: int) -> HttpResponse:
    """One run: its progress while it works, then what it measured and where that comes from."""
    found = run_for_reader(request.user, number)
    result = found.result or {}
    model_kind = found.version.model.kind
    context = {
        "run": found,
        "version": found.version,
        "job": progress_of(found),
        "tiles": tiles_of(found),
        "charts": charts_for(result, found.kind, model_kind) if found.result else [],
        "groups": result.get("groups", []),
        "conventions": result.get("conventions", {}),
        "previous": previous_run(found),
        "siblings": list(runs_of(found.version)[:8]),
        "may_evaluate": may_evaluate(request.user, found.version),
    }
    return render(request, "evaluations/run.html", context)


@require_GET
def progress(request: UserRequest, number: int) -> HttpResponse:
    """What htmx polls: the progress panel, until the run has ended; then the page is loaded anew."""
    found = run_for_reader(request.user, number)
    response = render(
        request,
        "evaluations/progress.html",
        {"run": found, "job": progress_of(found)},
        status=200 if found.is_live else STOP_POLLING,
    )
    if not found.is_live:
        response["HX-Refresh"] = "true"
    return response


def progress_of(run: EvaluationRun) -> dict[str, Any]:
    """The job as the progress partial shows it."""
    sentences = {
        JobStatus.QUEUED: "Waiting for a worker",
        JobStatus.RUNNING: run.step or "Working",
        JobStatus.SUCCEEDED: "Finished",
        JobStatus.FAILED: "Failed",
        JobStatus.CANCELLED: run.failure or "Cancelled",
    }
    return {
        "id": f"run-{run.pk}",
        "title": f"Run {run.pk}, {run.get_kind_display().lower()}",
        "state": run.status,
        "sentence": sentences[JobStatus(run.status)],
        "percent": run.percent,
        "failure": run.failure if run.status == JobStatus.FAILED else "",
    }


@require_POST
def cancel(request: UserRequest, number: int) -> HttpResponse:
    """Stop a run."""
    found = run_for_reader(request.user, number)
    cancel_evaluation(run=found, user=request.user, actor=actor_of(request), at=timezone.now())
    messages.success(request, f"Run {number} was stopped.")
    return redirect("evaluations:run", number)


@require_GET
def result(request: UserRequest, number: int) -> JsonResponse:
    """What was measured, as JSON."""
    found = run_for_reader(request.user, number)
    if found.result is None:
        raise Http404("This run has no result.")
    response = JsonResponse({"run": found.pk, "result": found.result, "provenance": found.provenance})
    response["Content-Disposition"] = f'attachment; filename="run-{found.pk}.json"'
    return response
