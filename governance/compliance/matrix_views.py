"""Coverage at a glance: models × frameworks, models × the controls of one framework, and both as files."""

from typing import Any

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest, actor_of
from governance.compliance.access import framework_of_model
from governance.compliance.coverage import STATES
from governance.compliance.exports import download
from governance.compliance.narrowing import narrowing_of, under_framework
from governance.compliance.oscal.taking import take_components
from governance.compliance.queries import coverage_of
from registry.models import RegisteredModel
from registry.spreadsheets import FORMATS

MODELS_SHOWN = 25
COLUMNS_SHOWN = 8


@require_GET
def coverage(request: UserRequest) -> HttpResponseBase:
    """How each model stands under each framework that applies to it."""
    now, asked = timezone.now(), narrowing_of(request)
    models = asked.models(request)
    if (kind := request.GET.get("format", "")) in FORMATS:
        return download(kind, models, asked.asked, actor=actor_of(request), at=now)
    if kind == "oscal":
        return take_components(models, asked.asked, actor=actor_of(request), at=now)
    page = Paginator(models, MODELS_SHOWN).get_page(request.GET.get("page"))
    covered = coverage_of(list(page.object_list), today=now.date())
    columns = {
        name: answer.framework for row in covered for name, answer in row.applicable.items() if answer.applies
    }
    columns = dict(sorted(columns.items(), key=lambda pair: pair[1].name.lower()))
    context = {
        "page": page,
        "columns": list(columns.values()),
        "rows": [
            {"covered": row, "cells": [{"framework": name, "summary": row.summary(name)} for name in columns]}
            for row in covered
        ],
        "q": asked.q,
        "selects": asked.selects(every=True),
        "narrowed": bool(asked.asked),
        "states": list(STATES.values()),
    }
    return render(request, "compliance/coverage.html", context)


@require_GET
def coverage_of_framework(request: UserRequest, framework: str) -> HttpResponseBase:
    """How each control of a framework stands for each model that it applies to."""
    now, asked = timezone.now(), narrowing_of(request)
    found = framework_of_model(request.user, framework)
    rows = asked.models(request, within=found.id)
    under = under_framework(found, rows)
    if (kind := request.GET.get("format", "")) in FORMATS:
        told = asked.asked | {"framework": found.id}
        taken = RegisteredModel.objects.filter(pk__in=under).order_by("name", "pk")
        return download(kind, taken, told, actor=actor_of(request), at=now, only=found.id)
    heading = request.GET.get("heading", "")
    shown = [group for group in found.groups if group.id == heading] or list(found.groups)
    page = Paginator(under, COLUMNS_SHOWN).get_page(request.GET.get("page"))
    models = RegisteredModel.objects.in_bulk(page.object_list)
    covered = coverage_of([models[pk] for pk in page.object_list], today=now.date(), known={found.id: found})
    standings = [{row.control.id: row for row in one.standings.get(found.id, ())} for one in covered]
    groups: dict[str, list[dict[str, Any]]] = {}
    for control in found.of_level("model"):
        cells = [
            {"model": one.model, "row": rows[control.id]}
            for one, rows in zip(covered, standings, strict=True)
            if control.id in rows
        ]
        groups.setdefault(control.group, []).append({"control": control, "cells": cells})
    context = {
        "framework": found,
        "page": page,
        "columns": [{"model": one.model, "summary": one.summary(found.id)} for one in covered],
        "groups": [(group.title, groups[group.id]) for group in shown if group.id in groups],
        "width": len(covered) + 1,
        "q": asked.q,
        "selects": [
            {
                "name": "heading",
                "label": "Heading",
                "options": [(group.id, group.title) for group in found.groups if group.id in groups],
                "value": heading,
            },
            *asked.selects(every=False),
        ],
        "narrowed": bool(asked.asked),
        "states": list(STATES.values()),
    }
    return render(request, "compliance/coverage_framework.html", context)
