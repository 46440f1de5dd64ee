"""OSCAL documents as downloads. Who took one stands in the record."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse

from accounts.refusals import Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.compliance.framework import Framework
from governance.compliance.oscal.components import component_definition
from governance.compliance.oscal.frame import Site
from governance.compliance.oscal.results import assessment_results
from governance.compliance.queries import coverage_of, programme_coverage
from registry.models import RegisteredModel

MOST_MODELS = 200


def take_components(
    models: QuerySet[RegisteredModel],
    asked: Mapping[str, str],
    *,
    actor: Actor,
    at: datetime,
) -> HttpResponse:
    """These models and the organisation's programme; `asked` is how the list was narrowed. Raises Invalid."""
    rows = list(models[: MOST_MODELS + 1])
    if len(rows) > MOST_MODELS:
        raise Invalid(
            f"A component definition holds up to {MOST_MODELS} models.",
            "Narrow the list, or take one model at a time.",
            field="model",
        )
    covered = coverage_of(rows, today=at.date())
    words = "&".join(asked.values())
    told = component_definition(
        _site(), covered, programme_coverage(today=at.date()), ref=f"component-definition?{words}"
    )
    detail = {
        "format": "oscal component definition",
        "filters": dict(asked),
        "rows": len(rows),
    }
    return _answer(told, "component-definition", subject="coverage", detail=detail, actor=actor, at=at)


def take_results(model: RegisteredModel, framework: Framework, *, actor: Actor, at: datetime) -> HttpResponse:
    """How a model stands under a framework. Raises Http404 where that does not apply to it."""
    covered = coverage_of([model], today=at.date())[0]
    if not (rows := covered.standings.get(framework.id)):
        raise Http404(f"{framework.name} does not apply to {model.name}.")
    told = assessment_results(_site(), covered, framework, rows)
    detail = {"format": "oscal assessment results", "filters": {"framework": framework.id}, "rows": len(rows)}
    name = f"{model.slug}-{framework.id}-assessment-results"
    return _answer(told, name, subject=model.ref, detail=detail, actor=actor, at=at)


def _site() -> Site:
    return Site(settings.COUNTERSIGN_URL, settings.COUNTERSIGN_ORGANISATION)


def _answer(
    told: dict[str, Any], name: str, *, subject: str, detail: dict[str, object], actor: Actor, at: datetime
) -> HttpResponse:
    with transaction.atomic():
        record(Verb.COVERAGE_EXPORTED, subject=subject, actor=actor, at=at, detail=detail)
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    headers = {"Content-Disposition": f'attachment; filename="{name}.oscal.json"'}
    return HttpResponse(text, content_type="application/json", headers=headers)
