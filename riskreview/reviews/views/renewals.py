"""Attesting unchanged approvals again, several at once."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import SIGNING_ROLES
from accounts.proving.again import with_proof
from accounts.refusals import Invalid, NotAllowed
from policy.words import counted
from riskreview.reviews.forms import RenewForm
from riskreview.reviews.queries.renewals import renewals_of
from riskreview.reviews.renewing import attest_again


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def renew(request: UserRequest) -> HttpResponse:
    """Own approvals that end, and whether their evidence is still the same."""
    if request.method == "POST" and request.user.roles.isdisjoint(role.value for role in SIGNING_ROLES):
        raise NotAllowed("You hold no role that signs, so there is nothing to attest again.")
    form, status = RenewForm(with_proof(request) if request.method == "POST" else None), 200
    refusals: dict[int, str] = {}
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                done = attest_again(
                    wanted=form.wanted,
                    note=form.cleaned_data["note"],
                    password=form.cleaned_data["password"],
                    signer=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except Invalid as refused:
                status = complain(form, refused)
            else:
                refusals = {item.before.pk: item.refusal for item in done if item.signoff is None}
                signed = len(done) - len(refusals)
                if signed:
                    messages.success(request, f"{counted(signed, 'approval')} attested again.")
                if not refusals:
                    return redirect("riskreview:renewals")
                status = 409
    ticked = {*form.wanted} if form.is_bound else set()
    context = {
        "rows": renewals_of(request.user, at=timezone.now()),
        "form": form,
        "ticked": ticked,
        "refusals": refusals,
        "today": timezone.now().date(),
    }
    return render(request, "riskreview/renewals.html", context, status=status)
