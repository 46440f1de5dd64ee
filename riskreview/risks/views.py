"""The risk register: of all models, and of one with what to look at next."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import User
from accounts.refusals import Conflict, Invalid
from policy.risk_catalogue import load_catalogue
from registry.access import model_for_reader
from registry.models import Lifecycle, RegisteredModel
from registry.sight import seen_by
from registry.spreadsheets import FORMATS
from riskreview.models import Risk, RiskState
from riskreview.risks.access import may_assess, refuse_unless_assessor
from riskreview.risks.adding import OwnRisk, add_from_catalogue, add_own
from riskreview.risks.asked import asked_of
from riskreview.risks.exports import download
from riskreview.risks.forms import HandOverForm, OwnRiskForm, people
from riskreview.risks.handover import hand_over_risks, refuse_bad_choice
from riskreview.risks.heat import heat_maps
from riskreview.risks.queries import (
    SORTS,
    RiskFilters,
    filters_from,
    narrowed,
    offered,
    risks,
    standing_of_risks,
)
from riskreview.risks.rows import moves, shown
from riskreview.risks.scales import current_scales
from riskreview.risks.suggesting import suggestions_for

PAGE_SIZE = 50
COLUMNS = (
    ("risk", "Risk", ""),
    ("model", "Model", ""),
    ("residual", "Before and after controls", ""),
    ("", "Treatment", ""),
    ("", "State", ""),
    ("owner", "Owner", "cs-hide-s"),
    ("review", "Review", ""),
)


@require_GET
def portfolio(request: UserRequest) -> HttpResponseBase:
    """Every risk of every model: where they stand, filtered, sorted, exported, handed over."""
    filters, now, scales = filters_from(request.GET.dict()), timezone.now(), current_scales()
    found = risks(filters, scales, request.user, at=now)
    if (kind := request.GET.get("format", "")) in FORMATS:
        return download(kind, found, filters, scales, actor=actor_of(request), at=now)
    around = narrowed(filters, scales, request.user, at=now)
    ratings = around.order_by().values_list(
        "inherent_likelihood", "inherent_impact", "residual_likelihood", "residual_impact"
    )
    pairs = [(_rating(row[0], row[1]), _rating(row[2], row[3])) for row in ratings]
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "filters": filters,
        "kept": filters.address,
        "page": page,
        "rows": shown(page.object_list, scales, at=now),
        "maps": heat_maps(pairs, scales, filters),
        "standing": standing_of_risks(around, scales, at=now),
        "selects": [
            {"name": name, "label": label, "options": options, "value": getattr(filters, name)}
            for name, label, options in offered(filters, request.user)
        ],
        "hidden": {name: getattr(filters, name) for name in ("sort", "view", "likelihood", "impact")},
        "cell": cell_words(filters),
        "columns": [(name, label, extra, _sorted(filters, name)) for name, label, extra in COLUMNS],
        "people": people(),
    }
    return render(request, "riskreview/risks.html", context)


@require_GET
def model_risks(request: UserRequest, slug: str) -> HttpResponse:
    """The register of one model: where its risks stand, what controls changed, and what to look at next."""
    model = model_for_reader(request.user, slug)
    now, scales = timezone.now(), current_scales()
    everything = risks(RiskFilters(model=slug, state=""), scales, request.user, at=now)
    rows = shown(everything, scales, at=now)
    standing = [row for row in rows if not row.risk.is_closed]
    filters = RiskFilters(model=slug)
    pairs = [(row.risk.inherent, row.risk.residual) for row in standing]
    context = {
        "model": model,
        "rows": standing,
        "closed": [row for row in rows if row.risk.is_closed],
        "maps": heat_maps(pairs, scales, filters),
        **moves(standing),
        "columns": [(name, label, extra, {}) for name, label, extra in COLUMNS],
        "standing": standing_of_risks(narrowed(filters, scales, request.user, at=now), scales, at=now),
        "asked": asked_of(model),
        "suggestions": suggestions_for(model) if model.lifecycle != Lifecycle.RETIRED else [],
        "may_assess": may_assess(request.user, model) and model.lifecycle != Lifecycle.RETIRED,
    }
    return render(request, "riskreview/model_risks.html", context)


@require_POST
def add(request: UserRequest, slug: str) -> HttpResponse:
    """Add ticked risks of the catalogue: all of them or none."""
    model = model_for_reader(request.user, slug)
    refuse_unless_assessor(request.user, model)
    names = list(dict.fromkeys(request.POST.getlist("risk")))[: len(load_catalogue().risks)]
    failed = {suggestion.risk.id: suggestion.failed for suggestion in suggestions_for(model)}
    if not names:
        messages.error(request, "No risk is ticked. Tick the ones to add.")
    try:
        taken = [
            add_from_catalogue(
                model=model,
                catalogue_id=name,
                runs=failed.get(name, ()),
                raiser=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
            for name in names
        ]
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
        taken = []
    for risk, new in taken:
        text = (
            f"R-{risk.pk} {risk.title} {'is added; rate it next' if new else 'is in the register already'}."
        )
        messages.success(request, text)
    return redirect("riskreview:model_risks", slug)


@require_http_methods(["GET", "POST"])
def new(request: UserRequest, slug: str) -> HttpResponse:
    """The whole catalogue to choose from, and a form for a risk that it does not know."""
    model = model_for_reader(request.user, slug)
    refuse_unless_assessor(request.user, model)
    if request.method == "GET":
        return _new_page(request, model, OwnRiskForm())
    form = OwnRiskForm(request.POST)
    if not form.is_valid():
        return _new_page(request, model, form, status=400)
    try:
        risk = add_own(
            model=model,
            own=OwnRisk(**form.cleaned_data),
            raiser=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _new_page(request, model, form, status=complain(form, refused))
    messages.success(request, f"R-{risk.pk} is added. Rate it next.")
    return redirect("riskreview:risk", risk.pk)


@require_POST
def hand_over(request: UserRequest) -> HttpResponse:
    """Give ticked risks to another owner, once the person has seen which."""
    back = redirect(f"{reverse('riskreview:risks')}?{request.POST.get('query', '')}")
    numbers = [int(name) for name in request.POST.getlist("risk") if name.isascii() and name.isdigit()]
    seen = Risk.objects.filter(seen_by(request.user, "model"), pk__in=numbers)
    chosen = list(seen.select_related("model__owner", "owner").order_by("pk"))
    form = HandOverForm(request.POST)
    try:
        refuse_bad_choice(chosen, request.user)
        if not form.is_valid() or "sure" not in request.POST:
            scales = current_scales()
            rows = shown(chosen, scales, at=timezone.now())
            fresh = form if "sure" in request.POST else HandOverForm(initial=request.POST.dict())
            context = {"rows": rows, "form": fresh, "kept": request.POST.get("query", "")}
            status = 400 if "sure" in request.POST else 200
            return render(request, "riskreview/risks_hand_over.html", context, status=status)
        owner: User = form.cleaned_data["owner"]
        changed = hand_over_risks(
            risks=chosen,
            owner=owner,
            note=form.cleaned_data["note"],
            changer=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
        noun = "risk now belongs" if changed == 1 else "risks now belong"
        messages.success(request, f"{changed:,} {noun} to {owner}.")
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    return back


def _new_page(
    request: UserRequest, model: RegisteredModel, form: OwnRiskForm, status: int = 200
) -> HttpResponse:
    catalogue = load_catalogue()
    rows = model.risks.exclude(state=RiskState.CLOSED).exclude(catalogue_id="")
    standing = {risk.catalogue_id: risk for risk in rows}
    suggested = {suggestion.risk.id: suggestion for suggestion in suggestions_for(model)}
    groups = [
        {
            "title": title,
            "rows": [
                {"risk": risk, "standing": standing.get(risk.id), "why": suggested.get(risk.id)}
                for risk in catalogue.risks.values()
                if risk.category == category
            ],
        }
        for category, title in catalogue.categories.items()
    ]
    context: dict[str, Any] = {"model": model, "groups": groups, "form": form}
    return render(request, "riskreview/risk_new.html", context, status=status)


def cell_words(filters: RiskFilters) -> str:
    """The chosen cell in words."""
    if filters.cell is None:
        return ""
    scales = current_scales()
    likelihood, impact = filters.cell
    when = "after" if filters.view == "residual" else "before"
    words = f"{scales.likelihood[likelihood - 1].word}, {scales.impact[impact - 1].word.lower()}"
    return f"{words}, {when} controls"


def _rating(likelihood: int | None, impact: int | None) -> tuple[int, int] | None:
    return None if likelihood is None or impact is None else (likelihood, impact)


def _sorted(filters: RiskFilters, name: str) -> dict[str, str]:
    """What a column's head says about the order, and where it leads."""
    if not name:
        return {}
    here = filters.sort.removeprefix("-") == name
    downwards = SORTS[name][0].startswith("-") != filters.sort.startswith("-")
    return {
        "aria": ("descending" if downwards else "ascending") if here else "",
        "next": f"-{name}" if filters.sort == name else name,
    }
