"""Who may read which report: everyone here may, and what cannot be read does not exist."""

from pathlib import Path

from django.http import Http404

from accounts.refusals import Invalid
from evaluations.models import JobStatus
from governance.reports.models import Report
from governance.reports.places import reports_folder
from governance.reports.render import facts_of, html_of
from registry.models import Environment


def report_for_reader(**lookup: object) -> Report:
    """The report, or 404."""
    found = Report.objects.select_related("version__model", "model", "requested_by").filter(**lookup).first()
    if found is None:
        raise Http404("There is no such report.")
    return found


def report_file(report: Report) -> Path:
    """The finished file, or 404."""
    path = reports_folder() / report.file
    if report.status != JobStatus.SUCCEEDED or not path.is_file():
        raise Http404("This report has no file.")
    return path


def facts_file(report: Report) -> Path:
    """The facts that the report was made from, or 404."""
    return _beside(facts_of(report_file(report)))


def html_file(report: Report) -> Path:
    """The page that the PDF was laid out from, or 404 for a report from before pages were kept."""
    return _beside(html_of(report_file(report)))


def _beside(path: Path) -> Path:
    if not path.is_file():
        raise Http404("This report has no such file: it was made before they were kept.")
    return path


def known_environment(text: str) -> str:
    """The environment, or a refusal that lists them."""
    if text not in Environment.values:
        known = ", ".join(Environment.values)
        raise Invalid(f"There is no environment {text}.", f"They are {known}.", field="environment")
    return text
