"""Which pipeline may ask for which model: the rules, one rule with its history, a new one. For administrators only."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from governance.gate.queries import decisions_by_rule
from governance.pipelines.access import refuse_unless_administrator, rule_for_administrator
from governance.pipelines.actions import switch_off, trust_pipeline
from governance.pipelines.forms import OffForm, RuleForm
from governance.pipelines.models import IssuerKind, TrustRule
from governance.pipelines.queries import STATES, RuleFilters, history_of, rules
from governance.pipelines.terms import Terms
from governance.trail.sight import events_seen
from governance.trail.views import entry_of
from registry.sight import seen_by
from registry.views.sending import sent

PAGE_SIZE = 50
DECISIONS_SHOWN = 10


@require_GET
def rule_list(request: UserRequest) -> HttpResponse:
    """Every rule."""
    refuse_unless_administrator(request.user)
    filters = RuleFilters(
        q=request.GET.get("q", "").strip()[:100],
        kind=request.GET.get("kind", ""),
        state=request.GET.get("state", ""),
    )
    selects: list[dict[str, Any]] = [
        {"name": "kind", "label": "CI system", "options": IssuerKind.choices, "value": filters.kind},
        {"name": "state", "label": "State", "options": STATES, "value": filters.state},
    ]
    page = Paginator(rules(filters, request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "filters": filters, "selects": selects, "audience": settings.CI_AUDIENCE}
    return render(request, "pipelines/rules.html", context)


@require_http_methods(["GET", "POST"])
def rule_new(request: UserRequest) -> HttpResponse:
    """Let a repository's pipelines ask."""
    refuse_unless_administrator(request.user)
    form, status = RuleForm(*sent(request), initial=_copied(request)), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = trust_pipeline(
                    name=form.cleaned_data["name"],
                    terms=form.terms(),
                    reason=form.cleaned_data["reason"],
                    maker=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused, "name")
            else:
                messages.success(request, f"Pipelines of {made.repository} may ask.")
                return redirect("pipelines:rule", made.name)
    return render(request, "pipelines/rule_new.html", {"form": form}, status=status)


def _copied(request: UserRequest) -> dict[str, Any] | None:
    """What another rule says, to begin with."""
    name = request.GET.get("like", "")
    if not name:
        return None
    rule = rule_for_administrator(request.user, name)
    kept: dict[str, Any] = {field: getattr(rule, field) for field in Terms.COLUMNS}
    slugs = rule.named_models.values_list("slug", flat=True)
    return kept | {"models": ", ".join(slugs), "environments": rule.environments}


@require_GET
def rule(request: UserRequest, name: str) -> HttpResponse:
    """One rule: what it asks of a token, what it lets ask, what happened by it."""
    found = rule_for_administrator(request.user, name)
    return render(request, "pipelines/rule.html", _context(request, found, OffForm()))


@require_POST
def rule_off(request: UserRequest, name: str) -> HttpResponse:
    """Switch a rule off, for good."""
    found = rule_for_administrator(request.user, name)
    form, status = OffForm(request.POST), 400
    if form.is_valid():
        try:
            switch_off(
                rule=found, reason=form.cleaned_data["reason"], actor=actor_of(request), at=timezone.now()
            )
        except Invalid as refused:
            status = complain(form, refused, "reason")
        else:
            messages.success(request, f"The rule {found.name} lets nobody ask any more.")
            return redirect("pipelines:rule", found.name)
    return render(request, "pipelines/rule.html", _context(request, found, form), status=status)


def _context(request: UserRequest, found: TrustRule, form: OffForm) -> dict[str, Any]:
    return {
        "rule": found,
        "models": list(found.named_models.filter(seen_by(request.user)).order_by("name")),
        "form": form,
        "history": [entry_of(event) for event in history_of(found, events_seen(request.user))],
        "decisions": decisions_by_rule(found.name, request.user, limit=DECISIONS_SHOWN),
        "audience": settings.CI_AUDIENCE,
    }
