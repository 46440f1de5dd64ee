"""What a form that was sent does, the same for a model and for the organisation (no model)."""

from typing import Any

from django.contrib import messages
from django.utils import timezone

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from governance.compliance.concluding import conclude, take_back
from governance.compliance.control_page import Place
from governance.compliance.forms import ConcludeForm, FollowForm, ScopeForm, TakeBackForm
from governance.compliance.framework import Framework
from governance.compliance.models import Conclusion, Scoping
from governance.compliance.scoping import decide_scope
from registry.models import RegisteredModel

CONCLUDED = ("verdict", "rationale", "until")


def concluded(
    request: UserRequest,
    form: ConcludeForm,
    framework: Framework,
    controls: list[str],
    model: RegisteredModel | None,
    *,
    team: str = "",
    as_seen: bool = False,
) -> tuple[list[Conclusion] | None, int]:
    """The conclusions, and the status to answer with; None where nothing was sent or the form says why not.

    `as_seen` refuses where the evidence is not what the form's page showed.
    """
    if request.method != "POST":
        return None, 200
    if not form.is_valid():
        return None, 400
    given = form.cleaned_data
    try:
        made = conclude(
            framework=framework.id,
            controls=controls,
            model=model,
            team=team,
            **{name: given[name] for name in (*CONCLUDED, *(("seen",) if as_seen else ()))},
            **_who(request),
        )
    except (Invalid, Conflict) as refused:
        return None, complain(form, refused)
    return made, 200


def concluded_on(request: UserRequest, form: ConcludeForm, place: Place) -> tuple[bool, int]:
    """Whether the one control of a page was concluded on, which the reader is told, and the status."""
    made, status = concluded(request, form, place.framework, [place.control.id], place.model, as_seen=True)
    if made is not None:
        messages.success(request, f"Your conclusion on {place.control.ref} is on the record.")
    return made is not None, status


def taken_back(
    request: UserRequest, framework: Framework, control: str, model: RegisteredModel | None, team: str = ""
) -> None:
    """Take a conclusion back, and tell the reader what became of it."""
    form = TakeBackForm(request.POST)
    rationale = form.cleaned_data["rationale"] if form.is_valid() else ""
    try:
        take_back(
            framework=framework.id,
            control=control,
            model=model,
            team=team,
            rationale=rationale,
            **_who(request),
        )
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    else:
        messages.success(request, "The conclusion is taken back. It stays in the history.")


def scoped(
    request: UserRequest, form: ScopeForm | FollowForm, framework: Framework, model: RegisteredModel | None
) -> Scoping | None:
    """The decision whether a framework applies; None where it was refused, which the reader is told."""
    given = {"stance": "", "rationale": ""} | (form.cleaned_data if form.is_valid() else {})
    try:
        return decide_scope(framework=framework.id, model=model, **given, **_who(request))
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
        return None


def _who(request: UserRequest) -> dict[str, Any]:
    return {"user": request.user, "actor": actor_of(request), "at": timezone.now()}
