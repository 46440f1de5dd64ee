"""The organisation's own controls, concluded once; which frameworks it follows; evidence that is kept elsewhere."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest
from governance.compliance.access import control_of, framework_for_reader
from governance.compliance.attaching import may_attach
from governance.compliance.control_page import Place, control_context
from governance.compliance.coverage import summed
from governance.compliance.forms import AttachForm, ConcludeForm, DetachForm, FollowForm
from governance.compliance.model_views import by_group
from governance.compliance.models import OutsideEvidence, Stance
from governance.compliance.posted import concluded_on, scoped, taken_back
from governance.compliance.queries import programme_coverage
from governance.compliance.rules import why_not_conclude


@require_GET
def programme(request: UserRequest) -> HttpResponse:
    """The organisation's own controls, by framework: what it follows first, what is over last."""
    covered = programme_coverage(today=timezone.now().date())
    follows = {name for name, row in covered.followed.items() if row.stance == Stance.APPLIES}
    names = sorted(
        covered.standings, key=lambda name: (name not in follows, covered.frameworks[name].is_over)
    )
    rows = [
        {
            "framework": framework,
            "summary": summed(covered.standings[name]),
            "groups": by_group(framework.groups, covered.standings[name]),
            "open": name in follows,
        }
        for name in names
        for framework in [covered.frameworks[name]]
    ]
    outside = OutsideEvidence.objects.filter(model=None, detached_at=None).select_related("attached_by")
    may = may_attach(request.user, None)
    context = {
        "rows": rows,
        "whole": summed([standing for found in covered.standings.values() for standing in found]),
        "outside": list(outside),
        "attach_form": AttachForm(auto_id="attach_%s", organisation=True) if may else None,
        "detach_form": DetachForm(auto_id="detach_%s") if may else None,
        "today": timezone.now().date(),
    }
    return render(request, "compliance/programme.html", context)


@require_http_methods(["GET", "POST"])
def programme_control(request: UserRequest, framework: str, control: str) -> HttpResponse:
    """One control of the organisation: what there is, what is missing, and what somebody concludes."""
    found = framework_for_reader(request.user, framework)
    place = Place(found, control_of(found, control, "organisation"), None)
    form = ConcludeForm(request.POST or None)
    done, status = concluded_on(request, form, place)
    if done:
        return redirect(place.href)
    covered = programme_coverage(today=timezone.now().date())
    standing = next(row for row in covered.standings[found.id] if row.control.id == control)
    reason = why_not_conclude(request.user, None, None)
    context = control_context(place, standing, covered.held, form, reason, user=request.user)
    return render(request, "compliance/control.html", context, status=status)


@require_POST
def programme_take_back(request: UserRequest, framework: str, control: str) -> HttpResponse:
    """Take a conclusion of the organisation back."""
    taken_back(request, framework_for_reader(request.user, framework), control, None)
    return redirect("compliance:programme")


@require_POST
def follow(request: UserRequest, framework: str) -> HttpResponse:
    """Decide whether the organisation follows a framework."""
    found = framework_for_reader(request.user, framework)
    if scoped(request, FollowForm(request.POST), found, None) is not None:
        messages.success(request, f"{found.name}: decided for all models. It is on the record.")
    return redirect("compliance:framework", found.id)
