"""Asking for reports, watching them being made, and taking them away."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from audit.actor import Actor
from audit.canonical import clean
from evaluations.models import JobStatus
from governance.portfolio.as_of_views import moment_of
from governance.reports.access import known_environment, report_for_reader
from governance.reports.actions import record_download, request_report
from governance.reports.bundle import bundle_of
from governance.reports.card_pdf import card_pdf
from governance.reports.files import file_in, file_response, form_in, name_of
from governance.reports.models import Report
from governance.reports.render import RenderFailed
from registry.access import card_for_reader, version_for_reader
from registry.actions import record_card_download
from registry.card_formats import document_of
from registry.measures import measures_of
from registry.models import Environment, ModelVersion
from registry.views.cards import number_in

PAGE_SIZE = 25
STOP_POLLING = 286  # htmx ends a poll on this status


@require_http_methods(["GET", "POST"])
def reports(request: UserRequest) -> HttpResponse:
    """The form for a new report and the history of the old ones."""
    if request.method == "POST":
        return _request(request)
    rows = Report.objects.select_related("version__model", "requested_by")
    versions = ModelVersion.objects.select_related("model").order_by("model__name", "-pk")
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "versions": versions,
        "chosen": request.GET.get("version", ""),
        "environments": Environment.choices,
        "environment": request.GET.get("env", Environment.PRODUCTION.value),
        "as_of": request.GET.get("at", "")[:40],
    }
    return render(request, "reports/reports.html", context)


def _request(request: UserRequest) -> HttpResponse:
    slug, _, number = clean(request.POST.get("subject", "")).partition("/")
    version = version_for_reader(request.user, slug, number)
    environment = known_environment(request.POST.get("environment", ""))
    now, asked = timezone.now(), request.POST.get("as_of", "").strip()
    try:
        report = request_report(
            version=version,
            environment=environment,
            requester=request.user,
            actor=actor_of(request),
            at=now,
            moment=moment_of(asked, version, now=now) if asked else None,
        )
    except (Conflict, Invalid) as refused:
        messages.warning(request, f"{refused} {refused.remedy}")
        kept = urlencode({"version": version.pk, "env": environment, "at": asked})
        return redirect(f"{reverse('reports:reports')}?{kept}")
    return redirect("reports:report", report.pk)


@require_GET
def report(request: UserRequest, pk: int) -> HttpResponse:
    """One report: its progress, then its file and checksum, or why there is none."""
    found = report_for_reader(pk=pk)
    context = {"report": found, "run": progress_of(found)}
    if request.headers.get("HX-Request"):
        status = 200 if found.is_live else STOP_POLLING
        return render(request, "reports/progress.html", context, status=status)
    return render(request, "reports/report.html", context)


def progress_of(report: Report) -> dict[str, Any]:
    """The job as the progress partial shows it."""
    sentences = {
        JobStatus.QUEUED: "Waiting for a worker",
        JobStatus.RUNNING: report.step or "Working",
        JobStatus.SUCCEEDED: "Finished",
        JobStatus.FAILED: "Failed",
        JobStatus.CANCELLED: "Cancelled",
    }
    return {
        "id": f"report-{report.pk}",
        "title": f"Report {report.pk}",
        "state": report.status,
        "sentence": sentences[JobStatus(report.status)],
        "percent": report.percent,
        "failure": report.failure,
    }


@require_GET
def report_download(request: UserRequest, pk: int) -> FileResponse:
    """The PDF; `?as=html` is the same as a page, `?as=json` the same for machines. Taking it is on the record."""
    found = report_for_reader(pk=pk)
    return taken(found, request.GET.get("as", ""), actor_of(request))


def taken(report: Report, wanted: str, actor: Actor) -> FileResponse:
    """The file in the form that is wanted, with the download on the record. Raises Invalid, Http404."""
    form = form_in(wanted)
    path = file_in(report, form)
    record_download(report=report, what=form.name, actor=actor, at=timezone.now())
    return file_response(report, form, path)


@require_GET
def bundle_download(request: UserRequest, pk: int) -> HttpResponse:
    """The evidence bundle. Taking it is on the record."""
    found = report_for_reader(pk=pk)
    return bundle_response(found, actor_of(request))


def bundle_response(report: Report, actor: Actor) -> HttpResponse:
    """The zip under a name that says what it is, with its checksum."""
    now = timezone.now()
    content = bundle_of(report, at=now)
    record_download(report=report, what="bundle", actor=actor, at=now)
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name_of(report)}-evidence.zip"'
    response["X-Checksum-SHA256"] = hashlib.sha256(content).hexdigest()
    return response


@require_GET
def card_file(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The card of a version as a PDF; `?revision=` for an older one. It is on the record."""
    found = version_for_reader(request.user, slug, version)
    revision = card_for_reader(request.user, found, number_in(request, "revision"))
    if revision is None:
        raise Http404(f"Version {version} has no card yet.")
    document = document_of(found, revision, measures_of(found), site=settings.COUNTERSIGN_URL)
    try:
        content = card_pdf(document)
    except RenderFailed as failed:
        raise Conflict(str(failed), "Take the card in another format meanwhile.") from failed
    record_card_download(revision=revision, format="pdf", actor=actor_of(request), at=timezone.now())
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{document.name}.pdf"'
    return response
