"""Where a compliance officer or an administrator chooses what the register says of a model, looks, and publishes."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from governance.compliance.facts import record_of
from governance.register.access import model_for_publisher
from governance.register.actions import publish, withdraw
from governance.register.facts import preview_of
from governance.register.forms import ChoiceForm, PublishForm, WithdrawForm
from governance.register.models import Publication
from governance.register.words import Material, from_document, material_of
from registry.models import RegisteredModel

HISTORY_SHOWN = 20


@require_http_methods(["GET", "POST"])
def model_register(request: UserRequest, slug: str) -> HttpResponse:
    """Choose (GET), look at what would be shown (GET with the choice), publish just that (POST)."""
    model = model_for_publisher(request.user, slug)
    material = material_of(model, record_of(model, today=timezone.now().date()).version)
    chosen = request.POST if request.method == "POST" else request.GET
    choice = ChoiceForm(chosen if "contact" in chosen else _as_it_is(model), material=material)
    form, status = PublishForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        status = 400
        if choice.is_valid() and form.is_valid():
            try:
                made = publish(
                    material=material,
                    **choice.choice(),
                    seen=form.cleaned_data["seen"],
                    note=form.cleaned_data["note"],
                    user=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                where = choice if getattr(refused, "field", "") == "contact" else form
                status = complain(where, refused, "note")
            else:
                messages.success(request, f"{made.model.name} is in the public register.")
                return redirect("register:model", slug)
    context = _context(model, material, choice, form, asked="contact" in chosen)
    return render(request, "register/model.html", context, status=status)


@require_POST
def model_withdraw(request: UserRequest, slug: str) -> HttpResponse:
    """Take the model out of the register."""
    model = model_for_publisher(request.user, slug)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        raise Invalid("Say why it is taken out.", "Nothing was changed.")
    withdraw(
        model=model,
        reason=form.cleaned_data["reason"],
        user=request.user,
        actor=actor_of(request),
        at=timezone.now(),
    )
    messages.success(request, f"{model.name} is no longer in the public register.")
    return redirect("register:model", slug)


def _as_it_is(model: RegisteredModel) -> dict[str, Any] | None:
    """What is published now, to begin with."""
    live = Publication.objects.filter(model=model, ended_at=None).first()
    if live is None:
        return None
    words = from_document(live.words)
    return {
        "contact": words.contact,
        "sections": [row.id for row in words.parts],
        "figures": [row.id for row in words.figures],
    }


def _context(
    model: RegisteredModel, material: Material, choice: ChoiceForm, form: PublishForm, *, asked: bool
) -> dict[str, Any]:
    """The page. The preview is bound to the words in it: a POST carries their digest."""
    rows = Publication.objects.filter(model=model).select_related("published_by", "ended_by")
    history = list(rows[:HISTORY_SHOWN])
    live = next((row for row in history if row.ended_at is None), None)
    page = None
    if choice.is_bound and choice.is_valid():
        words = material.words(**choice.choice())
        if asked or (live is not None and live.digest != words.digest):
            page = preview_of(model, words, timezone.now().date())
        form.data = {"note": form.data.get("note", ""), "seen": words.digest} if form.is_bound else form.data
        form.fields["seen"].initial = words.digest
    return {
        "model": model,
        "organisation": settings.COUNTERSIGN_ORGANISATION,
        "choice": choice,
        "form": form,
        "withdraw_form": WithdrawForm(auto_id="withdraw_%s"),
        "page": page,
        "entry": page.entry if page else None,
        "live": live,
        "moved": live is not None and not asked and page is not None,
        "history": history,
    }
