"""The forms in which a finished report can be taken away: the PDF, the same as a page, the same as JSON."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.http import FileResponse

from accounts.refusals import Invalid
from governance.reports.access import facts_file, html_file, report_file
from governance.reports.models import Report
from governance.reports.page import SANDBOXED


@dataclass(frozen=True)
class Form:
    """One form: the ending of its name, and what it is for HTTP."""

    name: str
    content_type: str


FORMS = {
    "pdf": Form("pdf", "application/pdf"),
    "html": Form("html", "text/html; charset=utf-8"),
    "json": Form("json", "application/json"),
}


def form_in(text: str) -> Form:
    """The form that an address asks for, the PDF where it asks for none. Raises Invalid."""
    if (text or "pdf") not in FORMS:
        raise Invalid(f"There is no form {text[:20]}.", f"They are {', '.join(FORMS)}.", field="as")
    return FORMS[text or "pdf"]


def file_in(report: Report, form: Form) -> Path:
    """The file, or 404."""
    return {"pdf": report_file, "html": html_file, "json": facts_file}[form.name](report)


def file_response(report: Report, form: Form, path: Path) -> FileResponse:
    """The file under a name that says what it is. A page runs and loads nothing, should a browser show it."""
    response = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"{report.name}.{form.name}",
        content_type=form.content_type,
    )
    response["X-Checksum-SHA256"] = (
        report.sha256 if form.name == "pdf" else hashlib.sha256(path.read_bytes()).hexdigest()
    )
    if form.name == "html":
        response["Content-Security-Policy"] = SANDBOXED
    return response
