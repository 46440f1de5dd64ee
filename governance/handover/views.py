"""Hand-overs: who left something, and what one person holds, with the form that gives it to others."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of, require_role
from accounts.complaints import complain
from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid
from governance.handover.actions import LONGEST_NOTE, hand_over
from governance.handover.queries import LOOKING, Thing, held_by, left_behind, works_on


class HandOverForm(forms.Form):
    """To whom, and why; the action judges both."""

    to = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        label="Who takes it over",
        help_text="Not needed for what ends: assignments, stand-ins and keys.",
    )
    note = forms.CharField(
        label="Why",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="At least 20 characters. It stands in the record of each thing.",
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).exclude(pk=person.pk).order_by("last_name", "username")
        field: Any = self.fields["to"]
        field.queryset = people


@require_GET
def handovers(request: UserRequest) -> HttpResponse:
    """Everybody who cannot log in any more and still holds something."""
    _refuse_others(request.user)
    rows = left_behind(timezone.now())
    return render(request, "handover/handovers.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
def handover(request: UserRequest, username: str) -> HttpResponse:
    """What one person holds; ticked things go to somebody else, or end."""
    _refuse_others(request.user)
    person = get_object_or_404(User, username=username)
    form, status, ticked = HandOverForm(person, request.POST or None), 200, request.POST.getlist("things")
    if request.method == "POST":
        require_role(request.user, *LOOKING, to="hand over what others hold")
        status = 400
        if form.is_valid():
            try:
                number = hand_over(
                    person=person,
                    names=ticked,
                    to=form.cleaned_data["to"],
                    note=form.cleaned_data["note"],
                    user=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            else:
                messages.success(request, f"{number} handed over or ended.")
                return redirect("handover:handover", person.username)
    things = held_by(person, request.user, timezone.now())
    context = {
        "person": person,
        "form": form,
        "things": things,
        "ticked": ticked,
        "offered": request.user.holds(*LOOKING) and any(thing.mine_to_give for thing in things),
        "others": _others(things),
        "works_on": works_on(person),
    }
    return render(request, "handover/handover.html", context, status=status)


def _others(things: list[Thing]) -> int:
    """How many things somebody of another role hands over."""
    return sum(not thing.mine_to_give for thing in things)


def _refuse_others(user: User) -> None:
    require_role(user, *LOOKING, Role.AUDITOR, to="see what people hold")
