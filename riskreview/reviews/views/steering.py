"""Moving a review on: assigning, stepping back, dates, rounds, closing. What was typed comes back with a refusal."""

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import User
from accounts.refusals import Conflict, Invalid
from accounts.undo import undone_by
from riskreview.access import assignment_for_reader, review_for_reader
from riskreview.models import Review
from riskreview.reviews.asking import ask_again, change_due, close_review
from riskreview.reviews.assigning import assign, recuse, unassign
from riskreview.reviews.forms import AgainForm, DueForm, ReasonForm
from riskreview.reviews.views.reviews import workspace


@require_POST
def assign_review(request: UserRequest, pk: int) -> HttpResponse:
    """Ask somebody to answer in a role, or take it oneself."""
    found = review_for_reader(request.user, pk)
    name = request.POST.get("person", "")[:150]
    person = request.user if not name else User.objects.filter(username=name).first()
    if person is None:
        raise Http404(f"There is nobody called {name}.")
    role = request.POST.get("role", "")
    try:
        given = assign(
            review=found,
            role=role,
            person=person,
            assigner=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        problem = {"role": role, "person": name, "text": f"{refused} {refused.remedy}".strip()}
        status = 409 if isinstance(refused, Conflict) else 400
        return render(
            request, "riskreview/review.html", workspace(request, found, seat_problem=problem), status=status
        )
    mine = person == request.user
    undo = undone_by(reverse("riskreview:unassign", args=[given.pk]))
    text = "It is yours." if mine else f"{person.name} has it now, and is told."
    messages.success(request, text, extra_tags=undo)
    return _back(found, "who")


@require_POST
def end_assignment(request: UserRequest, pk: int) -> HttpResponse:
    """Take it from somebody, or give it back."""
    row = assignment_for_reader(request.user, pk)
    unassign(
        assignment=row,
        reason=request.POST.get("reason", ""),
        user=request.user,
        actor=actor_of(request),
        at=timezone.now(),
    )
    undo = undone_by(
        reverse("riskreview:assign", args=[row.review_id]), role=row.role, person=row.person.username
    )
    messages.success(request, "The assignment has ended.", extra_tags=undo)
    return _back(row.review, "who")


@require_POST
def step_back(request: UserRequest, pk: int) -> HttpResponse:
    """Recuse oneself."""
    found = review_for_reader(request.user, pk)
    form = ReasonForm(request.POST, auto_id="recuse_%s")

    def act() -> str:
        recuse(
            review=found,
            reason=form.cleaned_data["reason"],
            person=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        return "You are recused. Whoever asked is told."

    return _done(request, found, form, "recuse_form", act)


@require_POST
def move_due(request: UserRequest, pk: int) -> HttpResponse:
    """Another due date, with its reason."""
    found = review_for_reader(request.user, pk)
    form = DueForm(request.POST, auto_id="due_%s")

    def act() -> str:
        change_due(
            review=found,
            due_on=form.cleaned_data["due_on"],
            reason=form.cleaned_data["reason"],
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        return "The due date is moved."

    return _done(request, found, form, "due_form", act)


@require_POST
def next_round(request: UserRequest, pk: int) -> HttpResponse:
    """Answer the requests for changes."""
    found = review_for_reader(request.user, pk)
    form = AgainForm(request.POST, auto_id="again_%s")

    def act() -> str:
        asked = ask_again(
            review=found,
            answer=form.cleaned_data["answer"],
            due_on=form.cleaned_data["due_on"],
            asker=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        return f"Round {asked.round} has begun. Whoever asked for changes is told."

    return _done(request, found, form, "again_form", act)


@require_POST
def close(request: UserRequest, pk: int) -> HttpResponse:
    """End a review."""
    found = review_for_reader(request.user, pk)
    form = ReasonForm(request.POST, auto_id="close_%s")

    def act() -> str:
        close_review(
            review=found,
            reason=form.cleaned_data["reason"],
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        return "The review is closed. What was signed in it stands as it is."

    return _done(request, found, form, "close_form", act)


def _done(
    request: UserRequest, review: Review, form: Form, name: str, act: Callable[[], str]
) -> HttpResponse:
    """Do it and go back to the review; or show the page again with the form as it was sent."""
    status = 400
    if form.is_valid():
        try:
            told = act()
        except (Invalid, Conflict) as refused:
            status = complain(form, refused)
        else:
            messages.success(request, told)
            return _back(review, "who")
    shown = workspace(request, review_for_reader(request.user, review.pk), **{name: form})
    return render(request, "riskreview/review.html", shown, status=status)


def _back(review: Review, part: str) -> HttpResponse:
    response = redirect("riskreview:review", review.pk)
    response["Location"] += f"#{part}"
    return response
