"""Asking for reports, watching them being made, and taking them away."""

import hashlib
from datetime import timedelta
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
from governance.compliance.library import frameworks
from governance.reports.access import report_for_reader, reports_seen
from governance.reports.actions import record_download, request_report
from governance.reports.asking import question_of
from governance.reports.bundle import bundle_of
from governance.reports.card_pdf import card_pdf
from governance.reports.files import file_in, file_response, form_in
from governance.reports.models import Report, ReportKind
from governance.reports.queries import last_portfolio_report, subjects
from registry.access import card_for_reader, version_for_reader
from registry.actions import record_card_download
from registry.card_formats import document_of
from registry.measures import measures_of
from registry.models import Environment, ModelVersion
from registry.sight import seen_by
from registry.views.cards import number_in

PAGE_SIZE = 25
ASKED = ("kind", "subject", "environment", "framework", "as_of", "since", "until")
LONG_NUMBER = 19  # digits that no primary key has
USUAL_PERIOD = timedelta(days=30)
STOP_POLLING = 286  # htmx ends a poll on this status


@require_http_methods(["GET", "POST"])
def reports(request: UserRequest) -> HttpResponse:
    """The form for a new report and the history of the old ones."""
    if request.method == "POST":
        return _request(request)
    seen = Report.objects.filter(reports_seen(request.user))
    rows = seen.select_related("version__model", "model", "requested_by")
    asked = {name: request.GET.get(name, "")[:100] for name in ASKED}
    kind = asked["kind"] if asked["kind"] in ReportKind.values else ReportKind.VERSION.value
    version = request.GET.get("version_id", "")
    if version.isascii() and version.isdigit() and len(version) < LONG_NUMBER:
        known = ModelVersion.objects.filter(seen_by(request.user, "model"))
        found = known.select_related("model").filter(pk=version).first()
        asked["subject"] = f"{found.model.slug}/{found.version}" if found else ""
    if kind == ReportKind.GATE:
        asked["since"] = asked["since"] or f"{timezone.now() - USUAL_PERIOD:%Y-%m-%d}"
        asked["until"] = asked["until"] or f"{timezone.now():%Y-%m-%d}"
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "asked": asked,
        "kind": kind,
        "kinds": [(value, label, f"?kind={value}") for value, label in ReportKind.choices],
        "subjects": subjects(request.user, kind, ""),
        "environments": Environment.choices,
        "frameworks": frameworks().values() if kind == ReportKind.FRAMEWORK else (),
        "last": last_portfolio_report(among=seen, until=timezone.now())
        if kind == ReportKind.PORTFOLIO
        else None,
    }
    return render(request, "reports/reports.html", context)


@require_GET
def suggestions(request: UserRequest) -> HttpResponse:
    """The options of the field in which one types what the report is about."""
    kind, asked = request.GET.get("kind", ""), clean(request.GET.get("subject", ""))[:100]
    return render(request, "reports/subjects.html", {"subjects": subjects(request.user, kind, asked)})


def _request(request: UserRequest) -> HttpResponse:
    given = {name: clean(request.POST.get(name, "")) for name in ASKED}
    slug, _, number = given["subject"].strip().partition("/")
    now = timezone.now()
    try:
        report = request_report(
            question=question_of({**given, "model": slug, "version": number}, request.user, now=now),
            requester=request.user,
            actor=actor_of(request),
            at=now,
        )
    except (Conflict, Invalid) as refused:
        messages.warning(request, f"{refused} {refused.remedy}")
        return redirect(f"{reverse('reports:reports')}?{urlencode(given)}")
    return redirect("reports:report", report.pk)


@require_GET
def report(request: UserRequest, pk: int) -> HttpResponse:
    """One report: its progress, then its file and checksum, or why there is none."""
    found = report_for_reader(request.user, pk=pk)
    context = {"report": found, "run": progress_of(found), "again": _again(found)}
    if request.headers.get("HX-Request"):
        status = 200 if found.is_live else STOP_POLLING
        return render(request, "reports/progress.html", context, status=status)
    return render(request, "reports/report.html", context)


def _again(report: Report) -> dict[str, str]:
    """What to send to ask for the same again."""
    subject = report.model.slug if report.model else ""
    if report.version is not None:
        subject = f"{report.version.model.slug}/{report.version.version}"
    given = {"kind": report.kind, "subject": subject, "environment": report.environment}
    if report.kind == ReportKind.PORTFOLIO:
        return {"kind": report.kind, "since": f"{report.since:%Y-%m-%d}"}
    if report.framework:
        return {**given, "framework": report.framework}
    if report.since is not None:
        last = report.as_of - timedelta(microseconds=1)
        return {**given, "since": f"{report.since:%Y-%m-%d}", "until": f"{last:%Y-%m-%d}"}
    return {**given, "as_of": report.as_of.isoformat() if report.past else ""}


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
    found = report_for_reader(request.user, pk=pk)
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
    found = report_for_reader(request.user, pk=pk)
    return bundle_response(found, actor_of(request))


def bundle_response(report: Report, actor: Actor) -> HttpResponse:
    """The zip under a name that says what it is, with its checksum."""
    now = timezone.now()
    content = bundle_of(report, at=now)
    record_download(report=report, what="bundle", actor=actor, at=now)
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{report.name}-evidence.zip"'
    response["X-Checksum-SHA256"] = hashlib.sha256(content).hexdigest()
    return response


@require_GET
def card_file(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The card of a version as a PDF; `?revision=` for an older one. It is on the record."""
    found = version_for_reader(request.user, slug, version)
    revision = card_for_reader(request.user, found, number_in(request, "revision"))
    if revision is None:
        raise Http404(f"Version {version} has no card yet.")
    document = document_of(
        found, revision, measures_of(found), site=settings.COUNTERSIGN_URL, reader=request.user
    )
    content = card_pdf(document)
    record_card_download(revision=revision, format="pdf", actor=actor_of(request), at=timezone.now())
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{document.name}.pdf"'
    return response
