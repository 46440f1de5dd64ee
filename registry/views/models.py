"""A model's entry in the inventory: made, corrected, taken out of use and put back."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from registry import actions
from registry.access import (
    may_resume,
    may_stop,
    model_for_editor,
    model_for_reader,
    model_for_resumer,
    model_for_stopper,
    model_for_tagger,
    refuse_unless_creator,
)
from registry.dependencies import neighbourhood
from registry.forms.models import ModelForm, ReasonForm, TagForm
from registry.models import RegisteredModel
from registry.queries import running_of
from registry.views.sending import sent


@require_http_methods(["GET", "POST"])
def model_new(request: UserRequest) -> HttpResponse:
    """Enter a model into the inventory."""
    refuse_unless_creator(request.user)
    form, status = ModelForm(*sent(request), user=request.user), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                model = _create(request, form)
            except (Invalid, Conflict) as refused:
                status = complain(form, refused, "slug")
            else:
                messages.success(
                    request, f"{model.name} is in the inventory. Next: its tier and a first version."
                )
                return redirect("portfolio:model", model.slug)
    return render(request, "registry/model_new.html", {"form": form}, status=status)


@transaction.atomic
def _create(request: UserRequest, form: ModelForm) -> RegisteredModel:
    actor, at, wanted = actor_of(request), timezone.now(), form.cleaned_data["depends_on"]
    model = actions.create_model(slug=form.cleaned_data["slug"], entry=form.entry, actor=actor, at=at)
    actions.set_dependencies(model=model, depends_on=wanted, changer=request.user, actor=actor, at=at)
    return model


@require_http_methods(["GET", "POST"])
def model_edit(request: UserRequest, slug: str) -> HttpResponse:
    """Correct a model's entry."""
    model = model_for_editor(request.user, slug)
    form, status = ModelForm(*sent(request), user=request.user, model=model), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                _change(request, model, form)
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            else:
                messages.success(request, f"The entry of {form.cleaned_data['name']} is kept.")
                return redirect("portfolio:model", model.slug)
    context = {"form": form, "model": model, "may_stop": may_stop(request.user, model)}
    return render(request, "registry/model_edit.html", context, status=status)


@transaction.atomic
def _change(request: UserRequest, model: RegisteredModel, form: ModelForm) -> None:
    actor, at, wanted = actor_of(request), timezone.now(), form.cleaned_data["depends_on"]
    actions.set_dependencies(model=model, depends_on=wanted, changer=request.user, actor=actor, at=at)
    actions.change_model(model=model, entry=form.entry, actor=actor, at=at)


@require_POST
def model_tags(request: UserRequest, slug: str) -> HttpResponse:
    """Put tags on a model, or take one off."""
    model = model_for_tagger(request.user, slug)
    gone = request.POST.get("remove", "")
    form = TagForm(request.POST)
    if not gone and not form.is_valid():
        messages.error(request, "No tag was given. Type at least one word.")
        return redirect("portfolio:model", model.slug)
    try:
        actions.tag_model(
            model=model,
            add=[] if gone else form.cleaned_data["tags"],
            remove=[gone] if gone else [],
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    return redirect(f"{reverse('portfolio:model', args=[model.slug])}#tags")


@require_http_methods(["GET", "POST"])
def model_suspend(request: UserRequest, slug: str) -> HttpResponse:
    """Take a model out of use for now. The page also offers to resume and to retire."""
    if request.method == "GET":
        return _use_page(request, model_for_reader(request.user, slug))
    model = model_for_stopper(request.user, slug)
    return _with_reason(
        request, model, actions.suspend_model, f"{model.name} is suspended. The gate denies it everywhere."
    )


@require_POST
def model_resume(request: UserRequest, slug: str) -> HttpResponse:
    """Put a suspended model back into use."""
    model = model_for_resumer(request.user, slug)
    return _with_reason(
        request, model, actions.resume_model, f"{model.name} is in use again; the gate judges it anew."
    )


@require_POST
def model_retire(request: UserRequest, slug: str) -> HttpResponse:
    """End a model for good."""
    model = model_for_stopper(request.user, slug)
    return _with_reason(request, model, actions.retire_model, f"{model.name} is retired for good.")


def _with_reason(request: UserRequest, model: RegisteredModel, action: Any, said: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _use_page(request, model, form, status=400)
    try:
        action(model=model, reason=form.cleaned_data["reason"], actor=actor_of(request), at=timezone.now())
    except (Invalid, Conflict) as refused:
        return _use_page(request, model, form, status=complain(form, refused))
    messages.success(request, said)
    return redirect("portfolio:model", model.slug)


def _use_page(
    request: UserRequest, model: RegisteredModel, form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "model": model,
        "form": form or ReasonForm(),
        "may_stop": may_stop(request.user, model),
        "may_resume": may_resume(request.user),
        "near": neighbourhood(model, request.user),
        "running": running_of(model),
    }
    return render(request, "registry/model_use.html", context, status=status)
