"""The plan of a version, one run again, a result from elsewhere, and the runs that were given up."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from evaluations.access import refuse_unless_may_evaluate, run_for_reader
from evaluations.actions import repeat_evaluation
from evaluations.forms import ReportedForm
from evaluations.plan import start_plan
from evaluations.queries import given_up
from evaluations.queues import limits_shown
from evaluations.reporting import report_evaluation
from registry.access import version_for_reader

PAGE_SIZE = 50


@require_POST
def run_plan(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Queue everything of the plan that does not hold."""
    found = version_for_reader(request.user, slug, version)
    refuse_unless_may_evaluate(request.user, found)
    started = start_plan(version=found, requester=request.user, actor=actor_of(request), at=timezone.now())
    if started:
        kinds = ", ".join(run.get_kind_display().lower() for run in started)
        messages.success(request, f"Started: {kinds}.")
    else:
        messages.info(request, "Nothing of the plan can be started now; each line says why.")
    return redirect("evaluations:version_runs", slug, version)


@require_POST
def again(request: UserRequest, number: int) -> HttpResponse:
    """Ask the same question anew: same kind, data, companions and settings."""
    found = run_for_reader(request.user, number)
    refuse_unless_may_evaluate(request.user, found.version)
    try:
        run = repeat_evaluation(run=found, requester=request.user, actor=actor_of(request), at=timezone.now())
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
        return redirect("evaluations:run", number)
    return redirect("evaluations:run", run.pk)


@require_http_methods(["GET", "POST"])
def report(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Attach a result that was measured elsewhere."""
    found = version_for_reader(request.user, slug, version)
    refuse_unless_may_evaluate(request.user, found)
    form, status = ReportedForm(), 200
    if request.method == "POST":
        form, status = ReportedForm(request.POST, request.FILES), 400
        if form.is_valid():
            try:
                run = report_evaluation(
                    version=found,
                    dataset=form.chosen,
                    kind=form.cleaned_data["kind"],
                    result=form.cleaned_data["file"],
                    reporter=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except Invalid as refused:
                form.add_error("file", f"{refused} {refused.remedy}".strip())
            else:
                return redirect("evaluations:run", run.pk)
    return render(request, "evaluations/report.html", {"version": found, "form": form}, status=status)


@require_GET
def given_up_runs(request: UserRequest) -> HttpResponse:
    """Runs that failed for want of a machine, and not because of their model."""
    page = Paginator(given_up(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "evaluations/given_up.html", {"page": page, "limits": limits_shown()})
