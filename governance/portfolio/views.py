"""A model with its versions, and the page of a version with the gate panel."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from governance.gate.queries import recent_decisions
from governance.portfolio import panels, queries
from governance.portfolio.model_page import model_page
from governance.portfolio.standing import standing_of
from registry.access import model_for_reader, version_for_reader
from registry.models import Environment
from riskreview.findings.queries import standing_against
from riskreview.findings.rules import may_raise
from riskreview.live import nothing_new, stamp_of_version


@require_GET
def model(request: UserRequest, slug: str) -> HttpResponse:
    """A use, its whole story, and every version that implements it."""
    found = model_for_reader(request.user, slug)
    return render(request, "portfolio/model.html", model_page(found, request.user, at=timezone.now()))


@require_GET
def version(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """May it run? Why? Who does what by when?"""
    found = version_for_reader(request.user, slug, version)
    now = timezone.now()
    stamp = stamp_of_version(found, request.user, at=now)
    if (answer := nothing_new(request, stamp)) is not None:
        return answer
    standing = standing_of(found, at=now)
    chosen = request.GET.get("env", "")
    environment = chosen if chosen in Environment.values else Environment.PRODUCTION.value
    context = {
        "live": stamp,
        "version": found,
        "standing": standing,
        "facts": panels.facts(found),
        "measures": panels.measures(found),
        "signatures": panels.signatures(standing, environment, at=now),
        "decisions": recent_decisions(found, limit=5),
        "findings": standing_against(found.model, found),
        "may_raise_finding": may_raise(request.user, found.model),
        "today": now.date(),
        "serving": queries.serving_of([standing], at=now),
        "happened": queries.what_happened(found.ref, request.user),
        "trail": f"{reverse('trail:events')}?subject={found.ref}",
        **panels.gate_panel(standing, environment, reader=request.user, at=now),
    }
    template = "portfolio/gate.html" if request.headers.get("HX-Request") else "portfolio/version.html"
    return render(request, template, context)
