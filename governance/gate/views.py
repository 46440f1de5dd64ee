"""The list of the gate's decisions, and the page that a denied pipeline links to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from governance.gate.access import decision_for_reader
from governance.gate.queries import DecisionFilters, decisions
from registry.models import Environment
from riskreview.judgement import judge_version

PAGE_SIZE = 50


@require_GET
def decision_list(request: UserRequest) -> HttpResponse:
    """Every answer of the gate, newest first."""
    filters = DecisionFilters(
        q=request.GET.get("q", "").strip()[:100],
        environment=request.GET.get("environment", ""),
        decision=request.GET.get("decision", ""),
    )
    page = Paginator(decisions(filters, request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    selects: list[dict[str, Any]] = [
        {
            "name": "environment",
            "label": "Environment",
            "options": Environment.choices,
            "value": filters.environment,
        },
        {
            "name": "decision",
            "label": "Answer",
            "options": [("allow", "Allow"), ("deny", "Deny")],
            "value": filters.decision,
        },
    ]
    return render(request, "gate/decisions.html", {"page": page, "filters": filters, "selects": selects})


@require_GET
def decision_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """One decision with its frozen grounds, and how the gate would answer now."""
    found = decision_for_reader(request.user, pk)
    now: datetime = timezone.now()
    context = {
        "decision": found,
        "version": found.version,
        "now_judged": judge_version(found.version, found.environment, at=now),
        "now": now,
        "groups": _groups(found.requirements),
    }
    return render(request, "gate/decision.html", context)


def _groups(requirements: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Unmet first, then waived, then what is right."""
    kinds = {
        "needs": ("unsatisfied", "error"),
        "waived": ("waived",),
        "satisfied": ("satisfied",),
        "not_applicable": ("not_applicable",),
    }
    return {
        name: [item for item in requirements if item["result"] in results] for name, results in kinds.items()
    }
