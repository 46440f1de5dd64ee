"""Wishes for roles: what waits, what was decided, and the second person's word."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.granting.access import refuse_unless_concerned, wish_for_decider, wish_for_reader
from accounts.granting.actions import confirm_role, refuse_role, withdraw_role
from accounts.granting.forms import ConfirmForm, RefuseForm
from accounts.granting.models import RoleWish, WishState
from accounts.granting.rules import deciders_of, reason_against_deciding, refuse_shared_password
from accounts.proving.again import with_proof
from accounts.refusals import Conflict, Invalid
from accounts.said import Inside

PAGE_SIZE = 50
SHAPES = {
    WishState.ASKED: "todo",
    WishState.CONFIRMED: "ok",
    WishState.REFUSED: "no",
    WishState.WITHDRAWN: "stale",
    WishState.ALONE: "waived",
}


@require_GET
def wishes(request: UserRequest) -> HttpResponse:
    """What waits for a second person, and what was decided."""
    refuse_unless_concerned(request.user)
    rows = RoleWish.objects.select_related("person", "asked_by", "decided_by")
    page = Paginator(rows.exclude(state=WishState.ASKED), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "waiting": list(rows.filter(state=WishState.ASKED).order_by("pk")),
        "page": page,
        "decided": [(row, SHAPES[WishState(row.state)]) for row in page],
    }
    return render(request, "granting/wishes.html", context)


@require_GET
def wish(request: UserRequest, pk: int) -> HttpResponse:
    """One wish: who, which role, why, and what stands against it."""
    return _page(request, wish_for_reader(request.user, pk))


@sensitive_post_parameters("password")
@require_POST
def confirm(request: UserRequest, pk: int) -> HttpResponse:
    """Give the role, as the second person."""
    found = wish_for_decider(request.user, pk)
    form, status = ConfirmForm(with_proof(request)), 400
    if form.is_valid():
        try:
            confirm_role(
                wish=found,
                password=form.cleaned_data["password"],
                confirmer=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Invalid, Conflict) as refused:
            status = complain(form, refused)
        else:
            messages.success(
                request,
                gettext("{name} is {role} now.").format(
                    name=found.person.name, role=Inside(found.get_role_display()).told()
                ),
            )
            return redirect("granting:wishes")
    return _page(request, found, status=status, confirm_form=form)


@require_POST
def refuse(request: UserRequest, pk: int) -> HttpResponse:
    """Say no, as the second person."""
    found = wish_for_decider(request.user, pk)
    form, status = RefuseForm(request.POST), 400
    if form.is_valid():
        try:
            refuse_role(
                wish=found,
                note=form.cleaned_data["note"],
                user=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Invalid, Conflict) as refused:
            status = complain(form, refused)
        else:
            messages.success(request, gettext("Refused. {name} is told.").format(name=found.asked_by.name))
            return redirect("granting:wishes")
    return _page(request, found, status=status, refuse_form=form)


@require_POST
def withdraw(request: UserRequest, pk: int) -> HttpResponse:
    """Take one's wish back."""
    found = wish_for_decider(request.user, pk)
    withdraw_role(wish=found, user=request.user, actor=actor_of(request), at=timezone.now())
    messages.success(request, gettext("Withdrawn."))
    return redirect("granting:wishes")


def _page(request: UserRequest, found: RoleWish, *, status: int = 200, **forms: Form) -> HttpResponse:
    context: dict[str, Any] = {
        "wish": found,
        "shape_name": SHAPES[WishState(found.state)],
        "own": found.asked_by_id == request.user.pk,
        "why_not": reason_against_deciding(request.user, found),
        "who": [person.name for person in deciders_of(found)],
        "hindrance": _hindrance(found),
        "confirm_form": ConfirmForm(),
        "refuse_form": RefuseForm(),
    }
    return render(request, "granting/wish.html", context | forms, status=status)


def _hindrance(found: RoleWish) -> str:
    """What must happen before anybody can confirm it."""
    try:
        refuse_shared_password(found)
    except Conflict as conflict:
        return conflict.said()
    return ""
