"""Findings: the register, and one of them with its next step."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid, NotAllowed
from registry.models import RegisteredModel
from registry.sight import seen_by
from registry.spreadsheets import FORMATS
from riskreview.access import finding_for_reader
from riskreview.findings import raising
from riskreview.findings.answering import ask_extension, remediate, respond
from riskreview.findings.exports import download
from riskreview.findings.forms import FORMS, StepForm, VerdictForm
from riskreview.findings.incidents import classify
from riskreview.findings.judging import close, decide_extension, judge_rebuttal, override, reopen, verify
from riskreview.findings.page import further_turns, history, next_turn, track, whose_turn
from riskreview.findings.queries import VIEWS, Filters, counts, filters_from, findings
from riskreview.findings.rules import RAISERS, Deed, why_not_you
from riskreview.models import Finding, FindingOrigin, FindingState, Severity

PAGE_SIZE = 50
MOST_OPTIONS = 500
COLUMNS = (("finding", "Finding"), ("severity", "Severity"), ("due", "Due"), ("owner", "Owner"))
ACTIONS: Mapping[Deed, tuple[Callable[..., object], str]] = {
    Deed.RESPOND: (respond, ""),
    Deed.REMEDIATE: (remediate, ""),
    Deed.JUDGE_REBUTTAL: (judge_rebuttal, "accepted"),
    Deed.DECIDE_EXTENSION: (decide_extension, "granted"),
    Deed.VERIFY: (verify, "holds"),
    Deed.CLOSE: (close, ""),
    Deed.ASK_EXTENSION: (ask_extension, ""),
    Deed.OVERRIDE: (override, ""),
    Deed.REOPEN: (reopen, ""),
    Deed.REASSIGN: (raising.reassign, ""),
    Deed.CLASSIFY: (classify, ""),
}
"""Deed → its action, and how that calls the yes of a VerdictForm."""


@require_GET
def finding_list(request: UserRequest) -> HttpResponseBase:
    """What was found wrong, whose turn it is and by when; the address holds view, filters and order."""
    now = timezone.now()
    filters, today = filters_from(request.GET.dict()), now.date()
    rows = findings(filters, request.user, today=today)
    if (kind := request.GET.get("format", "")) in FORMATS:
        return download(kind, rows, filters, actor=actor_of(request), at=now)
    held = counts(filters, request.user, today=today)
    page: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    page.object_list = [
        {"finding": row, "track": track(row), "acts": whose_turn(row)} for row in page.object_list
    ]
    context = {
        "filters": filters,
        "page": page,
        "may_raise": request.user.holds(*RAISERS, Role.OWNER, Role.DEVELOPER),
        "tabs": [_tab(request, view, held[view], filters) for view in VIEWS],
        "columns": {name: _sorted(filters, name) | {"label": label} for name, label in COLUMNS},
        "selects": _selects(filters, request.user),
        "kept": {"view": filters.view, "sort": filters.sort},
        "today": today,
        "any": any(held.values()),
    }
    return render(request, "riskreview/findings.html", context)


@require_GET
def finding(request: UserRequest, pk: int) -> HttpResponse:
    """What is wrong, what is next, and everything that was done about it."""
    return _page(request, finding_for_reader(request.user, pk))


@require_POST
def finding_step(request: UserRequest, pk: int, deed: str) -> HttpResponse:
    """Do one thing with it."""
    if deed not in list(Deed):
        raise Http404(f'There is nothing called "{deed}" to do with a finding.')
    found, wanted = finding_for_reader(request.user, pk), Deed(deed)
    form = FORMS[wanted](found, request.POST)
    if not form.is_valid():
        if reason := why_not_you(wanted, found, request.user):
            raise NotAllowed(reason, "The page of the finding says who can.")
        return _page(request, found, typed=form, status=400)
    action, yes = ACTIONS[wanted]
    given = dict(form.cleaned_data)
    if isinstance(form, VerdictForm):
        given = {yes: form.given["yes"], "note": form.given["note"]}
    try:
        action(finding=found, user=request.user, actor=actor_of(request), at=timezone.now(), **given)
    except Invalid as refused:
        return _page(request, found, typed=form, status=complain(form, refused))
    except Conflict as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
        return redirect("riskreview:finding", pk)
    found.refresh_from_db()
    messages.success(
        request, f"{found.name} is {found.get_state_display().lower()}. The step is on the record."
    )
    return redirect("riskreview:finding", pk)


def _page(
    request: UserRequest, found: Finding, *, typed: StepForm | None = None, status: int = 200
) -> HttpResponse:
    today = timezone.now().date()
    context = {
        "finding": found,
        "track": track(found),
        "turn": next_turn(found, request.user, typed),
        "further": further_turns(found, request.user, typed),
        "typed": typed,
        "history": history(found),
        "extension": found.extensions.filter(granted=None).select_related("asked_by").first()
        if found.is_open
        else None,
        "overdue": found.is_overdue(today),
        "today": today,
    }
    return render(request, "riskreview/finding.html", context, status=status)


def _tab(request: HttpRequest, view: str, count: int, filters: Filters) -> dict[str, Any]:
    kept = request.GET.copy()
    kept.pop("page", None)
    kept["view"] = view
    current = filters.view == view
    return {"label": VIEWS[view], "href": f"?{kept.urlencode()}", "count": count, "current": current}


def _sorted(filters: Filters, name: str) -> dict[str, str]:
    """How the list is sorted by a column now, and what its heading leads to."""
    here = filters.sort.removeprefix("-") == name
    upwards = not filters.sort.startswith("-")
    return {
        "aria": ("ascending" if upwards else "descending") if here else "",
        "next": f"-{name}" if filters.sort == name else name,
    }


def _selects(filters: Filters, reader: User) -> list[dict[str, Any]]:
    seen = Finding.objects.filter(seen_by(reader, "model"))
    owners = User.objects.filter(pk__in=seen.values("owner")).order_by("last_name", "first_name")
    models = RegisteredModel.objects.filter(pk__in=seen.values("model")).order_by("name")
    return [
        {"name": "severity", "label": "Severity", "options": Severity.choices, "value": filters.severity},
        {"name": "state", "label": "State", "options": FindingState.choices, "value": filters.state},
        {"name": "origin", "label": "Origin", "options": FindingOrigin.choices, "value": filters.origin},
        {
            "name": "owner",
            "label": "Owner",
            "options": [(person.username, person.name) for person in owners[:MOST_OPTIONS]],
            "value": filters.owner,
        },
        {
            "name": "model",
            "label": "Model",
            "options": list(models.values_list("slug", "name")[:MOST_OPTIONS]),
            "value": filters.model,
        },
    ]
