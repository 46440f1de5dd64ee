"""Fields that administrators add to every model's entry: listed, defined, changed, put in order, retired."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from registry import actions
from registry.access import field_for_administrator, fields_for_administrator
from registry.forms.custom import FieldForm
from registry.queries import filled_in
from registry.views.sending import sent


@require_GET
def fields(request: UserRequest) -> HttpResponse:
    """Every field, in the order of the form, and how many models fill it in."""
    rows = list(fields_for_administrator(request.user))
    filled = filled_in(rows)
    context = {
        "live": [(row, filled[row.key]) for row in rows if row.retired_at is None],
        "retired": [(row, filled[row.key]) for row in rows if row.retired_at is not None],
    }
    return render(request, "registry/fields.html", context)


@require_http_methods(["GET", "POST"])
def field_new(request: UserRequest) -> HttpResponse:
    """Define a field."""
    fields_for_administrator(request.user)
    form, status = FieldForm(*sent(request)), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = actions.define_field(
                    key=form.cleaned_data["key"],
                    kind=form.cleaned_data["kind"],
                    entry=form.entry,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused, "key")
            else:
                messages.success(request, f"{made.label} stands in the entry of every model now.")
                return redirect("registry:fields")
    return render(request, "registry/field_edit.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def field(request: UserRequest, key: str) -> HttpResponse:
    """Change what a field says, offers or is asked of."""
    found = field_for_administrator(request.user, key)
    form, status = FieldForm(*sent(request), field=found), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                actions.change_field(
                    field=found, entry=form.entry, actor=actor_of(request), at=timezone.now()
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            else:
                messages.success(request, f"{form.entry.label} is kept.")
                return redirect("registry:fields")
    return render(request, "registry/field_edit.html", {"form": form, "field": found}, status=status)


@require_POST
def field_move(request: UserRequest, key: str) -> HttpResponse:
    """One place up or down."""
    found = field_for_administrator(request.user, key)
    up = request.POST.get("to") == "up"
    try:
        actions.move_field(field=found, up=up, actor=actor_of(request), at=timezone.now())
    except Conflict as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    return redirect("registry:fields")


@require_http_methods(["GET", "POST"])
def field_retire(request: UserRequest, key: str) -> HttpResponse:
    """Ask, then take a field out of the form for good."""
    found = field_for_administrator(request.user, key)
    if request.method == "POST":
        try:
            actions.retire_field(field=found, actor=actor_of(request), at=timezone.now())
        except Conflict as refused:
            messages.error(request, f"{refused} {refused.remedy}".strip())
        else:
            messages.success(request, f"{found.label} is no longer asked. What models hold in it stays.")
        return redirect("registry:fields")
    context = {"field": found, "filled": filled_in([found])[found.key]}
    return render(request, "registry/field_retire.html", context)
