"""What each kind of report tells: as HTML for the PDF, and the same facts as JSON for machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from audit.canonical import canonical
from governance.reports import (
    board,
    content,
    facts,
    framework_file,
    gate_activity,
    model_file,
    past,
    validation,
)
from governance.reports.board import Say
from governance.reports.models import Report, ReportKind


@dataclass(frozen=True)
class Told:
    """A report before its pages are laid out: the document, and its facts in RFC 8785 JSON."""

    html: str
    facts: str


def tell(report: Report, *, at: datetime, say: Say = lambda progress, step: None) -> Told:
    """Gather what the report says as of `at`; `say` hears how far that is. Raises Refusal when there is too much."""
    match ReportKind(report.kind):
        case ReportKind.VERSION:
            told = past.gather_past(report, at=at) if report.past else content.gather(report, at=at)
            return _told("report", told, facts.of_version(told))
        case ReportKind.MODEL:
            file = model_file.gather(report, at=at)
            return _told("model", file, model_file.facts_of(file))
        case ReportKind.GATE:
            activity = gate_activity.gather(report, at=at)
            return _told("gate", activity, gate_activity.facts_of(activity))
        case ReportKind.VALIDATION:
            found = validation.gather_validation(report, at=at)
            return _told("validation", found, validation.facts_of(found))
        case ReportKind.PORTFOLIO:
            whole = board.gather_board(report, at=at, say=say)
            return _told("board", whole, board.facts_of(whole))
        case ReportKind.FRAMEWORK:
            covered = framework_file.gather_framework(report, at=at, say=say)
            return _told("framework", covered, framework_file.facts_of(covered))


def _told(name: str, gathered: object, told: Mapping[str, object]) -> Told:
    context = {"c": gathered, "organisation": settings.COUNTERSIGN_ORGANISATION, "product": settings.VERSION}
    return Told(render_to_string(f"reports/pdf/{name}.html", context), canonical(told))
