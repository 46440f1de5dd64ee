"""Who may read which report: whoever may see all that it tells of; what cannot be read does not exist."""

from pathlib import Path

from django.db.models import Exists, Q
from django.http import Http404

from accounts.models import User
from accounts.refusals import Invalid, NotAllowed
from evaluations.models import JobStatus
from governance.reports.models import Report
from governance.reports.places import reports_folder
from governance.reports.render import facts_of, html_of
from registry.models import Environment
from registry.sight import hidden_from, seen_by, sees_all


def reports_seen(user: User) -> Q:
    """The condition on reports that the person may read: those of what they may see.

    A report that tells of every model is for whoever sees every model, and for the one who asked for it when they did.
    """
    if sees_all(user):
        return Q()
    about_one = Q(version__isnull=False) | Q(model__isnull=False)
    about_all = Q(requested_by=user) | ~Q(Exists(hidden_from(user)))
    return seen_by(user, "version__model") & seen_by(user, "model") & (about_one | about_all)


def refuse_unless_sees_all(user: User) -> None:
    """Raises NotAllowed for somebody from whom a model is hidden: a report about all of them would tell of it."""
    if hidden_from(user).exists():
        raise NotAllowed(
            "A report about all models is for those who may see all of them.",
            "Ask a risk officer, a compliance officer or an auditor.",
        )


def report_for_reader(user: User, **lookup: object) -> Report:
    """The report, or 404."""
    rows = Report.objects.select_related("version__model", "model", "requested_by")
    found = rows.filter(reports_seen(user), **lookup).first()
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
