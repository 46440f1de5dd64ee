"""How one model stands: by framework, by control, and what somebody concludes of it."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from governance.compliance.access import control_of, framework_for_reader, framework_of_model
from governance.compliance.control_page import Place, control_context
from governance.compliance.coverage import OPEN, STATES, Standing, stand
from governance.compliance.forms import ConcludeForm, ScopeForm
from governance.compliance.library import checklists, frameworks
from governance.compliance.oscal.taking import take_results
from governance.compliance.posted import concluded, concluded_on, scoped, taken_back
from governance.compliance.queries import ModelCoverage, conclusions_of, coverage_of, gaps_of, left_behind
from governance.compliance.rules import SCOPERS, why_not_conclude
from registry.access import model_for_reader
from registry.models import RegisteredModel


def _covered(model: RegisteredModel) -> ModelCoverage:
    known = {**frameworks(), **checklists()}
    return coverage_of([model], today=timezone.now().date(), known=known)[0]


@require_GET
def model_compliance(request: UserRequest, slug: str) -> HttpResponse:
    """Which frameworks apply to a model, why, and how far each is covered."""
    model = model_for_reader(request.user, slug)
    covered = _covered(model)
    applying = [
        {"answer": answer, "summary": covered.summary(name)}
        for name, answer in covered.applicable.items()
        if answer.applies and answer.framework.kind == "framework"
    ]
    own = [
        {"framework": answer.framework, "summary": covered.summary(name)}
        for name, answer in covered.applicable.items()
        if answer.applies and answer.framework.kind == "checklist"
    ]
    context = {
        "model": model,
        "covered": covered,
        "applying": applying,
        "checklists": own,
        "others": [answer for answer in covered.applicable.values() if not answer.applies],
        "may_scope": request.user.holds(*SCOPERS),
    }
    return render(request, "compliance/model.html", context)


@require_http_methods(["GET", "POST"])
def model_framework(request: UserRequest, slug: str, framework: str) -> HttpResponse:
    """The controls of one framework for one model; a POST concludes on those that were ticked."""
    model, found = model_for_reader(request.user, slug), framework_of_model(request.user, framework)
    form, ticked = (
        ConcludeForm(request.POST or None, auto_id="bulk_%s"),
        request.POST.getlist("control")[:500],
    )
    made, status = concluded(request, form, found, ticked, model)
    if made is not None:
        noun = "control" if len(made) == 1 else "controls"
        messages.success(request, f"Concluded on {len(made)} {noun}. Each is on the record.")
        return redirect("compliance:model_framework", slug, found.id)
    covered = _covered(model)
    answer, rows = covered.applicable[found.id], _standings(covered, found.id)
    counts, view = Counter(row.state for row in rows), _view(request.GET.get("state", ""))
    query = request.GET.get("q", "").strip()[:100]
    shown = [row for row in rows if _in_view(row, view) and _says(row, query)]
    context = {
        "model": model,
        "covered": covered,
        "framework": found,
        "answer": answer,
        "groups": by_group(found.groups, shown),
        "shown": len(shown),
        "summary": covered.summary(found.id),
        "tabs": _tabs(view, counts, query),
        "view": view,
        "q": query,
        "kept": {"state": view} if view else {},
        "form": form if not why_not_conclude(request.user, model, covered.record.version) else None,
        "bound": form.is_bound,
        "ticked": set(ticked),
        "scope": ScopeForm(auto_id="scope_%s", initial={"stance": answer.decided and answer.decided.stance})
        if request.user.holds(*SCOPERS)
        else None,
        "behind": left_behind(found, model),
        "today": timezone.now().date(),
    }
    return render(request, "compliance/model_framework.html", context, status=status)


@require_GET
def model_results(request: UserRequest, slug: str, framework: str) -> HttpResponse:
    """How a model stands under a framework, as OSCAL assessment results."""
    model, found = model_for_reader(request.user, slug), framework_for_reader(request.user, framework)
    return take_results(model, found, actor=actor_of(request), at=timezone.now())


@require_http_methods(["GET", "POST"])
def model_control(request: UserRequest, slug: str, framework: str, control: str) -> HttpResponse:
    """One control for one model: what there is, what is missing, and what somebody concludes."""
    model, found = model_for_reader(request.user, slug), framework_of_model(request.user, framework)
    place = Place(found, control_of(found, control, "model"), model)
    form = ConcludeForm(request.POST or None)
    done, status = concluded_on(request, form, place)
    if done:
        return redirect(place.href)
    covered = _covered(model)
    standing = next(row for row in _standings(covered, found.id) if row.control.id == control)
    reason = why_not_conclude(request.user, model, covered.record.version)
    context = control_context(place, standing, covered.held, form, reason, user=request.user)
    context |= {"covered": covered, "answer": covered.applicable[found.id]}
    return render(request, "compliance/control.html", context, status=status)


@require_POST
def model_take_back(request: UserRequest, slug: str, framework: str, control: str) -> HttpResponse:
    """Take a conclusion back."""
    model, found = model_for_reader(request.user, slug), framework_for_reader(request.user, framework)
    taken_back(request, found, control, model)
    if control in found.by_id:
        return redirect("compliance:model_control", slug, found.id, control)
    return redirect("compliance:model_framework", slug, found.id)


@require_POST
def model_scope(request: UserRequest, slug: str, framework: str) -> HttpResponse:
    """Decide by hand whether a framework applies to a model."""
    model, found = model_for_reader(request.user, slug), framework_for_reader(request.user, framework)
    made = scoped(request, ScopeForm(request.POST), found, model)
    if made is not None:
        messages.success(request, f"{found.name}: {made.get_stance_display().lower()}. It is on the record.")
    return redirect("compliance:model_framework", slug, found.id)


def by_group(groups: Any, rows: list[Standing]) -> list[tuple[str, list[Standing]]]:
    """Standings under the headings of their groups; empty groups are left out."""
    found: dict[str, list[Standing]] = {}
    for row in rows:
        found.setdefault(row.control.group, []).append(row)
    return [(group.title, found[group.id]) for group in groups if group.id in found]


def _standings(covered: ModelCoverage, framework: str) -> list[Standing]:
    """Of a framework that applies; of one that does not, as if it did, so that a page can show it."""
    if framework in covered.standings:
        return covered.standings[framework]
    answer, key = covered.applicable[framework], (covered.model.pk, framework)
    return stand(
        answer.framework,
        answer.framework.of_level("model"),
        covered.held,
        conclusions_of([covered.model.pk]).get(key, {}),
        gaps_of([covered.model.pk]).get(key, {}),
        today=covered.record.today,
    )


def _view(asked: str) -> str:
    return asked if asked in STATES or asked == "open" else ""


def _in_view(row: Standing, view: str) -> bool:
    return not view or row.state == view or (view == "open" and row.state in OPEN)


def _says(row: Standing, query: str) -> bool:
    text = f"{row.control.id} {row.control.ref} {row.control.title}".lower()
    return all(word in text for word in query.lower().split())


def _tabs(view: str, counts: Counter[str], query: str) -> list[dict[str, Any]]:
    needing = sum(counts[state] for state in OPEN)
    given = [("", "All", counts.total()), ("open", "Needs somebody", needing)]
    given += [(state, word, counts[state]) for state, (_, word) in STATES.items() if counts[state]]
    kept = f"&q={query}" if query else ""
    return [
        {"label": label, "href": f"?state={name}{kept}", "count": count, "current": name == view}
        for name, label, count in given
    ]
