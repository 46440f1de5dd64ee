"""Who is told what happens: the endpoints, one with its messages, a message with its attempts. For administrators."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from audit.queries import trail_of
from audit.verbs import Verb
from governance.trail.views import entry_of
from governance.webhooks import actions
from governance.webhooks.access import (
    deliveries_seen,
    delivery_for_administrator,
    endpoint_for_administrator,
    endpoints_for_administrator,
)
from governance.webhooks.forms import NewForm, OffForm, TermsForm
from governance.webhooks.happenings import TEST
from governance.webhooks.models import Delivery, DeliveryState, Endpoint
from governance.webhooks.signing import secret_of

PAGE_SIZE = 50
HISTORY_SHOWN = 20
LABELS = {verb.value: verb.label for verb in Verb} | {TEST: "Test"}


@require_GET
def endpoint_list(request: UserRequest) -> HttpResponse:
    """Every endpoint, with how its messages fare."""
    waiting = Count("deliveries", filter=Q(deliveries__state=DeliveryState.WAITING))
    given_up = Count("deliveries", filter=Q(deliveries__state=DeliveryState.GIVEN_UP))
    rows = endpoints_for_administrator(request.user).annotate(
        waiting=waiting, given_up=given_up, last=Max("deliveries__delivered_at")
    )
    return render(request, "webhooks/endpoints.html", {"endpoints": rows, "labels": LABELS})


@require_http_methods(["GET", "POST"])
def endpoint_new(request: UserRequest) -> HttpResponse:
    """Add one. Its secret is shown in the answer."""
    endpoints_for_administrator(request.user)
    form, status = NewForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = actions.add_endpoint(
                    name=form.cleaned_data["name"],
                    terms=form.terms(),
                    maker=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused, "name")
            else:
                return _shown(request, made, secret=secret_of(made, made.generation))
    return render(request, "webhooks/endpoint_new.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def endpoint(request: UserRequest, name: str) -> HttpResponse:
    """One endpoint with its messages; a POST changes what it is told."""
    found = endpoint_for_administrator(request.user, name)
    if request.method == "GET":
        return _shown(request, found)
    form = TermsForm(request.POST)
    if form.is_valid():
        try:
            actions.change_endpoint(
                endpoint=found, terms=form.terms(), actor=actor_of(request), at=timezone.now()
            )
        except Invalid as refused:
            complain(form, refused, "url")
        else:
            messages.success(request, f"{found.name} is changed.")
            return redirect("webhooks:endpoint", found.name)
    return _shown(request, found, form=form, status=400)


@require_POST
def endpoint_switch(request: UserRequest, name: str) -> HttpResponse:
    """Switch one off, or on again."""
    found, now = endpoint_for_administrator(request.user, name), timezone.now()
    if request.POST.get("do") == "on":
        actions.switch_on(endpoint=found, actor=actor_of(request), at=now)
        messages.success(request, f"{found.name} is told again what happens.")
    else:
        reason = request.POST.get("reason", "")
        actions.switch_off(endpoint=found, reason=reason, actor=actor_of(request), at=now)
        messages.success(request, f"{found.name} is told nothing any more.")
    return redirect("webhooks:endpoint", found.name)


@require_POST
def endpoint_secret(request: UserRequest, name: str) -> HttpResponse:
    """Give one a new secret, shown in the answer."""
    found = endpoint_for_administrator(request.user, name)
    changed = actions.change_secret(endpoint=found, actor=actor_of(request), at=timezone.now())
    return _shown(request, changed, secret=secret_of(changed, changed.generation))


@require_POST
def endpoint_try(request: UserRequest, name: str) -> HttpResponse:
    """Send a message that tells of nothing."""
    found = endpoint_for_administrator(request.user, name)
    sent = actions.send_trial(endpoint=found, actor=actor_of(request), at=timezone.now())
    return redirect("webhooks:delivery", found.name, sent.pk)


@require_GET
def delivery(request: UserRequest, name: str, pk: UUID) -> HttpResponse:
    """One message: what is sent, and what was answered each time."""
    found = delivery_for_administrator(request.user, name, pk)
    context = {
        "body": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
        "delivery": found,
        "endpoint": found.endpoint,
        "label": LABELS.get(found.kind, found.kind),
        "attempts": list(found.attempts.all()),
    }
    return render(request, "webhooks/delivery.html", context)


@require_POST
def delivery_again(request: UserRequest, name: str, pk: UUID) -> HttpResponse:
    """Send a message once more."""
    found = delivery_for_administrator(request.user, name, pk)
    actions.send_again(delivery=found, actor=actor_of(request), at=timezone.now())
    messages.success(request, "It is sent again, with the same identifier.")
    return redirect("webhooks:delivery", name, pk)


def _shown(
    request: UserRequest,
    found: Endpoint,
    *,
    form: TermsForm | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of an endpoint. `secret` is shown once, where it was made just now."""
    wanted = request.GET.get("state", "")
    rows = deliveries_seen(request.user, found)
    rows = rows.filter(state=wanted) if wanted in DeliveryState.values else rows
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    initial = {"url": found.url, "form": found.form, "happenings": found.happenings}
    context: dict[str, Any] = {
        "endpoint": found,
        "secret": secret,
        "form": form or TermsForm(initial=initial),
        "off_form": OffForm(auto_id="off_%s"),
        "page": page,
        "told": [LABELS.get(name, name) for name in found.happenings],
        "rows": [{"delivery": row, "label": LABELS.get(row.kind, row.kind)} for row in page],
        "tabs": _tabs(rows, wanted),
        "overlap": found.previous_until if len(found.signs_with(timezone.now())) > 1 else None,
        "history": [entry_of(event) for event in trail_of(found.ref, limit=HISTORY_SHOWN)],
    }
    return render(request, "webhooks/endpoint.html", context, status=status)


def _tabs(found: QuerySet[Delivery], wanted: str) -> list[dict[str, Any]]:
    """Its messages by state."""
    counted = found.order_by().values("state").annotate(count=Count("pk"))
    counts = {row["state"]: row["count"] for row in counted}
    given = [("", "All", sum(counts.values()))]
    given += [(state.value, str(state.label), counts.get(state.value, 0)) for state in DeliveryState]
    return [
        {"label": label, "href": f"?state={name}", "count": count, "current": name == wanted}
        for name, label, count in given
    ]
