"""Break-glass: the list, asking, and the page where a second person agrees and where it is ended."""

from dataclasses import asdict
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import Role
from accounts.proving.again import with_proof
from accounts.refusals import Conflict, Invalid
from audit.verbs import Verb
from registry.access import version_for_reader
from registry.models import Environment
from registry.spreadsheets import FORMATS, Export
from riskreview.access import break_glass_for_reader
from riskreview.exceptions.break_glass import ask_to_break_glass, consent_to_break_glass, end_break_glass
from riskreview.exceptions.emergency import (
    authority,
    may_end,
    reason_against_opening,
    roles_of,
    still_needed,
    terms_of,
)
from riskreview.exceptions.forms import BreakGlassForm, ConsentForm, EndForm
from riskreview.exceptions.queries import break_glass, break_glass_seen, break_glass_shape, break_glass_views
from riskreview.exceptions.waiver_views import filters_of, places_of
from riskreview.judgement import judge_version
from riskreview.models import BreakGlass, BreakGlassState

PAGE_SIZE = 50
TABS = {"live": "Live", "waiting": "Waiting", "past": "Over", "all": "All"}
HEADER = (
    *("id", "state", "model", "version", "environment", "reason", "hours", "unmet", "people", "requested_at"),
    *("began_at", "ends_at", "ended_by", "ended_at", "ended_reason", "finding"),
)
EXPORT = Export(Verb.BREAK_GLASS_EXPORTED, name="break-glass", sheet="Break-glass", header=HEADER)


@require_GET
def break_glass_list(request: UserRequest) -> HttpResponseBase:
    """Every break-glass, newest first."""
    now = timezone.now()
    filters = filters_of(request, TABS)
    rows, seen = break_glass(filters, request.user, at=now), break_glass_seen(request.user)
    if (kind := request.GET.get("format", "")) in FORMATS:
        cells = (_cells(row, now) for row in rows.iterator(chunk_size=500))
        asked, count = asdict(filters), rows.count()
        return EXPORT.taken(kind, cells, count=count, filters=asked, actor=actor_of(request), at=now)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(row, *break_glass_shape(row, now)) for row in page],
        "filters": filters,
        "kept": {"view": filters.view},
        "narrowed": bool(filters.q or filters.environment),
        "tabs": [
            {
                "label": label,
                "href": f"?view={view}",
                "count": seen.filter(break_glass_views(now)[view]).count(),
                "current": filters.view == view,
            }
            for view, label in TABS.items()
        ],
        "selects": places_of(filters),
        "none_ever": not seen.exists(),
    }
    return render(request, "riskreview/break_glass_list.html", context)


def _cells(row: BreakGlass, at: datetime) -> list[object]:
    moments = (row.began_at, row.ends_at)
    return [
        *(
            row.pk,
            break_glass_shape(row, at)[1],
            row.version.model.slug,
            row.version.version,
            row.environment,
        ),
        *(row.reason, row.hours, " ".join(row.unmet)),
        "; ".join(f"{one.person.username} as {one.role}" for one in row.people.all()),
        row.requested_at.isoformat(),
        *(moment and moment.isoformat() for moment in moments),
        *(
            row.ended_by and row.ended_by.username,
            row.ended_at and row.ended_at.isoformat(),
            row.ended_reason,
        ),
        row.finding_id and f"F-{row.finding_id}",
    ]


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def ask(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Ask to break the glass for a version. Everybody may read why it can or cannot be done."""
    found = version_for_reader(request.user, slug, version)
    now = timezone.now()
    given = request.POST if request.method == "POST" else request.GET
    environment = given.get("environment", "")
    environment = environment if environment in Environment.values else Environment.PRODUCTION.value
    judged = judge_version(found, environment, at=now)
    terms = terms_of(judged)
    mine = roles_of(judged, request.user)
    form = BreakGlassForm(
        with_proof(request) if request.method == "POST" else None,
        roles=[(role, Role(role).label) for role in mine],
        most_hours=terms.hours if terms else 1,
    )
    status = 200
    if request.method == "POST":
        status = 400
        valid = form.is_valid()
        if valid or not mine:
            try:
                made = ask_to_break_glass(
                    version=found,
                    environment=environment,
                    reason=form.data.get("reason", ""),
                    hours=form.cleaned_data.get("hours") or 0,
                    role=form.data.get("role", ""),
                    password=form.data.get("password", ""),
                    requester=request.user,
                    actor=actor_of(request),
                    at=now,
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            else:
                messages.success(
                    request, "Asked for. Nothing opens until somebody else who is authorised agrees."
                )
                return redirect("riskreview:break_glass", made.pk)
    context = {
        "version": found,
        "model": found.model,
        "environment": environment,
        "place": Environment(environment).label,
        "judged": judged,
        "form": form,
        "terms": terms,
        "mine": mine,
        "problem": reason_against_opening(judged),
        "authority": authority(judged, request.user),
        "places": [(value, label, value == environment) for value, label in Environment.choices],
    }
    return render(request, "riskreview/break_glass_new.html", context, status=status)


@require_GET
def one(request: UserRequest, pk: int) -> HttpResponse:
    """One break-glass: why, who took responsibility, until when, and what follows."""
    return _page(request, break_glass_for_reader(request.user, pk))


@sensitive_post_parameters("password")
@require_POST
def consent(request: UserRequest, pk: int) -> HttpResponse:
    """Agree, or refuse."""
    found = break_glass_for_reader(request.user, pk)
    form = ConsentForm(with_proof(request))
    form.is_valid()  # a half filled form of somebody who may not decide is a try, and goes on the record
    try:
        done = consent_to_break_glass(
            found=found,
            role=form.data.get("role", "")[:40],
            agrees=request.POST.get("do") == "agree",
            reason=form.data.get("reason", ""),
            password=form.data.get("password", ""),
            person=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _page(request, found, consent_form=form, status=complain(form, refused))
    match done.state:
        case BreakGlassState.ACTIVE:
            said = "The glass is broken. A finding is open."
        case BreakGlassState.REFUSED:
            said = "Refused."
        case _:
            judged = judge_version(done.version, done.environment, at=timezone.now())
            said = f"Agreed. {still_needed(done, judged)}"
    messages.success(request, said)
    return redirect("riskreview:break_glass", pk)


@require_POST
def end(request: UserRequest, pk: int) -> HttpResponse:
    """End it now, or withdraw what was asked for."""
    found = break_glass_for_reader(request.user, pk)
    form = EndForm(request.POST, auto_id="end_%s")
    form.is_valid()
    try:
        done = end_break_glass(
            found=found,
            reason=form.data.get("reason", ""),
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _page(request, found, end_form=form, status=complain(form, refused))
    messages.success(request, f"{done.get_state_display()}. The gate follows the policy.")
    return redirect("riskreview:break_glass", pk)


def _page(
    request: UserRequest,
    found: BreakGlass,
    *,
    consent_form: ConsentForm | None = None,
    end_form: EndForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    judged = judge_version(found.version, found.environment, at=now)
    mine = roles_of(judged, request.user)
    shape, word = break_glass_shape(found, now)
    waiting = found.state == BreakGlassState.REQUESTED
    given = {row.person_id for row in found.people.all()}
    context = {
        "found": found,
        "version": found.version,
        "model": found.version.model,
        "judged": judged,
        "terms": terms_of(judged),
        "shape": shape,
        "word": word,
        "waiting": waiting,
        "live": found.is_live(now),
        "problem": reason_against_opening(judged) if waiting else "",
        "mine": mine,
        "gave": request.user.pk in given,
        "needed": still_needed(found, judged) if waiting else "",
        "authority": authority(judged, request.user),
        "consent_form": consent_form or ConsentForm(initial={"role": next(iter(mine), "")}),
        "end_form": end_form or EndForm(auto_id="end_%s"),
        "may_end": (waiting or found.is_live(now)) and may_end(request.user, found, judged),
        "today": now.date(),
    }
    return render(request, "riskreview/break_glass.html", context, status=status)
