"""Raising a finding from a model, a version, a review or a failed check; and the table of due dates."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import User
from accounts.refusals import Conflict, Invalid, NotAllowed
from evaluations.access import run_for_reader
from evaluations.models import EvaluationRun
from policy.due_days import TIERS
from registry.access import model_for_reader, models_for_reader, version_for_reader
from registry.models import RegisteredModel
from riskreview.access import review_for_reader
from riskreview.checks_asked import failed_checks
from riskreview.findings.due_dates import days_in_force, in_order
from riskreview.findings.due_days_form import DueDaysForm
from riskreview.findings.forms import RaiseForm
from riskreview.findings.raising import raise_finding, set_due_days
from riskreview.findings.rules import SETTING_DAYS, may_raise
from riskreview.models import DueDays, FindingOrigin

MOST_SUGGESTED = 500
EDITIONS_SHOWN = 10


@dataclass(frozen=True)
class Cause:
    """Where somebody came from to raise a finding, and what is known from there."""

    model: RegisteredModel
    initial: dict[str, Any] = field(default_factory=dict)
    run: EvaluationRun | None = None
    check: str = ""
    query: str = ""


@require_http_methods(["GET", "POST"])
def finding_new(request: UserRequest) -> HttpResponse:
    """Raise a finding; the address says about what: ?model=, &version=, ?review= or ?run=&check=."""
    if not request.GET.get("model") and not request.GET.get("review") and not request.GET.get("run"):
        return _choose(request)
    cause = _cause(request.user, request.GET.dict())
    if not may_raise(request.user, cause.model):
        raise NotAllowed(
            f"Whoever judges models, or the team of {cause.model.name}, raises findings about it.",
            "Tell a validator, a risk officer or a compliance officer.",
        )
    form = RaiseForm(cause.model, request.POST or None, initial=cause.initial)
    status = 400 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            raised = raise_finding(
                model=cause.model,
                run=cause.run,
                check_failed=cause.check,
                raiser=request.user,
                actor=actor_of(request),
                at=timezone.now(),
                **form.cleaned_data,
            )
        except (Invalid, Conflict) as refused:
            status = complain(form, refused)
        else:
            messages.success(request, f"{raised.name} is raised. {raised.owner.name} answers for it.")
            return redirect("riskreview:finding", raised.pk)
    days, _ = days_in_force()
    context = {"form": form, "cause": cause, "model": cause.model, "days": in_order(days), "tiers": TIERS}
    return render(request, "riskreview/finding_new.html", context | _tier(cause.model), status=status)


def _tier(model: RegisteredModel) -> dict[str, Any]:
    assessment = model.tier_assessments.first()
    return {"tier": assessment.tier if assessment else ""}


def _choose(request: UserRequest) -> HttpResponse:
    """Which model it is about."""
    names = models_for_reader(request.user).order_by("name").values_list("slug", "name")
    return render(request, "riskreview/finding_choose.html", {"models": names[:MOST_SUGGESTED]})


def _cause(user: User, asked: dict[str, str]) -> Cause:
    if "run" in asked:
        return _from_run(user, asked["run"], asked.get("check", ""))
    if "review" in asked:
        review = review_for_reader(user, _number(asked["review"]))
        model, initial = review.version.model, {"version": review.version.version}
        return Cause(model, initial)
    model = model_for_reader(user, asked["model"].strip())
    if version := asked.get("version", ""):
        return Cause(model, {"version": version_for_reader(user, model.slug, version).version})
    return Cause(model)


def _from_run(user: User, number: str, metric: str) -> Cause:
    """A run, and one of the checks that it does not reach; then its figures are written down already."""
    run = run_for_reader(user, _number(number))
    initial: dict[str, Any] = {"version": run.version.version, "origin": FindingOrigin.EVALUATION}
    failed = next((check for check in failed_checks(run) if check.metric == metric), None)
    if failed is not None:
        initial |= {
            "title": failed.title,
            "severity": failed.severity,
            "description": f"{failed.said} Run {run.pk} ({run.get_kind_display().lower()}) measured on {run.dataset}.",
        }
    return Cause(run.version.model, initial, run, failed.name if failed else "")


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise Http404("There is nothing of that number.")
    return int(text)


@require_http_methods(["GET", "POST"])
def due_days(request: UserRequest) -> HttpResponse:
    """How long a finding may stand, by severity and tier; risk officers and administrators set it."""
    days, edition = days_in_force()
    may_set = request.user.holds(*SETTING_DAYS)
    form = DueDaysForm(days, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if not may_set:
            raise NotAllowed("A risk officer or an administrator sets this table.", "Ask one of them.")
        if form.is_valid():
            try:
                made = set_due_days(
                    days=form.days,
                    note=form.cleaned_data["note"],
                    user=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except Invalid as refused:
                status = complain(form, refused)
            else:
                messages.success(request, f"Edition {made.number} counts for findings raised from now on.")
                return redirect("riskreview:due_days")
    context = {
        "days": in_order(days),
        "edition": edition,
        "form": form if may_set else None,
        "tiers": TIERS,
        "editions": list(DueDays.objects.select_related("set_by")[:EDITIONS_SHOWN]),
    }
    return render(request, "riskreview/due_days.html", context, status=status)
