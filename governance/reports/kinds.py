"""What each kind of report tells: as HTML for the PDF, and the same facts as JSON for machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from accounts.languages import english
from audit.canonical import canonical
from governance.reports import (
    board,
    content,
    facts,
    framework_file,
    gate_activity,
    model_file,
    model_past,
    past,
    validation,
)
from governance.reports.board import Say
from governance.reports.certificate import configured
from governance.reports.models import Report, ReportKind
from governance.reports.orders import Part
from governance.reports.parts import parts_of
from governance.reports.scope import scope_of


@dataclass(frozen=True)
class Told:
    """A report before its pages are laid out: the document, its facts in RFC 8785 JSON, what else goes inside."""

    html: str
    facts: str
    parts: tuple[Part, ...]


def tell(report: Report, *, at: datetime, say: Say = lambda progress, step: None) -> Told:
    """Gather what the report says as of `at`; `say` hears how far that is. Raises Refusal when there is too much."""
    name, gathered, said = _gathered(report, at, say)
    scope = scope_of(report, said, until=at) if report.has_bundle else None
    context = {
        "c": gathered,
        "organisation": settings.COUNTERSIGN_ORGANISATION,
        "product": settings.VERSION,
        "signed": configured(),
    }
    with english():
        html = render_to_string(f"reports/pdf/{name}.html", context)
    return Told(html, canonical(said), parts_of(scope, said["checkpoint"]))


def _gathered(report: Report, at: datetime, say: Say) -> tuple[str, object, Mapping[str, Any]]:
    """The name of the template, what it tells, and the same for machines."""
    match ReportKind(report.kind):
        case ReportKind.VERSION:
            told = past.gather_past(report, at=at) if report.past else content.gather(report, at=at)
            return "report", told, facts.of_version(told)
        case ReportKind.MODEL:
            told_of = model_past.gather_then if report.past else model_file.gather
            file = told_of(report, at=at)
            return "model", file, model_file.facts_of(file)
        case ReportKind.GATE:
            activity = gate_activity.gather(report, at=at)
            return "gate", activity, gate_activity.facts_of(activity)
        case ReportKind.VALIDATION:
            found = validation.gather_validation(report, at=at)
            return "validation", found, validation.facts_of(found)
        case ReportKind.PORTFOLIO:
            whole = board.gather_board(report, at=at, say=say)
            return "board", whole, board.facts_of(whole)
        case ReportKind.FRAMEWORK:
            covered = framework_file.gather_framework(report, at=at, say=say)
            return "framework", covered, framework_file.facts_of(covered)
