"""The scales that risks are rated on: read by everybody, changed by risk officers and administrators."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.models import SIGNING_ROLES
from accounts.refusals import Conflict, Invalid
from policy.risk_scales import RISK_LEVELS, STEPS, RiskScales
from riskreview.models import RiskScale
from riskreview.risks.access import KEEPERS_OF_SCALES, refuse_unless_keeper_of_scales
from riskreview.risks.forms import ScalesForm
from riskreview.risks.heat import COLOURS
from riskreview.risks.scale_changes import LevelChange, level_changes, read_given, save_scales, scales_digest
from riskreview.risks.scales import current_scales

HISTORY_SHOWN = 10


@require_http_methods(["GET", "POST"])
def scales(request: UserRequest) -> HttpResponse:
    """Read the scales; change them, once the effect was seen."""
    standing = current_scales()
    if request.method == "GET":
        return _page(request, standing, ScalesForm(scales=standing))
    refuse_unless_keeper_of_scales(request.user)
    form = ScalesForm(request.POST, scales=standing)
    if not form.is_valid():
        return _page(request, standing, form, status=400)
    try:
        wanted = read_given(form.content())
        if "save" not in request.POST or form.cleaned_data["seen"] != scales_digest(wanted):
            return _effect(request, standing, wanted, form)
        kept = save_scales(
            content=form.content(),
            note=form.cleaned_data["note"],
            seen=form.cleaned_data["seen"],
            keeper=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _page(request, standing, form, status=complain(form, refused))
    messages.success(request, f"{kept} count from now on.")
    return redirect("riskreview:risk_scales")


def _effect(request: UserRequest, standing: RiskScales, wanted: RiskScales, form: ScalesForm) -> HttpResponse:
    """The same form, with what it would change and the button that keeps it."""
    data = request.POST.copy()
    data["seen"] = scales_digest(wanted)
    shown = ScalesForm(data, scales=standing)
    shown.is_valid()
    return _page(request, standing, shown, changes=level_changes(standing, wanted), wanted=wanted)


def _page(
    request: UserRequest,
    standing: RiskScales,
    form: ScalesForm,
    *,
    changes: list[LevelChange] | None = None,
    wanted: RiskScales | None = None,
    status: int = 200,
) -> HttpResponse:
    steps = range(1, STEPS + 1)
    context: dict[str, Any] = {
        "scales": standing,
        "form": form,
        "changes": changes,
        "wanted": wanted,
        "may_change": request.user.holds(*KEEPERS_OF_SCALES),
        "editing": request.method == "POST",
        "matrix": [
            (
                form[f"likelihood.{row}"],
                [_cell(form, row, column) for column in steps],
            )
            for row in reversed(steps)
        ],
        "impacts": [form[f"impact.{step}"] for step in steps],
        "parts": [
            (
                name.capitalize(),
                [(step, form[f"{name}.{step}"], form[f"{name}.{step}.meaning"]) for step in steps],
            )
            for name in ("likelihood", "impact")
        ],
        "acceptance": [
            (level, COLOURS[level], form[f"acceptance.{level}"], form[f"acceptance.{level}.days"])
            for level in RISK_LEVELS
        ],
        "levels": RISK_LEVELS,
        "roles": [(role.value, role.label) for role in SIGNING_ROLES],
        "history": RiskScale.objects.select_related("saved_by")[:HISTORY_SHOWN],
    }
    return render(request, "riskreview/risk_scales.html", context, status=status)


def _cell(form: ScalesForm, row: int, column: int) -> dict[str, Any]:
    field = form[f"matrix.{row}.{column}"]
    level = str(field.value() or "")
    return {"field": field, "level": level, "colour": COLOURS.get(level, "")}
