"""Hand-overs: who left something, and what one person holds, with the form that gives it to others."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of, require_role
from accounts.complaints import complain
from accounts.models import Parting, Role, User
from accounts.proving.again import ProofField, with_proof
from accounts.refusals import Conflict, Invalid
from governance.handover.actions import LONGEST_NOTE, hand_over
from governance.handover.parting import (
    DECIDERS,
    LONGEST_REASON,
    ask_parting,
    confirm_parting,
    withdraw_parting,
)
from governance.handover.queries import LOOKING, Thing, held_by, left_behind, works_on


class HandOverForm(forms.Form):
    """To whom, and why; the action judges both."""

    to = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        label="Who takes it over",
        empty_label="Choose",
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


class PartingForm(forms.Form):
    """Why the name goes."""

    why = forms.CharField(
        label="Why the name goes",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="At least 10 characters, such as the request that you answer. It stands in the record.",
    )


class ConfirmForm(forms.Form):
    """Who one is, once more."""

    password = ProofField()


@require_GET
def handovers(request: UserRequest) -> HttpResponse:
    """Everybody who cannot log in any more and still holds something."""
    _refuse_others(request.user)
    rows = left_behind(request.user, timezone.now())
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
    return _page(request, person, form=form, status=status, ticked=ticked)


@require_POST
def parting_ask(request: UserRequest, username: str) -> HttpResponse:
    """Ask that the name of a leaver goes."""
    person = _leaver(request, username)
    form, status = PartingForm(request.POST), 400
    if form.is_valid():
        try:
            ask_parting(
                person=person,
                why=form.cleaned_data["why"],
                asker=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Invalid, Conflict) as refused:
            status = complain(form, refused)
        else:
            messages.success(request, "Asked. Another administrator or compliance officer confirms it here.")
            return redirect("handover:handover", person.username)
    return _page(request, person, asking=form, status=status)


@sensitive_post_parameters("password")
@require_POST
def parting_confirm(request: UserRequest, username: str) -> HttpResponse:
    """Take the name out, as the second person."""
    person = _leaver(request, username)
    form, status = ConfirmForm(with_proof(request)), 400
    if form.is_valid():
        try:
            former = confirm_parting(
                parting=_parting(person),
                password=form.cleaned_data["password"],
                confirmer=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Invalid, Conflict) as refused:
            status = complain(form, refused)
        else:
            messages.success(request, f"The name is gone from the tables: {former.name} from now on.")
            return redirect("handover:handover", former.username)
    return _page(request, person, confirming=form, status=status)


@require_POST
def parting_withdraw(request: UserRequest, username: str) -> HttpResponse:
    """Let the name stand."""
    person = _leaver(request, username)
    try:
        withdraw_parting(
            parting=_parting(person), user=request.user, actor=actor_of(request), at=timezone.now()
        )
    except Conflict as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    else:
        messages.success(request, "The name stays.")
    return redirect("handover:handover", person.username)


def _leaver(request: UserRequest, username: str) -> User:
    require_role(request.user, *DECIDERS, to="have a name taken out")
    return get_object_or_404(User, username=username)


def _parting(person: User) -> Parting:
    return get_object_or_404(Parting, person=person)


def _page(
    request: UserRequest,
    person: User,
    *,
    form: HandOverForm | None = None,
    asking: PartingForm | None = None,
    confirming: ConfirmForm | None = None,
    status: int = 200,
    ticked: Sequence[str] = (),
) -> HttpResponse:
    things = held_by(person, request.user, timezone.now())
    parting = Parting.objects.select_related("asked_by", "confirmed_by").filter(person=person).first()
    context = {
        "person": person,
        "form": form or HandOverForm(person),
        "things": things,
        "ticked": ticked,
        "offered": request.user.holds(*LOOKING) and any(thing.mine_to_give for thing in things),
        "others": _others(things),
        "works_on": works_on(person),
        "parting": parting,
        "may_part": request.user.holds(*DECIDERS) and not person.is_active and not things,
        "asking": asking or PartingForm(),
        "confirming": confirming or ConfirmForm(),
    }
    return render(request, "handover/handover.html", context, status=status)


def _others(things: list[Thing]) -> int:
    """How many things somebody of another role hands over."""
    return sum(not thing.mine_to_give for thing in things)


def _refuse_others(user: User) -> None:
    require_role(user, *LOOKING, Role.AUDITOR, to="see what people hold")
