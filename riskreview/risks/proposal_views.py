"""Taking what a failed check proposes: a finding and risks, in one step."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from evaluations.access import run_for_reader
from riskreview.risks.proposing import take_proposal


@require_POST
def propose(request: UserRequest, number: int) -> HttpResponse:
    """Raise the finding and add the ticked risks; twice is the same as once."""
    run = run_for_reader(request.user, number)
    try:
        taken = take_proposal(
            run=run,
            check=request.POST.get("check", ""),
            risks=request.POST.getlist("risk"),
            taker=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        messages.success(request, taken.sentence)
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    return redirect("evaluations:run", number)
