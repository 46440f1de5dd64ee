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
from evaluations.actions import MEASURED_KINDS, cancel_evaluation, record_result_download, request_evaluation
from evaluations.charts import charts_for
from evaluations.forms import EvaluationForm
from evaluations.kinds import RULES
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus, Trigger
from evaluations.plan import informs_only, plan_of
from evaluations.presenting import checks_of, counted, figures_of, tables_of
from evaluations.queries import RunFilters, given_up, previous_run, runs, runs_of
from evaluations.record_forms import EXPLAINED, form_for
from evaluations.sources import Source
from registry.access import version_for_reader

PAGE_SIZE = 50
SOURCES = [
    ("model", "of the model"),
    ("columns", "of the data set"),
    ("endpoint", "of an endpoint"),
    ("reported", "reported"),
]
STOP_POLLING = 286  # htmx ends a poll on this status


@require_GET
def run_list(request: UserRequest) -> HttpResponse:
    """Every run, newest first."""
    given = {name: request.GET.get(name, "") for name in ("kind", "status", "source", "trigger")}
    filters = RunFilters(q=request.GET.get("q", "").strip()[:100], **given)
    selects: list[dict[str, Any]] = [
        {"name": name, "label": label, "options": options, "value": given[name]}
        for name, label, options in (
            ("kind", "Kind", EvaluationKind.choices),
            ("status", "Status", JobStatus.choices),
            ("trigger", "Started", Trigger.choices),
            ("source", "Predictions", SOURCES),
        )
    ]
    page = Paginator(runs(filters, request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "filters": filters, "selects": selects, "filtered": any(given.values())}
    context |= {"given_up": given_up(request.user).count()}
    return render(request, "evaluations/runs.html", context)


@require_GET
def version_runs(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The evaluations tab of a version."""
    found = version_for_reader(request.user, slug, version)
    return _version_page(request, found, EvaluationForm(version=found))


@require_POST
def start(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Queue the chosen kinds; what cannot be measured is said beside the form and the rest is queued."""
    found = version_for_reader(request.user, slug, version)
    refuse_unless_may_evaluate(request.user, found)
    form = EvaluationForm(request.POST, version=found)
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
                compared=form.compared(kind),
                predicted=Source(form.cleaned_data.get("source", "")),
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
        "plan": plan_of(version, at=timezone.now()),
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
    may = may_evaluate(request.user, found.version)
    context = {
        "run": found,
        "version": found.version,
        "job": progress_of(found),
        "charts": charts_for(result, found.kind, model_kind) if found.result else [],
        "figures": figures_of(result, found.kind),
        "checks": (checks := checks_of(result)),
        "checks_counted": counted(checks),
        "tables": tables_of(result),
        "notes": result.get("notes", []),
        "apart": informs_only(found) if RULES[found.kind].evidence else "",
        "previous": previous_run(found),
        "siblings": list(runs_of(found.version)[:8]),
        "may_evaluate": may,
        "record_form": form_for(found) if may and found.kind in EXPLAINED and not found.is_live else None,
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
        JobStatus.QUEUED: _waiting(run),
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


def _waiting(run: EvaluationRun) -> str:
    """What a queued run waits for."""
    if run.awaits is not None and run.awaits.is_live:
        return f"Waiting for its environment {run.awaits.short} ({run.awaits.step or 'finishing'})"
    return run.step or "Waiting for a worker"


@require_GET
def log(request: UserRequest, number: int) -> HttpResponse:
    """What the run tells while it works; polls itself until it has ended."""
    found = run_for_reader(request.user, number)
    status = 200 if found.is_live else STOP_POLLING
    return render(request, "evaluations/log_text.html", {"run": found}, status=status)


@require_POST
def cancel(request: UserRequest, number: int) -> HttpResponse:
    """Stop a run."""
    found = run_for_reader(request.user, number)
    cancel_evaluation(run=found, user=request.user, actor=actor_of(request), at=timezone.now())
    messages.success(request, f"Run {number} was stopped.")
    return redirect("evaluations:run", number)


@require_GET
def result(request: UserRequest, number: int) -> JsonResponse:
    """What was measured, as JSON. Taking it is on the record."""
    found = run_for_reader(request.user, number)
    if found.result is None:
        raise Http404("This run has no result.")
    record_result_download(run=found, actor=actor_of(request), at=timezone.now())
    response = JsonResponse({"run": found.pk, "result": found.result, "provenance": found.provenance})
    response["Content-Disposition"] = f'attachment; filename="run-{found.pk}.json"'
    return response
