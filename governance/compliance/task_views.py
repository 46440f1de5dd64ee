"""Gaps as tasks, and evidence that is kept elsewhere."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from governance.compliance.access import gap_for_reader, outside_for_reader
from governance.compliance.attaching import attach, detach
from governance.compliance.forms import AttachForm, CloseGapForm, DetachForm, GapForm
from governance.compliance.gaps import close_gap, gap_href, open_gap
from governance.compliance.models import Gap
from registry.access import model_for_reader
from registry.models import RegisteredModel
from registry.sight import seen_by

PAGE_SIZE = 50
VIEWS = {"open": "Open", "mine": "Mine", "overdue": "Overdue", "closed": "Closed"}


@require_GET
def gap_list(request: UserRequest) -> HttpResponse:
    """What controls lack, whose it is and by when."""
    today = timezone.now().date()
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "open"
    query = request.GET.get("q", "").replace("\0", "").strip()[:100]
    still = Q(closed_at=None)
    within = {
        "open": still,
        "mine": still & Q(owner=request.user),
        "overdue": still & Q(due_on__lt=today),
        "closed": ~still,
    }
    rows = Gap.objects.filter(seen_by(request.user, "model")).select_related("model", "owner", "closed_by")
    for word in query.split():
        rows = rows.filter(
            Q(title__icontains=word) | Q(framework__icontains=word) | Q(model__name__icontains=word)
        )
    counts = {name: rows.filter(fits).count() for name, fits in within.items()}
    page = Paginator(rows.filter(within[view]), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [{"gap": gap, "href": gap_href(gap)} for gap in page.object_list],
        "q": query,
        "tabs": [
            {"label": label, "href": f"?view={name}", "count": counts[name], "current": name == view}
            for name, label in VIEWS.items()
        ],
        "kept": {"view": view},
        "today": today,
    }
    return render(request, "compliance/gaps.html", context)


@require_POST
def gap_open(request: UserRequest) -> HttpResponse:
    """Give what a control lacks to somebody; the address says which: ?framework=&control=&model=."""
    model = _model(request)
    form = GapForm(request.POST)
    if not form.is_valid():
        return _back(request, _first_error(form))
    try:
        made = open_gap(
            framework=request.GET.get("framework", ""),
            control=request.GET.get("control", ""),
            model=model,
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
            **form.cleaned_data,
        )
    except (Invalid, Conflict) as refused:
        return _back(request, f"{refused} {refused.remedy}")
    messages.success(request, f"{made.owner.name} owns it, due on {made.due_on.isoformat()}.")
    return redirect(gap_href(made))


@require_POST
def gap_close(request: UserRequest, pk: int) -> HttpResponse:
    """Say what was done about a gap."""
    gap = gap_for_reader(request.user, pk)
    form = CloseGapForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        close_gap(gap=gap, note=note, user=request.user, actor=actor_of(request), at=timezone.now())
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    else:
        messages.success(request, f"G-{gap.pk} is closed. Whether the control is met is concluded apart.")
    return redirect(gap_href(gap))


@require_POST
def evidence_attach(request: UserRequest) -> HttpResponse:
    """Name evidence that is kept elsewhere; ?model= says of which model, else it is the organisation's."""
    model = _model(request)
    form = AttachForm(request.POST, organisation=model is None)
    if not form.is_valid():
        return _back(request, _first_error(form))
    try:
        made = attach(
            model=model,
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
            **form.cleaned_data,
        )
    except (Invalid, Conflict) as refused:
        return _back(request, f"{refused} {refused.remedy}")
    messages.success(request, f"{made.title} is named as evidence.")
    return _back(request)


@require_POST
def evidence_detach(request: UserRequest, pk: int) -> HttpResponse:
    """Take evidence away that is kept elsewhere."""
    row = outside_for_reader(request.user, pk)
    form = DetachForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        detach(evidence=row, reason=reason, user=request.user, actor=actor_of(request), at=timezone.now())
    except (Invalid, Conflict) as refused:
        return _back(request, f"{refused} {refused.remedy}")
    messages.success(request, f"{row.title} no longer counts.")
    return _back(request)


def _model(request: UserRequest) -> RegisteredModel | None:
    slug = request.GET.get("model", "")
    return model_for_reader(request.user, slug) if slug else None


def _first_error(form: Any) -> str:
    name, errors = next(iter(form.errors.items()))
    label = form.fields[name].label or name.replace("_", " ").capitalize()
    return f"{label}: {errors[0]} Nothing was kept."


def _back(request: UserRequest, refused: str = "") -> HttpResponse:
    """To the page of this site that the form stood on."""
    if refused:
        messages.error(request, refused.strip())
    place = request.GET.get("next", "")
    fits = url_has_allowed_host_and_scheme(place, allowed_hosts=None)
    return redirect(place if fits and place.startswith("/") else "compliance:programme")
