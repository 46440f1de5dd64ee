"""Schedules of evaluations: the list, adding one, pausing, resuming and removing it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from evaluations.access import models_to_measure, refuse_unless_may_measure, schedule_for_changer
from evaluations.queries import schedules
from evaluations.schedule_forms import ScheduleForm
from evaluations.schedules import add_schedule, pause_schedule, remove_schedule, resume_schedule

DEEDS: dict[str, Callable[..., None]] = {
    "pause": pause_schedule,
    "resume": resume_schedule,
    "remove": remove_schedule,
}
DONE = {"pause": "paused", "resume": "resumed", "remove": "removed"}


@require_http_methods(["GET", "POST"])
def schedule_list(request: UserRequest) -> HttpResponse:
    """Every schedule; with POST, one more."""
    now = timezone.now()
    offered = models_to_measure(request.user)
    may, status = offered.exists(), 200
    if request.method == "POST":
        form = ScheduleForm(request.POST, models=offered, at=now)
        if form.is_valid():
            entry = form.entry
            refuse_unless_may_measure(request.user, entry.model)
            try:
                added = add_schedule(entry=entry, creator=request.user, actor=actor_of(request), at=now)
            except (Invalid, Conflict) as refused:
                form.refuse(refused)
            else:
                messages.success(request, f"{added} was added.")
                return redirect("evaluations:schedules")
        status = 400 if may else 403
    else:
        form = ScheduleForm(
            models=offered, at=now, initial={"model": request.GET.get("model", ""), "every_days": 30}
        )
    rows = list(schedules(request.user))
    mine = offered.filter(pk__in={row.model_id for row in rows}).values_list("pk", flat=True)
    context = {"schedules": rows, "form": form if may else None, "mine": set(mine)}
    return render(request, "evaluations/schedules.html", context, status=status)


@require_POST
def change(request: UserRequest, number: int) -> HttpResponse:
    """`do` = pause, resume or remove."""
    schedule = schedule_for_changer(request.user, number)
    deed = request.POST.get("do", "")
    if deed not in DEEDS:
        raise Invalid("Choose pause, resume or remove.", field="do")
    DEEDS[deed](schedule=schedule, actor=actor_of(request), at=timezone.now())
    messages.success(request, f"Schedule {number} was {DONE[deed]}.")
    return redirect("evaluations:schedules")
