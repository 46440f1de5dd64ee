"""The inventory's page: filtered, sorted, searched, saved as views, changed in bulk, exported."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.models import User
from accounts.refusals import Conflict, Invalid
from accounts.undo import undone_by
from governance.portfolio import actions, exports
from governance.portfolio.inventory import (
    CAUGHT_UP_AT_ONCE,
    COLUMNS,
    SORTS,
    VIEWS,
    Filters,
    Surroundings,
    filters_from,
    rows,
    shown,
    suggested,
    surroundings,
)
from governance.portfolio.models import InventoryRow
from governance.portfolio.stages import STAGES
from governance.portfolio.standing import TIER_ORDER
from governance.portfolio.upkeep import catch_up, caught_up
from registry.actions import bulk
from registry.models import Environment, ModelKind, Origin
from registry.sight import visible_to
from registry.spreadsheets import FORMATS

PAGE_SIZE = 50
STATUSES = ("draft", "evaluating", "in_review", "approved", "lapsed", "rejected", "retired")
FOUND_AT_ONCE = 8
AT_HAND = 4  # filters shown without opening More


@require_GET
def models(request: UserRequest) -> HttpResponseBase:
    """The inventory: every model with the standing of its newest version."""
    filters, now = filters_from(request.GET.dict(), request.GET.getlist("col")), timezone.now()
    around = surroundings(request.user, at=now)
    found = rows(filters, request.user)
    if (kind := request.GET.get("format", "")) in FORMATS:
        caught_up(at=now)  # a file outlives the page: it never says what is known to be old
        return exports.download(kind, found, filters, actor=actor_of(request), at=now)
    pages = Paginator(found, PAGE_SIZE)
    if not filters.narrowed:
        pages.count = around.views[filters.view]
    page = pages.get_page(request.GET.get("page"))
    place = slice((page.number - 1) * PAGE_SIZE, page.number * PAGE_SIZE)
    context = {
        "filters": filters,
        "page": page,
        "rows": shown(found, place, around.outdated, at=now),
        "columns": [(name, COLUMNS[name], name in SORTS, _sorted(filters, name)) for name in filters.columns],
        "all_columns": [(name, label, name in filters.columns) for name, label in COLUMNS.items()],
        "by_model": _sorted(filters, "model"),
        "kept": filters.address,
        "tabs": _tabs(filters, around),
        "around": around,
        "selects": _selects(filters, around)[:AT_HAND],
        "more": _selects(filters, around)[AT_HAND:],
        "chips": _chips(filters, around),
        "may_reassign": bulk.may_change_any(request.user) or around.views["mine"] > 0,
        "people": User.objects.filter(is_active=True).order_by("last_name", "first_name"),
    }
    return render(request, "portfolio/models.html", context)


@require_GET
def search(request: UserRequest) -> HttpResponse:
    """The first few models in which what was typed begins some word; for the search box as one types."""
    asked, found = request.GET.get("q", "").strip()[:200], list[InventoryRow]()
    if asked:
        catch_up(at=timezone.now(), limit=CAUGHT_UP_AT_ONCE)
        found = suggested(asked, request.user, limit=FOUND_AT_ONCE)
    return render(request, "portfolio/search_results.html", {"rows": found, "q": asked})


@require_POST
def view_save(request: UserRequest) -> HttpResponse:
    """Keep the filters under a name."""
    query, name = request.POST.get("query", ""), request.POST.get("name", "")
    try:
        actions.save_view(
            owner=request.user, name=name, query=query, shared="shared" in request.POST, at=timezone.now()
        )
        messages.success(request, f"The view {name.strip()} is kept.")
    except Invalid as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    return redirect(f"{reverse('portfolio:models')}?{query}")


@require_POST
def view_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Give up a view of one's own."""
    view = actions.delete_view(owner=request.user, pk=pk)
    shared = {"shared": "on"} if view.shared else {}
    undo = undone_by(reverse("portfolio:view_save"), name=view.name, query=view.query, **shared)
    messages.success(request, f"The view {view.name} is gone. The models are untouched.", extra_tags=undo)
    return redirect("portfolio:models")


@require_POST
def change_many(request: UserRequest) -> HttpResponse:
    """Hand over or tag the selected models: all of them or none."""
    back = redirect(f"{reverse('portfolio:models')}?{request.POST.get('query', '')}")
    chosen = visible_to(request.user).filter(slug__in=request.POST.getlist("model"))
    given: dict[str, Any] = {
        "note": request.POST.get("note", ""),
        "actor": actor_of(request),
        "at": timezone.now(),
    }
    try:
        if request.POST.get("do") == "hand_over":
            owner = User.objects.filter(username=request.POST.get("owner", "")).first()
            changed = bulk.hand_over(models=chosen, owner=owner, changer=request.user, **given)
            messages.success(request, f"{_counted(changed)} now belong to {owner}.")
        else:
            add = request.POST.get("do") != "untag"
            tag = request.POST.get("tag", "").strip().lower().replace(" ", "-")
            changed = bulk.tag_models(models=chosen, tag=tag, add=add, changer=request.user, **given)
            messages.success(
                request, f"{_counted(changed)} {'tagged' if add else 'no longer tagged'}: {tag}."
            )
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    return back


def _counted(number: int) -> str:
    return "1 model" if number == 1 else f"{number:,} models"


def _sorted(filters: Filters, name: str) -> dict[str, str]:
    """What a column's head says about the order, and where it leads."""
    here = filters.sort.removeprefix("-") == name
    downwards = SORTS.get(name, ("",))[0].startswith("-") != filters.sort.startswith("-")
    return {
        "aria": ("descending" if downwards else "ascending") if here else "",
        "next": f"-{name}" if filters.sort == name else name,
    }


def _tabs(filters: Filters, around: Surroundings) -> list[dict[str, Any]]:
    """The views that everybody has, then the saved ones."""
    here = filters.address
    saved = [
        {"label": name, "href": f"?{query}", "current": query == here and bool(query), "pk": pk, "own": own}
        for pk, name, query, own in around.saved
    ]
    chosen = any(tab["current"] for tab in saved)
    return [
        {
            "label": label,
            "href": f"?view={name}",
            "count": around.views[name],
            "current": filters.view == name and not chosen,
        }
        for name, label in VIEWS.items()
    ] + saved


def _selects(filters: Filters, around: Surroundings) -> list[dict[str, Any]]:
    offered: list[tuple[str, str, list[tuple[str, str]]]] = [
        ("tier", "Tier", [(tier, tier.capitalize()) for tier in reversed(TIER_ORDER)]),
        ("status", "Status", [(name, name.replace("_", " ").capitalize()) for name in STATUSES]),
        ("owner", "Owner", around.owners),
        ("gate", "Production", [("allow", "Allow"), ("deny", "Deny")]),
        ("stage", "Stage", list(STAGES.items())),
        ("live", "Runs in", list(Environment.choices)),
        ("kind", "Kind", list(ModelKind.choices)),
        ("origin", "Origin", list(Origin.choices)),
        ("line", "Business line", around.lines),
        ("tag", "Tag", around.tags),
    ]
    return [
        {"name": name, "label": label, "options": options, "value": getattr(filters, name)}
        for name, label, options in offered
    ]


def _chips(filters: Filters, around: Surroundings) -> list[dict[str, str]]:
    chips = []
    for select in _selects(filters, around)[AT_HAND:]:
        if select["value"]:
            without = replace(filters, **{select["name"]: ""})
            words = dict(select["options"]).get(select["value"], select["value"])
            chips.append({"label": select["label"], "value": words, "remove": f"?{without.address}"})
    return chips
