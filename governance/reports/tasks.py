"""What a worker does with a report."""

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils import timezone

from evaluations.jobs import claim, heartbeat
from governance.reports.actions import REPORT_TASK, fail_report, succeed_report
from governance.reports.certificate import configured
from governance.reports.content import gather, to_html, to_json
from governance.reports.models import Report
from governance.reports.parts import parts_of
from governance.reports.past import gather_past
from governance.reports.render import RenderFailed, Seal, render


@shared_task(name=REPORT_TASK)
def make_report(pk: int) -> None:
    """Make one report, if it still waits."""
    report = claim(Report, pk, at=timezone.now())
    if report is None:
        return
    as_of = report.as_of if report.past else timezone.now()
    heartbeat(report, progress=0.1, step="Gathering the evidence", at=timezone.now())
    content = gather_past(report, at=as_of) if report.past else gather(report, at=as_of)
    heartbeat(report, progress=0.4, step="Laying out the pages", at=timezone.now())
    try:
        rendered = render(
            html=to_html(content),
            evidence=to_json(content),
            folder=reports_folder(),
            name=f"{report.uuid}.pdf",
            static=static_folder(),
            seconds=settings.REPORT_SECONDS,
            made_at=int(as_of.timestamp()),
            look=settings.REPORT_LOOK,
            parts=parts_of(content),
            seal=_seal(),
        )
    except RenderFailed as failure:
        fail_report(report=report, failure=str(failure), at=timezone.now())
        return
    succeed_report(report=report, rendered=rendered, as_of=as_of, at=timezone.now())


def _seal() -> Seal | None:
    """Reports are signed where a certificate is configured; one that cannot sign fails the report."""
    if not configured():
        return None
    return Seal(timezone.now().isoformat(), settings.TSA_URL, settings.TSA_ROOTS)


def reports_folder() -> Path:
    """Where finished reports lie."""
    return Path(settings.MEDIA_ROOT) / "reports"


def static_folder() -> Path:
    """The folder that holds css/ and fonts/."""
    found = finders.find("css/report.css")
    if not isinstance(found, str):
        raise RenderFailed("The report's style sheet is missing from this installation.")
    return Path(found).parent.parent
