"""The frameworks, one of them with its controls, and bringing in one's own."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of, require_role
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from governance.compliance.access import framework_for_reader
from governance.compliance.evidence_kinds import evidence_kinds, kind_label
from governance.compliance.forms import FollowForm, FrameworkForm
from governance.compliance.framework import LEVELS, STATES, Control, Framework
from governance.compliance.importing import import_framework
from governance.compliance.library import every as every_one
from governance.compliance.library import framework_of, frameworks, practices, shipped
from governance.compliance.models import FrameworkVersion
from governance.compliance.queries import scopings_of
from governance.compliance.reading import lines_of
from governance.compliance.rules import IMPORTERS, SCOPERS
from policy.lines import PackError
from registry.views.sending import sent
from riskreview.policies.forms import complaint_of

Grouped = list[tuple[str, list[Control]]]
FACT_WORDS = {
    "effective": "Effective",
    "nature": "Nature",
    "amended": "Amended",
    "amended_by": "Amended by",
    "enforced_from": "Enforced from",
    "superseded_by": "Superseded by",
    "since": "Since",
}


@require_GET
def framework_list(request: UserRequest) -> HttpResponse:
    """Every framework that counts, what state it is in, and whether the organisation follows it."""
    query, state = request.GET.get("q", "").strip()[:100], request.GET.get("state", "")
    imported = set(FrameworkVersion.objects.values_list("framework", flat=True))
    followed, _ = scopings_of(())
    every = frameworks()
    rows = [
        {
            "framework": framework,
            "models": len(framework.of_level("model")),
            "organisation": len(framework.of_level("organisation")),
            "imported": name in imported,
            "followed": followed.get(name),
        }
        for name, framework in every.items()
        if state in ("", framework.state) and _matches(framework, query)
    ]
    states = {framework.state for framework in every.values()}
    context = {
        "rows": rows,
        "q": query,
        "narrowed": bool(query or state),
        "selects": [
            {
                "name": "state",
                "label": "Status",
                "options": [(name, label) for name, label in STATES.items() if name in states],
                "value": state,
            }
        ],
        "controls": sum(len(framework.controls) for framework in every.values()),
        "total": len(every),
        "may_import": request.user.holds(*IMPORTERS),
        "others": [found for found in every_one().values() if found.kind != "framework"],
    }
    return render(request, "compliance/frameworks.html", context)


@require_GET
def framework_page(request: UserRequest, framework: str) -> HttpResponse:
    """What a framework asks for, control by control, with what is known of its status."""
    found = framework_for_reader(request.user, framework)
    versions = list(
        FrameworkVersion.objects.filter(framework=found.id).select_related("imported_by").defer("text")
    )
    asked, chosen = _asked(request, versions)
    shown = asked or found
    query, filters = request.GET.get("q", "").strip()[:100], _filters(request, shown)
    followed, _ = scopings_of(())
    context = {
        "framework": shown,
        "current": found,
        "old": asked is not None and asked.digest != found.digest,
        "chosen": chosen,
        "versions": versions,
        "shipped": _shipped().get(found.id),
        "groups": grouped(shown, query=query, **filters),
        "q": query,
        "narrowed": bool(query or any(filters.values())),
        "selects": _selects(shown, filters),
        "facts": [(FACT_WORDS[name], value) for name, value in shown.facts.items() if name in FACT_WORDS],
        "more": [
            (name.replace("_", " ").capitalize(), list(lines_of(value))) for name, value in shown.more.items()
        ],
        "followed": followed.get(found.id),
        "follow_form": FollowForm(auto_id="follow_%s") if request.user.holds(*SCOPERS) else None,
        "may_import": request.user.holds(*IMPORTERS),
        "kept": {"version": str(chosen)} if chosen is not None else {},
    }
    return render(request, "compliance/framework.html", context)


@require_http_methods(["GET", "POST"])
def framework_new(request: UserRequest) -> HttpResponse:
    """Bring in a framework, or read where it is wrong. Nothing that was typed is lost."""
    require_role(request.user, *IMPORTERS, to="bring in a framework")
    data, files = sent(request)
    form, complaint, status = FrameworkForm(data, files), None, 200
    if request.method == "POST":
        status, text = 400, ""
        if form.is_valid():
            try:
                text, source = form.given()
                made = import_framework(
                    text,
                    source=source,
                    note=form.cleaned_data["note"],
                    short_name=form.cleaned_data["short_name"],
                    importer=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except (Invalid, Conflict) as refused:
                status = complain(form, refused)
            except PackError as error:
                complaint = complaint_of(error, text)
            else:
                messages.success(request, f"{made.name} counts from now on. What was concluded stays.")
                return redirect("compliance:framework", made.framework)
        if text and not form.data.get("text"):
            form = _with_text(form, text)
    context = {"form": form, "complaint": complaint, "kinds": evidence_kinds()}
    return render(request, "compliance/framework_new.html", context, status=status)


def _with_text(form: FrameworkForm, text: str) -> FrameworkForm:
    """The form with the file's text in it, to be corrected where it stands."""
    again = FrameworkForm({**{name: form.data.get(name, "") for name in form.fields}, "text": text})
    again.is_valid()
    for name, errors in form.errors.items():
        again.add_error(None if name == "__all__" else name, errors)
    return again


def _matches(framework: Framework, query: str) -> bool:
    text = f"{framework.id} {framework.name} {framework.issuer} {framework.version}".lower()
    return all(word in text for word in query.lower().split())


def _asked(request: UserRequest, versions: list[FrameworkVersion]) -> tuple[Framework | None, int | None]:
    """The version that the address asks for, where it is one; 0 is the one that came with the product."""
    wanted = request.GET.get("version", "")
    if not wanted:
        return None, None
    for row in versions:
        if wanted == str(row.number):
            return framework_of(row), row.number
    name = request.resolver_match.kwargs["framework"] if request.resolver_match else ""
    if wanted == "0" and name in _shipped():
        return _shipped()[name], 0
    raise Http404("There is no such version of this framework.")


def _shipped() -> dict[str, Framework]:
    return {**shipped(), **practices()}


def _filters(request: UserRequest, framework: Framework) -> dict[str, str]:
    known = {
        "level": (*LEVELS, "team"),
        "group": [group.id for group in framework.groups],
        "kind": evidence_kinds(),
    }
    told = {name: request.GET.get(name, "") for name in known}
    return {name: value if value in known[name] else "" for name, value in told.items()}


def grouped(
    framework: Framework, *, query: str = "", level: str = "", group: str = "", kind: str = ""
) -> Grouped:
    """The controls that match, under the headings of their groups; empty groups are left out."""
    words = query.lower().split()
    found: dict[str, list[Control]] = {}
    for control in framework.controls:
        fits = (
            level in ("", control.level)
            and group in ("", control.group)
            and (not kind or kind in control.evidence)
            and all(word in f"{control.id} {control.ref} {control.title}".lower() for word in words)
        )
        if fits:
            found.setdefault(control.group, []).append(control)
    return [(row.title, found[row.id]) for row in framework.groups if row.id in found]


def _selects(framework: Framework, filters: dict[str, str]) -> list[dict[str, Any]]:
    kinds = sorted({kind for control in framework.controls for kind in control.evidence})
    return [
        {
            "name": "level",
            "label": "Level",
            "options": [("model", "Model"), ("organisation", "Organisation")],
            "value": filters["level"],
        },
        {
            "name": "group",
            "label": "Group",
            "options": [(group.id, group.title) for group in framework.groups],
            "value": filters["group"],
        },
        {
            "name": "kind",
            "label": "Evidence",
            "options": [(kind, kind_label(kind)) for kind in kinds],
            "value": filters["kind"],
        },
    ]
