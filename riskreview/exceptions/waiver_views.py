"""Waivers: the list, asking for one, and the page where it is approved, refused or ended."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.proving.again import with_proof
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.verbs import Verb
from policy.waivers import last_day_allowed
from registry.access import version_for_reader
from registry.models import Environment, ModelVersion
from registry.spreadsheets import FORMATS, Export
from registry.views.sending import sent
from riskreview.access import waiver_for_reader
from riskreview.exceptions.forms import DecideForm, EndForm, WaiverForm
from riskreview.exceptions.queries import ExceptionFilters, waiver_shape, waiver_views, waivers, waivers_seen
from riskreview.exceptions.waivers import WaiverEntry, ask_for_waiver, decide_on_waiver, end_waiver
from riskreview.exceptions.waiving import may_ask, may_end, result_named, table_for, terms_of, waivable
from riskreview.judgement import Judged, judge_version
from riskreview.models import Waiver, WaiverState

PAGE_SIZE = 50
TABS = {"live": "In force", "waiting": "Waiting", "soon": "End within 30 days", "ended": "Over", "all": "All"}
HEADER = (
    *("id", "state", "model", "version", "environment", "requirement", "title", "tier", "why", "controls"),
    *(
        "requested_by",
        "requested_at",
        "approved_by",
        "granted_at",
        "last_day",
        "ended_by",
        "ended_at",
        "reason",
    ),
)
EXPORT = Export(Verb.WAIVERS_EXPORTED, name="waivers", sheet="Waivers", header=HEADER)


@require_GET
def waiver_list(request: UserRequest) -> HttpResponseBase:
    """Every waiver; the address holds the view and the filters."""
    now = timezone.now()
    filters = filters_of(request, TABS)
    rows, seen = waivers(filters, request.user, at=now), waivers_seen(request.user)
    if (kind := request.GET.get("format", "")) in FORMATS:
        cells = (_cells(row, now) for row in rows.iterator(chunk_size=500))
        asked, count = asdict(filters), rows.count()
        return EXPORT.taken(kind, cells, count=count, filters=asked, actor=actor_of(request), at=now)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(row, *waiver_shape(row, now)) for row in page],
        "filters": filters,
        "kept": {"view": filters.view},
        "narrowed": bool(filters.q or filters.environment),
        "tabs": [
            {
                "label": label,
                "href": f"?view={view}",
                "count": seen.filter(waiver_views(now)[view]).count(),
                "current": filters.view == view,
            }
            for view, label in TABS.items()
        ],
        "selects": places_of(filters),
        "today": now.date(),
        "none_ever": not seen.exists(),
    }
    return render(request, "riskreview/waivers.html", context)


def filters_of(request: HttpRequest, tabs: dict[str, str]) -> ExceptionFilters:
    """What the address asks for; without a view, what is in force."""
    given = {name: request.GET.get(name, "").strip()[:100] for name in ("q", "environment", "view")}
    given = {name: value.replace("\0", "") for name, value in given.items()}
    view = given["view"] if given["view"] in tabs else "live"
    return ExceptionFilters(given["q"], given["environment"], view)


def places_of(filters: ExceptionFilters) -> list[dict[str, Any]]:
    """The filter by environment."""
    return [
        {
            "name": "environment",
            "label": "Environment",
            "options": Environment.choices,
            "value": filters.environment,
        }
    ]


def _cells(row: Waiver, at: datetime) -> list[object]:
    return [
        *(row.pk, waiver_shape(row, at)[1], row.model.slug),
        "every version" if row.whole_model else row.version.version,
        *(row.environment, row.requirement, row.title, row.tier, row.why, row.controls),
        *(row.requested_by.username, row.requested_at.isoformat()),
        "; ".join(f"{one.person.username} as {one.role}" for one in row.approvals.all()),
        *(row.granted_at and row.granted_at.isoformat(), row.last_day),
        *(
            row.ended_by and row.ended_by.username,
            row.ended_at and row.ended_at.isoformat(),
            row.ended_reason,
        ),
    ]


@require_http_methods(["GET", "POST"])
def ask(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Ask that a requirement of a version need not be met for a time."""
    found = version_for_reader(request.user, slug, version)
    if not may_ask(request.user, found.model):
        raise NotAllowed(
            "Only the owner, the developers and validators can ask for a waiver.",
            f"Ask {found.model.owner.name}.",
        )
    now = timezone.now()
    given = request.POST if request.method == "POST" else request.GET
    environment = given.get("environment", "")
    environment = environment if environment in Environment.values else Environment.PRODUCTION.value
    judged = judge_version(found, environment, at=now)
    options = _options(judged)
    terms = terms_of(judged)
    start = {"requirement": given.get("requirement", "")[:80]}
    form, status = WaiverForm(*sent(request), requirements=options, initial=start), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = ask_for_waiver(
                    version=found,
                    environment=environment,
                    entry=WaiverEntry(**form.cleaned_data),
                    requester=request.user,
                    actor=actor_of(request),
                    at=now,
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            else:
                messages.success(
                    request, "Asked for. It counts once every role that the policy names approved it."
                )
                return redirect("riskreview:waiver", made.pk)
    roles = terms.approvers.get(judged.verdict.tier or "", ()) if terms else ()
    latest = last_day_allowed(terms, now) if terms else None
    form.fields["last_day"].help_text = f"At the latest {latest.day} {latest:%B %Y}." if latest else ""
    context = {
        "version": found,
        "model": found.model,
        "environment": environment,
        "place": Environment(environment).label,
        "judged": judged,
        "form": form,
        "options": options,
        "reasons": {name: result.reason for name, _ in options if (result := result_named(judged, name))},
        "roles": roles,
        "places": [(value, label, value == environment) for value, label in Environment.choices],
    }
    return render(request, "riskreview/waiver_new.html", context, status=status)


def _options(judged: Judged) -> list[tuple[str, str]]:
    """What can be waived here: unmet requirements, and those whose waiver could be asked for anew."""
    open_to = waivable(judged) | {item.id for item in judged.verdict.requirements if item.result == "waived"}
    return [
        (item.id, f"{item.title} ({item.id})") for item in judged.verdict.requirements if item.id in open_to
    ]


@require_GET
def waiver(request: UserRequest, pk: int) -> HttpResponse:
    """One waiver: what it is for, who stands behind it, and what this reader may do."""
    return _page(request, waiver_for_reader(request.user, pk))


@sensitive_post_parameters("password")
@require_POST
def decide(request: UserRequest, pk: int) -> HttpResponse:
    """Approve it in a role, or refuse it."""
    found = waiver_for_reader(request.user, pk)
    form = DecideForm(with_proof(request))
    approves = request.POST.get("do") == "approve"
    form.is_valid()  # a half filled form of somebody who may not decide is a try, and goes on the record
    try:
        done = decide_on_waiver(
            waiver=found,
            role=form.data.get("role", "")[:40],
            approves=approves,
            note=form.data.get("note", ""),
            password=form.data.get("password", ""),
            approver=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _page(request, found, decide_form=form, status=complain(form, refused))
    words = {WaiverState.GRANTED: "It is granted and counts from now on.", WaiverState.REFUSED: "Refused."}
    messages.success(request, words.get(WaiverState(done.state), "Approved. It waits for the other roles."))
    return redirect("riskreview:waiver", pk)


@require_POST
def end(request: UserRequest, pk: int) -> HttpResponse:
    """Withdraw what was asked for, or revoke what was granted."""
    found = waiver_for_reader(request.user, pk)
    form = EndForm(request.POST)
    form.is_valid()
    try:
        done = end_waiver(
            waiver=found,
            reason=form.data.get("reason", ""),
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _page(request, found, end_form=form, status=complain(form, refused))
    messages.success(request, f"{done.get_state_display()}. It stays in the record and counts no more.")
    return redirect("riskreview:waiver", pk)


def _page(
    request: UserRequest,
    found: Waiver,
    *,
    decide_form: DecideForm | None = None,
    end_form: EndForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    version: ModelVersion = found.version
    judged = judge_version(version, found.environment, at=now)
    table = table_for(found, judged, request.user)
    shape, word = waiver_shape(found, now)
    asked = found.state == WaiverState.REQUESTED
    context = {
        "waiver": found,
        "version": version,
        "model": found.model,
        "judged": judged,
        "result": result_named(judged, found.requirement),
        "table": table,
        "shape": shape,
        "word": word,
        "asked": asked,
        "live": found.is_live(now),
        "decide_form": decide_form or DecideForm(initial={"role": next(iter(table.mine), "")}),
        "end_form": end_form or EndForm(auto_id="end_%s"),
        "may_end": (asked or found.is_live(now)) and may_end(request.user, found, judged),
        "today": now.date(),
    }
    return render(request, "riskreview/waiver.html", context, status=status)
