"""Asking for a review."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from registry.access import version_for_editor
from registry.models import Environment, ModelVersion
from registry.views.sending import sent
from riskreview.judgement import judge_many
from riskreview.reviews.asking import Wish, submit_for_review
from riskreview.reviews.eligibility import who_can_sign
from riskreview.reviews.forms import SubmitForm


@require_http_methods(["GET", "POST"])
def submit(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Ask the people whom the policy names. Asking twice leads to the review that exists."""
    found = version_for_editor(request.user, slug, version)
    form, status = SubmitForm(*sent(request)), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            known = set(found.reviews.values_list("pk", flat=True))
            try:
                review, runs = submit_for_review(
                    version=found,
                    environment=form.cleaned_data["environment"],
                    note=form.cleaned_data["note"],
                    opener=request.user,
                    due_on=form.cleaned_data["due_on"],
                    wish=Wish(form.cleaned_data["kind"], form.cleaned_data["ends_on"]),
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            else:
                _tell(request, review.get_environment_display(), review.pk in known, len(runs))
                return redirect("riskreview:review", review.pk)
    context = {"version": found, "form": form, "places": _places(found)}
    return render(request, "riskreview/submit.html", context, status=status)


def _tell(request: UserRequest, place: str, known: bool, started: int) -> None:
    if known:
        messages.info(
            request, f"{place} has a review already; this is it. Add a comment to remind its signers."
        )
    else:
        told = f"Submitted for {place.lower()}. It stands in the queue of everybody who can sign."
        if started:
            verb = "evaluation of the plan has" if started == 1 else "evaluations of the plan have"
            told += f" {started} {verb} started; sign when they are done."
        messages.success(request, told)


def _places(version: ModelVersion) -> list[dict[str, Any]]:
    """For each environment: the verdict, who can sign, and the review if there is one."""
    now = timezone.now()
    judged = judge_many([version], at=now)
    reviews = {review.environment: review for review in version.reviews.filter(closed_at=None)}
    return [
        {
            "label": label,
            "judged": judged[version.pk, name],
            "who": who_can_sign(judged[version.pk, name], at=now),
            "review": reviews.get(name),
        }
        for name, label in Environment.choices
    ]
