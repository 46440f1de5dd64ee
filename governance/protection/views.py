"""What deploys where on GitHub, what GitHub asked and how it was answered. For administrators."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from evaluations.wake import wake
from governance.pipelines.access import rule_for_administrator
from governance.pipelines.kinds import GITHUB
from governance.protection.access import (
    guard_for_administrator,
    guards_for_administrator,
    question_for_administrator,
    questions_for_administrator,
)
from governance.protection.actions import add_guard, answer_again, take_guard_away
from governance.protection.forms import GuardForm
from governance.protection.models import Question, QuestionState
from governance.protection.tasks import ANSWER_TASK

PAGE_SIZE = 50


@require_http_methods(["GET", "POST"])
def guards(request: UserRequest, name: str) -> HttpResponse:
    """The environments on GitHub that a rule answers for; a POST adds one."""
    rule = rule_for_administrator(request.user, name)
    form, status = GuardForm(request.POST or None, rule=rule), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = add_guard(
                    rule=rule,
                    terms=form.terms(),
                    maker=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            else:
                messages.success(request, f"GitHub is answered about {made.github_environment}.")
                return redirect("protection:guards", rule.name)
    context = {
        "rule": rule,
        "form": form,
        "guards": list(
            guards_for_administrator(request.user, rule)
            .filter(off_at=None)
            .select_related("model", "created_by")
        ),
        "ready": settings.GITHUB_APP is not None,
        "fits": rule.system is GITHUB and not rule.workflow,
    }
    return render(request, "protection/guards.html", context, status=status)


@require_POST
def guard_off(request: UserRequest, name: str, pk: int) -> HttpResponse:
    """Answer GitHub no longer about an environment."""
    found = guard_for_administrator(request.user, name, pk)
    take_guard_away(guard=found, actor=actor_of(request), at=timezone.now())
    messages.success(
        request, f"GitHub's questions about {found.github_environment} are rejected from now on."
    )
    return redirect("protection:guards", name)


@require_GET
def question_list(request: UserRequest) -> HttpResponse:
    """What GitHub asked, newest first."""
    rows = questions_for_administrator(request.user)
    wanted = request.GET.get("state", "")
    shown = rows.filter(state=wanted) if wanted in QuestionState.values else rows
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "tabs": _tabs(rows, wanted), "ready": settings.GITHUB_APP is not None}
    return render(request, "protection/questions.html", context)


@require_GET
def question(request: UserRequest, pk: UUID) -> HttpResponse:
    """One question with every attempt to answer it."""
    found = question_for_administrator(request.user, pk)
    context = {"question": found, "attempts": list(found.attempts.all())}
    return render(request, "protection/question.html", context)


@require_POST
def question_again(request: UserRequest, pk: UUID) -> HttpResponse:
    """Answer one that was given up."""
    found = question_for_administrator(request.user, pk)
    answer_again(question=found, actor=actor_of(request), at=timezone.now())
    wake(ANSWER_TASK)
    messages.success(request, "A worker asks the gate again and tells GitHub.")
    return redirect("protection:question", pk)


def _tabs(rows: QuerySet[Question], wanted: str) -> list[dict[str, Any]]:
    """The questions by state."""
    counted = rows.order_by().values("state").annotate(count=Count("pk"))
    counts = {row["state"]: row["count"] for row in counted}
    given = [("", "All", sum(counts.values()))]
    given += [(state.value, str(state.label), counts.get(state.value, 0)) for state in QuestionState]
    return [
        {"label": label, "href": f"?state={name}", "count": count, "current": name == wanted}
        for name, label, count in given
    ]
