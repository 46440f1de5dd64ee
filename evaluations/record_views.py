"""Asking why one record got its answer."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from evaluations.access import refuse_unless_may_evaluate, run_for_reader
from evaluations.actions import request_evaluation
from evaluations.models import EvaluationKind
from evaluations.queues import WAITED_FOR
from evaluations.record_forms import EXPLAINED, RecordForm, form_for


@require_http_methods(["GET", "POST"])
def explain_record(request: UserRequest, number: int) -> HttpResponse:
    """The form by itself, and what it asks for: a run that explains one row of the data set of run `number`."""
    found = run_for_reader(request.user, number)
    if found.kind not in EXPLAINED:
        raise Http404("Records are explained beside an explainability run.")
    refuse_unless_may_evaluate(request.user, found.version)
    context = {"run": found, "version": found.version}
    if request.method == "GET":
        return render(request, "evaluations/record.html", context | {"record_form": form_for(found)})
    form = RecordForm(request.POST, run=found)
    if form.is_valid():
        try:
            asked = request_evaluation(
                version=found.version,
                dataset=found.dataset,
                kind=EvaluationKind.LOCAL_EXPLANATION,
                config=form.config(),
                priority=WAITED_FOR,
                requester=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
            return redirect("evaluations:run", asked.pk)
        except (Invalid, Conflict) as refused:
            form.add_error(None, f"{refused} {refused.remedy}".strip())
    return render(request, "evaluations/record.html", context | {"record_form": form}, status=400)
