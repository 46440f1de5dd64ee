"""What each kind of report tells: as HTML for the PDF, and the same facts as JSON for machines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from audit.canonical import canonical
from governance.reports import content, facts, gate_activity, model_file, past, validation
from governance.reports.models import Report, ReportKind


@dataclass(frozen=True)
class Told:
    """A report before its pages are laid out: the document, and its facts in RFC 8785 JSON."""

    html: str
    facts: str


def tell(report: Report, *, at: datetime) -> Told:
    """Gather what the report says as of `at`. Raises Refusal when there is too much of it."""
    return TELLERS[report.kind](report, at)


def _version(report: Report, at: datetime) -> Told:
    gathered = past.gather_past(report, at=at) if report.past else content.gather(report, at=at)
    return _told("reports/pdf/report.html", gathered, facts.of_version(gathered))


def _model(report: Report, at: datetime) -> Told:
    gathered = model_file.gather(report, at=at)
    return _told("reports/pdf/model.html", gathered, model_file.facts_of(gathered))


def _validation(report: Report, at: datetime) -> Told:
    gathered = validation.gather_validation(report, at=at)
    return _told("reports/pdf/validation.html", gathered, validation.facts_of(gathered))


def _gate(report: Report, at: datetime) -> Told:
    gathered = gate_activity.gather(report, at=at)
    return _told("reports/pdf/gate.html", gathered, gate_activity.facts_of(gathered))


TELLERS: Mapping[str, Callable[[Report, datetime], Told]] = {
    ReportKind.VERSION: _version,
    ReportKind.MODEL: _model,
    ReportKind.GATE: _gate,
    ReportKind.VALIDATION: _validation,
}


def _told(template: str, gathered: object, told: Mapping[str, object]) -> Told:
    context = {"c": gathered, "organisation": settings.COUNTERSIGN_ORGANISATION, "product": settings.VERSION}
    return Told(render_to_string(template, context), canonical(told))
