"""Two runs side by side, and choosing them."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from accounts.models import User
from accounts.refusals import Conflict
from evaluations.access import run_for_reader
from evaluations.comparing import compare_runs
from evaluations.models import EvaluationRun
from evaluations.queries import comparable_runs


@require_GET
def compare(request: UserRequest) -> HttpResponse:
    """`?a=&b=`: B against A. Without B, the runs that A can be compared with; without A, all that have a result."""
    a, b = (_chosen(request.user, request.GET.get(name, "")) for name in ("a", "b"))
    context: dict[str, Any] = {"a": a, "b": b, "choices": comparable_runs(a, b, request.user)}
    status = 200
    if a is not None and b is not None:
        try:
            context["found"] = compare_runs(a, b)
        except Conflict as refused:
            context["problem"] = refused
            status = 409
    return render(request, "evaluations/compare.html", context, status=status)


def _chosen(user: User, number: str) -> EvaluationRun | None:
    if not number:
        return None
    if not number.isdecimal() or len(number) > 18:
        raise Http404(f'There is no run "{number[:20]}".')
    return run_for_reader(user, int(number))
