"""The questionnaire in its versions: read, propose, preview, activate."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of, require_role
from accounts.complaints import complain
from accounts.models import Role, User
from accounts.refusals import Conflict, Invalid
from policy.questionnaire import Questionnaire
from policy.questionnaire_changes import changes
from policy.questionnaire_file import DEFAULT, PackError
from registry.sight import hidden_from
from riskreview.access import questionnaire_for_reader
from riskreview.models import QuestionnaireVersion
from riskreview.tiering.answers import AXES
from riskreview.tiering.forms import ProposalForm
from riskreview.tiering.questionnaire_changes import (
    activate_questionnaire,
    checked_text,
    next_version,
    propose_questionnaire,
    reason_against_activating,
)
from riskreview.tiering.questionnaires import InForce, in_force, questions_of
from riskreview.tiering.retiering import preview_of
from riskreview.tiering.side_by_side import side_by_side

AROUND = 3
MOVES_SHOWN = 200


@require_GET
def questionnaire(request: UserRequest) -> HttpResponse:
    """The one in force, and the others."""
    active = in_force()
    return render(request, "riskreview/questionnaire_page.html", _told(request, active.questions, active))


@require_GET
def questionnaire_version(request: UserRequest, version: int) -> HttpResponse:
    """One version: what it changes against the one in force, and which models that would move."""
    row = questionnaire_for_reader(request.user, version)
    active = in_force()
    found = questions_of(row)
    context = _told(request, found, active) | {"row": row}
    if not row.active:
        context |= _compared(request.user, active, found, row.source)
        context["why_not"] = reason_against_activating(request.user, row)
    return render(request, "riskreview/questionnaire_page.html", context)


@require_http_methods(["GET", "POST"])
def questionnaire_new(request: UserRequest) -> HttpResponse:
    """Write another version; look at what it would do; propose it."""
    require_role(request.user, Role.ADMINISTRATOR, to="change the questionnaire")
    active = in_force()
    if request.method == "GET":
        return _editor(request, ProposalForm(initial={"source": _next_text(active)}), active)
    form = ProposalForm(request.POST, proposing="look" not in request.POST)
    if not form.is_valid():
        return _editor(request, form, active, status=400)
    text = form.cleaned_data["source"]
    try:
        found = checked_text(text)
    except PackError as error:
        form.add_error("source", f"Line {error.line}: {error.problem} {error.remedy}")
        return _editor(request, form, active, refusal=_place(text, error), status=400)
    if "look" in request.POST:
        return _editor(request, form, active, compared=_compared(request.user, active, found, text))
    try:
        row = propose_questionnaire(
            text=text,
            note=form.cleaned_data["note"],
            proposer=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        return _editor(
            request,
            form,
            active,
            compared=_compared(request.user, active, found, text),
            status=complain(form, refused),
        )
    messages.success(request, f"Version {row.version} is proposed. A risk officer activates it.")
    return redirect("riskreview:questionnaire_version", row.version)


@require_POST
def questionnaire_activate(request: UserRequest, version: int) -> HttpResponse:
    """A risk officer lets it come into force."""
    row = questionnaire_for_reader(request.user, version)
    try:
        found = activate_questionnaire(
            row=row, officer=request.user, actor=actor_of(request), at=timezone.now()
        )
    except Conflict as refused:
        messages.error(request, f"{refused} {refused.remedy}")
        return redirect("riskreview:questionnaire_version", version)
    count = len(found.moves)
    told = f"{count} model{'' if count == 1 else 's'} to be tiered again, and told." if count else ""
    messages.success(request, f"Version {version} is in force. {told}".strip())
    return redirect("riskreview:questionnaire")


def _told(request: UserRequest, found: Questionnaire, active: InForce) -> dict[str, Any]:
    bands = found.bands
    return {
        "questionnaire": found,
        "row": active.row,
        "axes": [
            (title, text, found.of_axis("materiality" if name == "materiality" else "inherent"))
            for name, title, text in AXES
        ],
        "rules": [(rule, found.why(rule)) for rule in found.overrides],
        "bands": [(band.name, float(band.from_score)) for band in bands],
        "matrix": [
            (across.name, [found.matrix[across.id][band.id] for band in bands]) for across in reversed(bands)
        ],
        "months": found.months.items(),
        "versions": QuestionnaireVersion.objects.defer("source").select_related("made_by", "activated_by"),
        "in_force": active.questions,
        "may_propose": request.user.holds(Role.ADMINISTRATOR),
    }


def _compared(reader: User, active: InForce, found: Questionnaire, text: str) -> dict[str, Any]:
    """The counts are of all models, for whoever changes the questions must know; hidden models are not named."""
    preview, hidden = preview_of(found), set(hidden_from(reader).values_list("pk", flat=True))
    return {
        "changes": changes(active.questions, found),
        "preview": preview,
        "moves": [move for move in preview.moves if move.model.pk not in hidden][:MOVES_SHOWN],
        "lines": side_by_side(_source(active), text),
        "against": active.questions.version,
        "proposed": found,
    }


def _editor(
    request: UserRequest,
    form: ProposalForm,
    active: InForce,
    *,
    compared: dict[str, Any] | None = None,
    refusal: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "in_force": active.questions, "next": next_version(), "refusal": refusal}
    return render(request, "riskreview/questionnaire_new.html", context | (compared or {}), status=status)


def _source(active: InForce) -> str:
    return active.row.source if active.row else DEFAULT.read_text(encoding="utf-8")


def _next_text(active: InForce) -> str:
    """The text in force with the number that the next version takes."""
    old = f"version: {active.questions.version}"
    lines = [f"version: {next_version()}" if line == old else line for line in _source(active).splitlines()]
    return "\n".join(lines) + "\n"


def _place(text: str, error: PackError) -> dict[str, Any]:
    """The line that a refusal is about, with those around it."""
    lines = list(enumerate(text.splitlines(), 1))
    near = lines[max(0, error.line - 1 - AROUND) : error.line + AROUND]
    return {"line": error.line, "problem": error.problem, "remedy": error.remedy, "near": near}
