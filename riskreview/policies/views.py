"""The policy in force, the packs that are kept, one of them, what differs between two, and what applies to a model."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from policy.diff import PackDiff, diff
from policy.pack import TIERS, Pack, PackError
from policy.reach import unreachable
from policy.requirement_words import break_glass_in_words, waivers_in_words
from policy.tiering import Tier
from registry.access import model_for_reader
from registry.views.sending import sent
from riskreview.access import kept_pack_for_reader, pack_for_reader
from riskreview.evidence import holders_of_roles
from riskreview.models import Activation, ActivationState, PolicyPack
from riskreview.policies.forms import PackForm, complaint_of, start_of, starts
from riskreview.policies.packs import active_pack, import_pack, pack_of
from riskreview.policies.simulations import ACTIVATORS, refuse_unless_activator
from riskreview.policies.tables import policy_for, tables_of

PAGE_SIZE = 25
HISTORY_SHOWN = 10


@require_GET
def policy(request: UserRequest) -> HttpResponse:
    """What is asked now, by environment and tier, each requirement in words."""
    active = active_pack()
    row, pack = active if active is not None else (None, None)
    context = {
        "broken": None if active else PolicyPack.objects.filter(active=True).first(),
        "waiting": _waiting(),
        **_read(row, pack),
    }
    return render(request, "riskreview/policy.html", context)


@require_GET
def packs(request: UserRequest) -> HttpResponse:
    """Every pack that is kept, newest first, two of them to be compared, and those to start from."""
    rows = PolicyPack.objects.defer("source")
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "packs": list(rows),
        "active": next((row for row in rows if row.active), None),
        "waiting": _waiting(),
        "starts": starts(),
        "may": request.user.holds(*ACTIVATORS),
    }
    return render(request, "riskreview/packs.html", context)


@require_http_methods(["GET", "POST"])
def pack_new(request: UserRequest) -> HttpResponse:
    """Bring in a pack, or read where it is wrong. Nothing that was typed is lost."""
    refuse_unless_activator(request.user, to="bring in a policy pack")
    data, files = sent(request)
    form = PackForm(data, files, initial={"text": start_of(request.GET.get("start", ""))})
    status, complaint = 200, None
    if request.method == "POST":
        if not form.is_valid():
            return render(request, "riskreview/pack_new.html", {"form": form, "starts": starts()}, status=400)
        text = ""
        try:
            text, source = form.given()
            row = import_pack(text, source=source, actor=actor_of(request), at=timezone.now())
        except (Invalid, Conflict) as refused:
            status = complain(form, refused)
        except PackError as error:
            status, complaint = 400, complaint_of(error, text)
        else:
            messages.success(request, f"{row} is kept. It judges nothing until two people activate it.")
            return redirect("riskreview:pack", row.name, row.version)
        if text and not form.data.get("text"):
            form = _with_text(form, text)
    context = {"form": form, "complaint": complaint, "starts": starts()}
    return render(request, "riskreview/pack_new.html", context, status=status)


def _with_text(form: PackForm, text: str) -> PackForm:
    """The form with the file's text in it, to be corrected where it stands."""
    again = PackForm({"text": text})
    again.is_valid()
    for name, errors in form.errors.items():
        again.add_error(None if name == "__all__" else name, errors)
    return again


@require_GET
def pack(request: UserRequest, name: str, version: int) -> HttpResponse:
    """One pack: what it asks, what it would change, who wants it."""
    row = pack_for_reader(request.user, name, version)
    read, error = _readable(row)
    active = active_pack()
    context = {
        **_read(row, read),
        "error": error,
        "in_force": active[0] if active else None,
        "previews": list(row.simulations.defer("result").select_related("requested_by")[:HISTORY_SHOWN]),
        "may": request.user.holds(*ACTIVATORS),
    }
    return render(request, "riskreview/pack.html", context)


@require_GET
def pack_source(request: UserRequest, name: str, version: int) -> HttpResponse:
    """The text of a pack, byte for byte as it was imported."""
    row = pack_for_reader(request.user, name, version)
    response = HttpResponse(row.source, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.name}-{row.version}.yaml"'
    return response


@require_GET
def pack_diff(request: UserRequest) -> HttpResponse:
    """What `?to=` asks differently from `?from=`, side by side. Each is NAME@VERSION; the pack in force unless told."""
    before = kept_pack_for_reader(request.user, request.GET.get("from", ""))
    after = kept_pack_for_reader(request.user, request.GET.get("to", ""))
    found: PackDiff | None = None
    error = ""
    if before and after:
        (old, problem), (new, other) = _readable(before), _readable(after)
        error = problem or other
        found = diff(old, new) if old and new else None
    context = {
        "before": before,
        "after": after,
        "found": found,
        "error": error,
        "packs": list(PolicyPack.objects.defer("source")),
    }
    return render(request, "riskreview/pack_diff.html", context)


@require_GET
def applies(request: UserRequest, slug: str) -> HttpResponse:
    """Which policy applies to a model: what each environment asks at its tier, or at `?tier=`."""
    model = model_for_reader(request.user, slug)
    supposed = request.GET.get("tier", "")
    found = policy_for(model, supposed if supposed in list(Tier) else "")
    context = {"model": model, "found": found, "tiers": list(Tier)}
    return render(request, "riskreview/applies.html", context)


def _readable(row: PolicyPack) -> tuple[Pack | None, str]:
    try:
        return pack_of(row), ""
    except PackError as error:
        return None, str(error)


def _read(row: PolicyPack | None, pack: Pack | None) -> dict[str, Any]:
    """What every page about one pack shows."""
    history = list(row.activations.select_related("asked_by", "decided_by")[:HISTORY_SHOWN]) if row else []
    return {
        "row": row,
        "pack": pack,
        "tables": tables_of(pack) if pack else [],
        "tiers": TIERS,
        "waiver_words": waivers_in_words(pack.waivers if pack else None),
        "break_glass_words": break_glass_in_words(pack.break_glass if pack else None),
        "unreachable": unreachable(pack, holders_of_roles()) if pack else (),
        "history": history,
        "alone": history[0] if row and row.active and history and history[0].state == "alone" else None,
    }


def _waiting() -> list[Activation]:
    """What waits for a second person."""
    rows = Activation.objects.filter(state=ActivationState.ASKED)
    return list(rows.select_related("pack", "asked_by"))
